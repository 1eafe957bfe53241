"""Muon against a plain oracle, and which parameter is moved by what."""

import numpy as np
import pytest
import torch

from rcfam.model.action import ModelParams, build
from rcfam.training.muon import Muon, orthogonalise
from rcfam.training.optimiser import Optimiser, OptimiserParams, matrix_names, rate_factor
from tests.support.oracles.backpropagation import shape, small_model
from tests.support.oracles.muon import PlainMuon, orthogonalised

PARAMS = OptimiserParams(0.02, 0.01, 0.9, 5, 0.9, 0.95, 0.1, "split", "inner", 0, "fixed", None)


@pytest.mark.parametrize("size", [(6, 6), (4, 9), (9, 4), (1, 5)])
def test_orthogonalise_moves_singular_values_alone(size: tuple[int, int]) -> None:
    matrix = np.random.default_rng(3).normal(size=size)
    found = orthogonalise(torch.from_numpy(matrix)[None], 5)[0].numpy()
    np.testing.assert_allclose(found, orthogonalised(matrix, 5), atol=1e-9)


def test_singular_values_end_near_one() -> None:
    matrix = torch.from_numpy(np.random.default_rng(4).normal(size=(1, 40, 60)))
    values = torch.linalg.svdvals(orthogonalise(matrix, 5))
    assert float(values.min()) > 0.6
    assert float(values.max()) < 1.3


def test_batched_muon_equals_one_matrix_at_a_time() -> None:
    """Two shapes, one of them twice and one cut into gates, over several steps."""
    rng = np.random.default_rng(5)
    sizes, blocks = [(8, 3), (2, 3), (2, 3), (5, 7)], [4, 1, 1, 1]
    matrices = [torch.from_numpy(rng.normal(size=size)) for size in sizes]
    plain = [PlainMuon(m.numpy(), b, 0.9, 5) for m, b in zip(matrices, blocks, strict=True)]
    muon = Muon(matrices, blocks, momentum=0.9, steps=5)
    for rate in (0.1, 0.02, 0.3):
        for matrix, oracle in zip(matrices, plain, strict=True):
            matrix.grad = torch.from_numpy(rng.normal(size=matrix.shape))
            oracle.step(matrix.grad.numpy(), rate, 0.1)
        muon.step(rate, 0.1)
    for matrix, oracle in zip(matrices, plain, strict=True):
        np.testing.assert_allclose(matrix.numpy(), oracle.matrix, atol=1e-9)


def test_gates_of_an_lstm_get_equal_updates_only_when_split() -> None:
    def gate_sizes(gates: str) -> list[float]:
        model = small_model("rows", "lstm", torch.float32)
        weight = model.get_parameter("backbone.lstm.0.weight_hh_l0")
        before = weight.detach().clone()
        params = OptimiserParams(**(PARAMS.__dict__ | {"gates": gates, "weight_decay": 0.0}))
        optimiser = Optimiser(model, params)
        weight.grad = torch.randn(weight.shape) * torch.tensor([1.0, 0.1, 10.0, 1.0]).repeat_interleave(8)[:, None]
        optimiser.step(1, 10, 1.0)
        return (weight.detach() - before).view(4, -1).square().mean(1).sqrt().tolist()

    split, packed = gate_sizes("split"), gate_sizes("packed")
    assert max(split) / min(split) < 1.3
    assert max(packed) / min(packed) > 1.5


def test_muon_moves_inner_matrices_and_adam_the_rest() -> None:
    model = small_model("rows", "lstm", torch.float32)
    inner = set(matrix_names(model, "inner"))
    assert {"backbone.lstm.1.weight_ih_l0", "backbone.mlp.0.up.weight", "head.join.weight"} <= inner
    assert not {"vote.weight", "head.cell.glyph.weight", "backbone.start", "head.bias_relative"} & inner
    everything = set(matrix_names(model, "all"))
    assert inner < everything and "vote.weight" in everything
    assert all(model.get_parameter(name).ndim >= 2 for name in everything)


def test_clipping_limits_what_adam_sees() -> None:
    model = small_model("rows", "lstm", torch.float32)
    optimiser = Optimiser(model, OptimiserParams(**(PARAMS.__dict__ | {"clip": 0.5})))
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    norm = optimiser.norm()
    assert norm == pytest.approx(sum(p.numel() for p in model.parameters()) ** 0.5, rel=1e-5)
    optimiser.step(1, 10, norm)
    state = optimiser.state()
    assert float(state["adam.vote.weight.exp_avg"].max()) == pytest.approx(0.1 * 0.5 / norm, rel=1e-4)


def test_warm_up_and_cosine() -> None:
    params = OptimiserParams(**(PARAMS.__dict__ | {"warmup": 4, "schedule": "cosine"}))
    factors = [rate_factor(params, number, 12) for number in range(1, 13)]
    assert factors[:4] == [0.25, 0.5, 0.75, 1.0]
    assert factors[7] == pytest.approx(0.5)
    assert factors[-1] == pytest.approx(0.0, abs=1e-12)
    assert rate_factor(PARAMS, 1, 12) == rate_factor(PARAMS, 12, 12) == 1.0


def test_the_same_seed_builds_the_same_weights_and_leaves_the_random_state() -> None:
    params = ModelParams(**(small_model("rows", "lstm").params.__dict__))
    state = torch.get_rng_state()
    one, two, other = (build(params, shape(), seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(one.vote.weight, other.vote.weight)
