"""States handed on from window to window: exact forward, no gradient back; stopped runs end as others do."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rcfam.dataset.index import Batch
from rcfam.dataset.orders import Order
from rcfam.model import build
from rcfam.model.backbones import AttentionParams
from rcfam.training import TrainingError, run
from rcfam.training.carry import Carry
from rcfam.training.distributed import ALONE, Ranks
from rcfam.training.run import TrainingData
from rcfam.training.streaming import gradients
from tests.support.oracles.backpropagation import shape, typed_windows
from tests.support.oracles.training import MODEL, TRAIN, job, open_source

LENGTH, STREAMS = 6, 3


def windows(joined: list[bool]) -> tuple[Batch, Batch]:
    """Two batches; slot n of the second follows slot n of the first where `joined`."""
    whole = typed_windows(2 * LENGTH, STREAMS, 5)
    firsts = np.arange(STREAMS) * 100
    halves = []
    for number, piece in enumerate((slice(0, LENGTH), slice(LENGTH, None))):
        away = np.where(joined, number * LENGTH, number * 50)
        ids_B2 = np.stack([np.zeros(STREAMS, np.int64), firsts + away], axis=1)
        halves.append(Batch(*(part[piece] for part in whole[:4]), ids_B2))
    return halves[0], halves[1]


def test_carried_windows_lose_as_one_long_window_does() -> None:
    model = build(MODEL, shape(), 0).double()
    first, second = windows([True] * STREAMS)
    carry = Carry()
    assert carry.before(model, first) is None
    before = gradients(model, first, 4)
    carry.after(first, before.state)
    after = gradients(model, second, 4, before=carry.before(model, second))
    long = gradients(model, typed_windows(2 * LENGTH, STREAMS, 5), 4)
    torch.testing.assert_close(torch.cat([before.loss_TB, after.loss_TB]), long.loss_TB)
    torch.testing.assert_close(after.state, long.state)


def test_a_slot_that_does_not_follow_begins_anew_and_teaches_the_initial_state() -> None:
    model = build(MODEL, shape(), 0).double()
    first, second = windows([True, False, True])
    carry = Carry()
    carry.after(first, gradients(model, first, 4).state)
    fresh = gradients(model, second, 4)
    model.zero_grad()
    found = gradients(model, second, 4, before=carry.before(model, second))
    torch.testing.assert_close(found.loss_TB[:, 1], fresh.loss_TB[:, 1])
    assert not torch.allclose(found.loss_TB[0, 0], fresh.loss_TB[0, 0], rtol=1e-9)
    start = model.backbone.start
    assert start is not None and start.grad is not None and start.grad.abs().max() > 0


def test_no_gradient_passes_a_border_of_windows() -> None:
    model = build(MODEL, shape(), 0).double()
    first, second = windows([True] * STREAMS)
    carry = Carry()
    carry.after(first, gradients(model, first, 4).state)
    model.zero_grad()
    gradients(model, second, 4, before=carry.before(model, second))
    start = model.backbone.start
    assert start is not None and (start.grad is None or not start.grad.any())


def open_following(
    dataset: Path, length: int, batch: int, seed: int, ranks: Ranks = ALONE, order: Order = "drawn"
) -> TrainingData:
    """Two steps of a slot follow each other, then it begins elsewhere."""
    source = open_source(dataset, length, batch, seed, ranks, order)

    def data_at(step: int) -> Batch:
        place = step // 2 * 1000 + step % 2 * length
        ids_B2 = np.stack([np.zeros(batch, np.int64), place + np.arange(batch) * 100], axis=1)
        return source.data_at(step)._replace(ids_B2=ids_B2)

    return source._replace(data_at=data_at)


class StopError(Exception):
    pass


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_stopped_run_ends_as_an_unstopped_one(tmp_path: Path, accumulate: int) -> None:
    train = replace(TRAIN, order="carried", accumulate=accumulate, steps=11, checkpoint_every=3)
    whole = run(job(tmp_path / "a", train=train, open_source=open_following), lambda step: None)

    def stop(step: object) -> None:
        if step.progress.step == 8:  # type: ignore[attr-defined]
            raise StopError

    stopped = job(tmp_path / "b", train=train, open_source=open_following)
    with pytest.raises(StopError):
        run(stopped, stop)
    again = run(stopped, lambda step: None)
    assert whole["loss"].to_list() == again["loss"].to_list()
    plain = run(
        job(tmp_path / "c", train=replace(train, order="following"), open_source=open_following), lambda s: None
    )
    assert plain["loss"].to_list() != whole["loss"].to_list()


def test_attention_s_state_is_not_carried(tmp_path: Path) -> None:
    train = replace(TRAIN, order="carried")
    growing = job(tmp_path, train=train, model=replace(MODEL, backbone=AttentionParams()))
    with pytest.raises(TrainingError, match="a backbone whose state does not grow"):
        run(growing, lambda step: None)
