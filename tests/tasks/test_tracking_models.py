"""Sequence models: scans and cells against slow ones, no look ahead, one signature."""

import importlib.util
from typing import get_args

import pytest
import torch

from rcfam.tasks.tracking.attention import turned
from rcfam.tasks.tracking.linear import scan
from rcfam.tasks.tracking.models import Kind, Tracker, TrackerParams
from rcfam.tasks.tracking.recurrent import Slstm
from tests.support.oracles import tracking

KINDS = [
    pytest.param(
        kind,
        marks=pytest.mark.skipif(
            kind == "mamba" and importlib.util.find_spec("mambapy") is None, reason="mambapy is not installed"
        ),
    )
    for kind in get_args(Kind)
]


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 16, 33])
def test_a_scan_and_its_gradients_equal_the_recurrence(steps: int) -> None:
    torch.manual_seed(steps)
    pairs = []
    for function in (scan, tracking.scan):
        torch.manual_seed(steps)
        a = torch.rand(2, steps, 3, dtype=torch.float64, requires_grad=True)
        b = torch.randn(2, steps, 3, dtype=torch.float64, requires_grad=True)
        h = function(a, b)
        (h * torch.randn_like(h)).sum().backward()
        pairs.append((h.detach(), a.grad, b.grad))
    for fast, slow in zip(*pairs, strict=True):
        torch.testing.assert_close(fast, slow)


def test_slstm_equals_its_formulas() -> None:
    """The stabiliser changes nothing but the range of numbers."""
    torch.manual_seed(0)
    cell = Slstm(8, 2).double()
    x_BTD = torch.randn(2, 6, 8, dtype=torch.float64)
    gates = cell.enter(x_BTD).view(2, 6, 4, 8)
    torch.testing.assert_close(cell(x_BTD), tracking.slstm(gates, cell.mix_HEG))


def test_slstm_bears_large_gates() -> None:
    cell = Slstm(8, 2)
    found = cell(1e4 * torch.randn(2, 50, 8))
    assert found.isfinite().all()


def test_rotary_products_depend_on_the_distance_alone() -> None:
    q, k = torch.randn(2, 1, 1, 1, 8, dtype=torch.float64)
    turned_q, turned_k = turned(q.expand(1, 1, 9, 8)), turned(k.expand(1, 1, 9, 8))
    products = (turned_q[0, 0, :, None] * turned_k[0, 0, None]).sum(-1)
    for distance in range(4):
        row = products.diagonal(distance)
        torch.testing.assert_close(row, row[:1].expand_as(row))


@pytest.mark.parametrize("kind", KINDS)
def test_models_answer_where_asked_and_never_look_ahead(kind: Kind) -> None:
    """An answer is the same whatever follows it; every parameter learns something."""
    torch.manual_seed(0)
    model = Tracker(TrackerParams(kind, 2, 16, 2), vocabulary=11, answers=2, steps=9)
    tokens_BT = torch.randint(11, (3, 9))
    where_P = torch.tensor([2, 5, 8])
    found = model(tokens_BT, where_P)
    assert found.shape == (3, 3, 2)
    other_BT = tokens_BT.clone()
    other_BT[:, 6:] = (other_BT[:, 6:] + 1) % 11
    torch.testing.assert_close(found[:, :2], model(other_BT, where_P)[:, :2])
    assert not torch.allclose(found[:, 2], model(other_BT, where_P)[:, 2])
    found.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name
    assert model.flops(18) > model.flops(9) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_models_take_longer_examples_than_they_were_made_for(kind: Kind) -> None:
    model = Tracker(TrackerParams(kind, 1, 16, 2), vocabulary=5, answers=1, steps=4)
    assert model(torch.randint(5, (2, 13)), torch.tensor([12])).isfinite().all()


def test_flops_of_a_transformer_are_those_that_torch_counts() -> None:
    """Within a few percent: ours leave out what is no product of matrices."""
    from torch.utils.flop_counter import FlopCounterMode

    model = Tracker(TrackerParams("transformer", 2, 64, 2), vocabulary=5, answers=1, steps=32)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 32, dtype=torch.long), torch.tensor([31]))
    assert model.flops(32) == pytest.approx(counter.get_total_flops(), rel=0.1)


@pytest.mark.parametrize("wrong", [("gru", 1, 256, 4), ("lstm", 0, 256, 4), ("lstm", 1, 30, 4)])
def test_bad_parameters(wrong: tuple[Kind, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"is not at least|is no multiple|known are|is not one of"):
        TrackerParams(*wrong)
