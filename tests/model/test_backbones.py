"""Backbones equal plain loops, whole and in pieces, from learned and from zero states."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from rcfam.model.backbones import AttentionStack, LstmStack, State, SumStack
from tests.support.oracles import model as oracle

# T steps, B streams, D width

STEPS, STREAMS, WIDTH, LAYERS, HEADS = 7, 2, 6, 2, 2
Backbone = LstmStack | AttentionStack | SumStack
BACKBONES: dict[str, Callable[[], Backbone]] = {
    "lstm": lambda: LstmStack(WIDTH, LAYERS, 2, "learned", False),
    "lstm projected": lambda: LstmStack(WIDTH, LAYERS, 2, "learned", True),
    "lstm from zero": lambda: LstmStack(WIDTH, LAYERS, 2, "zero", False),
    "attention": lambda: AttentionStack(WIDTH, LAYERS, 2, HEADS, STEPS - 2),
    "sum": lambda: SumStack(WIDTH, LAYERS, 2),
}


def backbone(name: str) -> Backbone:
    """Of float64 weights none of which is zero."""
    torch.manual_seed(2)
    module = BACKBONES[name]().double()
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return module


def sequence() -> Tensor:
    return torch.randn(STEPS, STREAMS, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", list(BACKBONES))
def test_equals_plain_loops(name: str) -> None:
    module, x_TBD = backbone(name), sequence()
    weights = {key: value.detach().numpy() for key, value in module.named_parameters()}
    found, _ = module(x_TBD, module.initial(STREAMS))
    for stream in range(STREAMS):
        x_TD = x_TBD[:, stream].numpy()
        if name == "attention":
            expected = oracle.attention_stack(x_TD, weights, LAYERS, HEADS)
        elif name == "sum":
            expected = oracle.sum_stack(x_TD, weights, LAYERS)
        else:
            expected = oracle.lstm_stack(x_TD, weights, LAYERS)
        np.testing.assert_allclose(found[:, stream].detach().numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("name", list(BACKBONES))
@pytest.mark.parametrize("piece", [1, 3])
def test_pieces_equal_the_whole(name: str, piece: int) -> None:
    module, x_TBD = backbone(name), sequence()
    whole, end = module(x_TBD, module.initial(STREAMS))
    state: State = module.initial(STREAMS)
    found = []
    for part in x_TBD.split(piece):
        y, state = module(part, state)
        found.append(y)
    torch.testing.assert_close(torch.cat(found), whole, rtol=0, atol=1e-12)
    if name != "attention":  # its state is a list of pieces
        torch.testing.assert_close(state, end, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", list(BACKBONES))
def test_nothing_is_seen_of_the_future(name: str) -> None:
    module, x_TBD = backbone(name), sequence()
    other = x_TBD.clone()
    other[4:] += 1.0
    before, _ = module(x_TBD, module.initial(STREAMS))
    after, _ = module(other, module.initial(STREAMS))
    torch.testing.assert_close(before[:4], after[:4], rtol=0, atol=0)
    assert float((before[4:] - after[4:]).abs().min()) > 1e-9


def test_a_state_that_is_learned_is_a_parameter_and_a_zero_one_is_not() -> None:
    learned, zero = backbone("lstm"), backbone("lstm from zero")
    assert "start" in dict(learned.named_parameters())
    assert "start" not in dict(zero.named_parameters())
    assert all(float(part.abs().max()) == 0 for part in zero.initial(STREAMS))
    assert all(part.shape == (STREAMS, WIDTH) for part in learned.initial(STREAMS))
