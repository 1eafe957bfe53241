"""Streaming backpropagation gives plain autograd's gradients, whatever the chunk."""

import numpy as np
import pytest
import torch

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import measure
from rcfam.model.action import ActionModel
from rcfam.training.saved_states import SavedStates
from rcfam.training.streaming import STRETCH, gradients, plain_gradients, two_pass_gradients
from tests.support.oracles.backpropagation import BACKBONES, HEADS, small_model, typed_windows
from tests.support.oracles.backpropagation import plain_gradients as oracle

LENGTH, STREAMS = 11, 3


def streamed(model: ActionModel, batch: Batch, chunk: int) -> tuple[float, dict[str, torch.Tensor]]:
    measured = gradients(model, batch, chunk)
    found = gradients_of(model)
    return float(measured.loss_TB.sum()) / int(batch.mask_TB.sum()), found


def gradients_of(model: ActionModel) -> dict[str, torch.Tensor]:
    """Every parameter's gradient, which is forgotten."""
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return found


def largest_difference(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    assert a.keys() == b.keys()
    assert any(float(g.abs().max()) > 1e-3 for g in a.values())
    return max(float((a[name] - b[name]).abs().max()) for name in a)


@pytest.mark.parametrize("chunk", [1, 2, 4, 5, 11, 64])
@pytest.mark.parametrize("backbone", list(BACKBONES))
@pytest.mark.parametrize("head", list(HEADS))
def test_float64_gradients_equal_plain_autograd(head: str, backbone: str, chunk: int) -> None:
    model = small_model(head, backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=2, masked=0.3)
    loss, expected = oracle(model, batch)
    streamed_loss, found = streamed(model, batch, chunk)
    assert abs(loss - streamed_loss) < 1e-12
    assert largest_difference(expected, found) < 1e-12


@pytest.mark.parametrize("chunk", [1, 4, 11])
@pytest.mark.parametrize("backbone", list(BACKBONES))
@pytest.mark.parametrize("head", list(HEADS))
def test_float32_gradients_equal_plain_autograd(head: str, backbone: str, chunk: int) -> None:
    model = small_model(head, backbone, torch.float32)
    batch = typed_windows(LENGTH, STREAMS, seed=3, masked=0.3)
    _, expected = oracle(model, batch)
    assert largest_difference(expected, streamed(model, batch, chunk)[1]) < 1e-5


@pytest.mark.parametrize("chunk", [1, 4, 11, 64])
@pytest.mark.parametrize("backbone", list(BACKBONES))
@pytest.mark.parametrize("head", list(HEADS))
def test_two_passes_equal_plain_autograd(head: str, backbone: str, chunk: int) -> None:
    model = small_model(head, backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=2, masked=0.3)
    loss, expected = oracle(model, batch)
    measured = two_pass_gradients(model, batch, chunk)
    found = gradients_of(model)
    assert abs(loss - float(measured.loss_TB.sum()) / int(batch.mask_TB.sum())) < 1e-12
    assert largest_difference(expected, found) < 1e-12


@pytest.mark.parametrize("backbone", list(BACKBONES))
@pytest.mark.parametrize("head", list(HEADS))
def test_one_graph_equals_plain_autograd(head: str, backbone: str) -> None:
    """The sweep that benchmarks call plain, against the oracle's own loss."""
    model = small_model(head, backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=2, masked=0.3)
    _, expected = oracle(model, batch)
    plain_gradients(model, batch)
    assert largest_difference(expected, gradients_of(model)) < 1e-12


@pytest.mark.parametrize("head", ["rows", "rows_deep"])
@pytest.mark.parametrize("still", [False, True])
def test_rows_that_stretches_share(head: str, still: bool) -> None:
    """Many short stretches, with frames that change a little or not at all, so that a stretch may have no new row."""
    model = small_model(head, "lstm")
    steps = 3 * STRETCH + 2
    batch = typed_windows(steps, STREAMS, seed=9, masked=0.2)
    if still:
        batch.cells_TBRC[2:] = batch.cells_TBRC[1]
        batch.cursors_TB3[2:] = batch.cursors_TB3[1]
    _, expected = oracle(model, batch)
    assert largest_difference(expected, streamed(model, batch, 1)[1]) < 1e-12
    two_pass_gradients(model, batch, 1)
    assert largest_difference(expected, gradients_of(model)) < 1e-12


@pytest.mark.parametrize("backbone", list(BACKBONES))
def test_paged_states_change_nothing(backbone: str) -> None:
    model = small_model("rows", backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=2)
    _, expected = streamed(model, batch, 2)
    gradients(model, batch, 2, page=True)
    assert largest_difference(expected, gradients_of(model)) == 0


@pytest.mark.parametrize("page", [False, True])
def test_states_come_back_last_in_first_out(page: bool) -> None:
    states = [(torch.full((2, 3), float(n)), torch.full((2, 1), -float(n))) for n in range(5)]
    borders = SavedStates(len(states), page)
    for state in states:
        borders.push(state)
    for state in reversed(states):
        found = borders.pop()
        assert all(torch.equal(a, b) for a, b in zip(found, state, strict=True))
    with pytest.raises(IndexError):
        borders.pop()


def test_a_zero_initial_state_is_not_learned() -> None:
    model = small_model("rows", "lstm", state="zero")
    batch = typed_windows(LENGTH, STREAMS, seed=4)
    _, expected = oracle(model, batch)
    found = streamed(model, batch, 4)[1]
    assert largest_difference(expected, found) < 1e-12
    assert "backbone.start" not in found


def test_early_steps_get_gradient_from_late_losses() -> None:
    """Only the last position is scored, in a chunk of its own; the first frame's rows still get gradient: not
    truncated.
    """
    model = small_model("rows", "lstm")
    batch = typed_windows(LENGTH, 1, seed=5)
    batch = batch._replace(mask_TB=np.arange(LENGTH)[:, None] == LENGTH - 1)
    found = streamed(model, batch, 2)[1]
    assert float(found["backbone.start"].abs().max()) > 1e-6
    assert largest_difference(oracle(model, batch)[1], found) < 1e-12


def test_masked_positions_do_not_count() -> None:
    model = small_model("rows", "lstm")
    batch = typed_windows(LENGTH, STREAMS, seed=6, masked=0.5)
    other = batch._replace(targets_TB=np.where(batch.mask_TB, batch.targets_TB, -100))
    assert largest_difference(streamed(model, batch, 4)[1], streamed(model, other, 4)[1]) == 0
    assert (measure(model, batch, 4).loss_TB.numpy()[~batch.mask_TB] == 0).all()


def test_split_batches_add_up() -> None:
    """Gradients of two half batches with the whole batch's count equal the whole batch's gradient."""
    model = small_model("rows", "lstm")
    batch = typed_windows(LENGTH, 4, seed=7, masked=0.3)
    _, expected = streamed(model, batch, 4)
    total = int(batch.mask_TB.sum())
    for half in (slice(0, 2), slice(2, 4)):
        gradients(model, Batch(*(part[:, half] for part in batch[:4]), batch.ids_B2[half]), 4, total=total)
    found = gradients_of(model)
    assert largest_difference(expected, found) < 1e-12


@pytest.mark.parametrize("backbone", list(BACKBONES))
def test_measuring_equals_training_loss_for_every_chunk(backbone: str) -> None:
    model = small_model("rows", backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=8, masked=0.3)
    whole = measure(model, batch, LENGTH)
    for chunk in (1, 3, 5):
        part = measure(model, batch, chunk)
        torch.testing.assert_close(part.loss_TB, whole.loss_TB, rtol=0, atol=1e-12)
        assert torch.equal(part.correct_TB, whole.correct_TB)
    torch.testing.assert_close(gradients(model, batch, 4).loss_TB, whole.loss_TB, rtol=0, atol=1e-12)
