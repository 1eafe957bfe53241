"""What a run measures as it goes: both ends of the windows, held-out windows, the best weights, work per second."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import measure
from rcfam.evaluation.utilisation import flops, shortest_step
from rcfam.model.action import build
from rcfam.model.flops import flops_of
from rcfam.training.errors import CheckpointError
from rcfam.training.loop import Norms, Progress, norms_of, train
from rcfam.training.optimiser import Optimiser
from rcfam.training.run import load_model, run
from tests.support.oracles.backpropagation import shape, typed_windows
from tests.support.oracles.training import MODEL, OPTIMISER, TRAIN, job, open_source


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run(job(folder), lambda step: None)
    return folder


@pytest.mark.parametrize("accumulate", [1, 3])
def test_losses_of_both_ends_of_the_windows(accumulate: int) -> None:
    batch = typed_windows(7, 3, seed=2, masked=0.3)
    model = build(MODEL, shape(), seed=0)
    loss = measure(model, batch, 3).loss_TB.double().numpy()
    params = replace(TRAIN, steps=1, batch=3, accumulate=accumulate, edge=2)
    step = next(train(model, Optimiser(model, OPTIMISER), lambda _: batch, params, Progress()))
    assert step.first_loss == pytest.approx(loss[:2].sum() / batch.mask_TB[:2].sum())
    assert step.last_loss == pytest.approx(loss[-2:].sum() / batch.mask_TB[-2:].sum())
    assert step.loss == pytest.approx(loss.sum() / batch.mask_TB.sum())
    assert step.tokens_s == pytest.approx(batch.mask_TB.sum() / step.step_s)
    assert step.frames_s == pytest.approx(21 / step.step_s)


def test_ends_longer_than_the_window_and_ends_that_are_masked() -> None:
    model = build(MODEL, shape(), seed=0)
    batch = typed_windows(3, 2, seed=2)
    masked = Batch(*batch[:3], np.array([[True, True], [True, False], [False, False]]), batch.ids_B2)
    found = []
    for windows, edge in ((batch, 9), (masked, 1)):
        params = replace(TRAIN, steps=1, edge=edge)
        found.append(next(train(model, Optimiser(model, OPTIMISER), lambda _, w=windows: w, params, Progress())))
    assert found[0].first_loss == found[0].last_loss == found[0].loss
    assert np.isnan(found[1].last_loss)
    assert np.isfinite(found[1].first_loss)


def test_held_out_windows_are_looked_at_every_few_steps_and_at_the_end(folder: Path, tmp_path: Path) -> None:
    table = pl.read_parquet(folder / "table.parquet")
    assert table.filter(pl.col("held_out_loss").is_not_null())["step"].to_list() == list(range(3, 31, 3))
    batches = list(open_source(Path("data-a"), 6, 2, 1).held_out_at(TRAIN.validate_frames))
    model, _ = load_model(folder)
    loss, count = 0.0, 0
    for batch in batches:  # windows of twice the run's length, each half with a fresh state
        for half in (slice(0, 6), slice(6, 12)):
            piece = Batch(*(part[half] for part in batch[:4]), batch.ids_B2)
            loss += float(measure(model, piece, 6).loss_TB.double().sum())
            count += int(piece.mask_TB.sum())
    assert table["held_out_loss"][-1] == pytest.approx(loss / count)
    never = run(job(tmp_path / "never", train=replace(TRAIN, validate_every=0)), lambda step: None)
    assert never["held_out_loss"].null_count() == 30
    assert not list((tmp_path / "never").glob("best*"))
    for name, tensor in load_model(tmp_path / "never")[0].state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])  # looking moves nothing


def test_the_best_weights_are_those_of_the_least_held_out_loss(folder: Path) -> None:
    table = pl.read_parquet(folder / "table.parquet")
    best = table.sort("held_out_loss", nulls_last=True).row(0, named=True)
    said = json.loads((folder / "best.json").read_text())["progress"]
    assert said == {key: best[key] for key in ("step", "tokens", "frames", "held_out_loss")} | {"chunk": TRAIN.chunk}
    weights = {}

    model = build(MODEL, shape(), seed=1)
    for step in train(model, Optimiser(model, OPTIMISER), open_source(Path("a"), 6, 2, 1).data_at, TRAIN, Progress()):
        weights[step.progress.step] = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found, identity = load_model(folder, "best")
    assert identity["length"] == 6
    assert all(torch.equal(t, weights[best["step"]][n]) for n, t in found.state_dict().items())


def test_the_best_of_something_else_is_refused_before_any_checkpoint(folder: Path, tmp_path: Path) -> None:
    for path in folder.glob("best.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(CheckpointError, match=r"best\.json: seed is 1 in the checkpoint, 2 now"):
        run(job(tmp_path, seed=2), lambda step: None)
    run(job(tmp_path, seed=2, restart=True), lambda step: None)
    assert load_model(tmp_path, "best")[1]["seed"] == 2


def test_half_a_best_does_not_hinder(folder: Path, tmp_path: Path) -> None:
    """A process may be killed between its two files."""
    (tmp_path / "best.json").write_bytes((folder / "best.json").read_bytes())
    (tmp_path / "best.safetensors").write_bytes(b"of a later step")
    run(job(tmp_path, restart=True), lambda step: None)
    assert (tmp_path / "best.safetensors").read_bytes() == (folder / "best.safetensors").read_bytes()


def test_norms_by_hand() -> None:
    model = torch.nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, 4.0]]))
        model.bias.fill_(-2.0)
    model.weight.grad = torch.tensor([[0.0, 7.0]])
    assert norms_of(model) == {"weight": Norms(5.0, 7.0), "bias": Norms(2.0, 0.0)}


def test_flops_of_a_step_count_each_distinct_row_once() -> None:
    batch = typed_windows(6, 2, seed=4)
    frame = np.full_like(batch.cells_TBRC[:1, :1], 65)
    blank = Batch(frame.repeat(6, 0).repeat(2, 1), np.zeros_like(batch.cursors_TB3), *batch[2:])
    distinct = 2  # the cursor's row, and all others
    for chunk, chunks in ((6, 1), (4, 2)):
        expected = 3 * flops_of(MODEL, shape(), 6, distinct * chunks / 12).total * 12
        assert flops(MODEL, shape(), blank, chunk) == pytest.approx(expected)
    assert flops(MODEL, shape(), batch, 6) > flops(MODEL, shape(), blank, 6)
    assert shortest_step(MODEL, shape(), lambda: batch, 6, "cpu") is None


@pytest.mark.parametrize(("name", "value"), [("edge", 0), ("validate_every", -1), ("validate_frames", 0), ("steps", 0)])
def test_bad_parameters_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name}: {value} is not at least"):
        replace(TRAIN, **{name: value})
