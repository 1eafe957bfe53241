"""Streaming backpropagation gives plain autograd's gradients, whatever the chunk."""

import numpy as np
import pytest
import torch

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import measure
from rcfam.model.action import ActionModel
from rcfam.training.streaming import gradients, two_pass_gradients
from tests.oracles.backpropagation import HEADS, plain_gradients, small_model, typed_windows

LENGTH, STREAMS = 11, 3


def streamed(model: ActionModel, batch: Batch, chunk: int) -> tuple[float, dict[str, torch.Tensor]]:
    measured = gradients(model, batch, chunk)
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return float(measured.loss_TB.sum()) / int(batch.mask_TB.sum()), found


def largest_difference(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    assert a.keys() == b.keys()
    assert any(float(g.abs().max()) > 1e-3 for g in a.values())
    return max(float((a[name] - b[name]).abs().max()) for name in a)


@pytest.mark.parametrize("chunk", [1, 2, 4, 5, 11, 64])
@pytest.mark.parametrize("backbone", ["lstm", "attention", "sum"])
@pytest.mark.parametrize("head", list(HEADS))
def test_float64_gradients_equal_plain_autograd(head: str, backbone: str, chunk: int) -> None:
    model = small_model(head, backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=2, masked=0.3)
    loss, expected = plain_gradients(model, batch)
    streamed_loss, found = streamed(model, batch, chunk)
    assert abs(loss - streamed_loss) < 1e-12
    assert largest_difference(expected, found) < 1e-12


@pytest.mark.parametrize("chunk", [1, 4, 11])
@pytest.mark.parametrize("backbone", ["lstm", "attention", "sum"])
@pytest.mark.parametrize("head", list(HEADS))
def test_float32_gradients_equal_plain_autograd(head: str, backbone: str, chunk: int) -> None:
    model = small_model(head, backbone, torch.float32)
    batch = typed_windows(LENGTH, STREAMS, seed=3, masked=0.3)
    _, expected = plain_gradients(model, batch)
    assert largest_difference(expected, streamed(model, batch, chunk)[1]) < 1e-5


@pytest.mark.parametrize("chunk", [1, 4, 11, 64])
@pytest.mark.parametrize("backbone", ["lstm", "attention", "sum"])
@pytest.mark.parametrize("head", list(HEADS))
def test_two_passes_equal_plain_autograd(head: str, backbone: str, chunk: int) -> None:
    model = small_model(head, backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=2, masked=0.3)
    loss, expected = plain_gradients(model, batch)
    measured = two_pass_gradients(model, batch, chunk)
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    assert abs(loss - float(measured.loss_TB.sum()) / int(batch.mask_TB.sum())) < 1e-12
    assert largest_difference(expected, found) < 1e-12


def test_a_zero_initial_state_is_not_learned() -> None:
    model = small_model("rows", "lstm", state="zero")
    batch = typed_windows(LENGTH, STREAMS, seed=4)
    _, expected = plain_gradients(model, batch)
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
    assert largest_difference(plain_gradients(model, batch)[1], found) < 1e-12


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
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert largest_difference(expected, found) < 1e-12


@pytest.mark.parametrize("backbone", ["lstm", "attention", "sum"])
def test_measuring_equals_training_loss_for_every_chunk(backbone: str) -> None:
    model = small_model("rows", backbone)
    batch = typed_windows(LENGTH, STREAMS, seed=8, masked=0.3)
    whole = measure(model, batch, LENGTH)
    for chunk in (1, 3, 5):
        part = measure(model, batch, chunk)
        torch.testing.assert_close(part.loss_TB, whole.loss_TB, rtol=0, atol=1e-12)
        assert torch.equal(part.correct_TB, whole.correct_TB)
    torch.testing.assert_close(gradients(model, batch, 4).loss_TB, whole.loss_TB, rtol=0, atol=1e-12)
