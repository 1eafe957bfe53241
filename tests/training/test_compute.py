"""How a run computes: refusals, lower precision, determinism, and the chunk that fits."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rcfam.training import checkpoint
from rcfam.training.compute import DEFAULT, LONGEST_CHUNK, bytes_a_step, chosen_chunk, free_bytes, prepare, sweep
from rcfam.training.errors import TrainingError
from rcfam.training.run import run
from rcfam.training.streaming import gradients, plain_gradients
from tests.support.oracles.backpropagation import HEADS, small_model, typed_windows
from tests.support.oracles.training import TRAIN, job


@pytest.mark.parametrize(("name", "value"), [("precision", "bfloat16"), ("compile", True), ("page", True)])
def test_what_a_cpu_is_not_for_is_refused(name: str, value: object) -> None:
    with pytest.raises(TrainingError, match=f"train.compute.{name}: {value} needs a CUDA device, not cpu"):
        prepare(small_model("rows", "lstm"), replace(DEFAULT, **{name: value}), "cpu")  # type: ignore[arg-type]


def test_only_the_fused_sweep_has_states_to_page() -> None:
    with pytest.raises(ValueError, match="page: the plain sweep"):
        replace(DEFAULT, sweep="plain", page=True)


@pytest.mark.parametrize("head", list(HEADS))
def test_bfloat16_sweeps_agree_with_each_other_and_roughly_with_float32(head: str) -> None:
    """On a CPU, where it is slow but there: the sweep under the cast that `prepare` sets on CUDA."""
    model = small_model(head, "lstm", torch.float32)
    batch = typed_windows(9, 3, seed=1)
    exact = vector_of_gradients(model, lambda: gradients(model, batch, 2))
    model.lower = torch.bfloat16
    plain = vector_of_gradients(model, lambda: plain_gradients(model, batch))
    fused = vector_of_gradients(model, lambda: gradients(model, batch, 2))
    assert fused.dtype == torch.float32
    for other in (plain, exact):
        assert float(torch.cosine_similarity(fused, other, dim=0)) > 0.99
    assert not torch.equal(fused, exact)


def vector_of_gradients(model: torch.nn.Module, work: object) -> torch.Tensor:
    model.zero_grad(set_to_none=True)
    work()  # type: ignore[operator]
    found = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    model.zero_grad(set_to_none=True)
    return found


@pytest.mark.parametrize("name", ["fused", "two_pass", "plain"])
def test_every_sweep_gives_the_same_gradient_and_state(name: str) -> None:
    model, batch = small_model("rows", "lstm"), typed_windows(7, 2, seed=3, masked=0.2)
    before = tuple(0.1 * torch.randn_like(part) for part in model.initial(2))
    expected = gradients(model, batch, 7, before=before)
    wanted = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    model.zero_grad(set_to_none=True)
    found = sweep(model, batch, 2, replace(DEFAULT, sweep=name), before=before)  # type: ignore[arg-type]
    got = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-12)
    for a, b in zip(found.state, expected.state, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_deterministic_runs_are_equal_to_the_bit(tmp_path: Path) -> None:
    train = replace(TRAIN, steps=4, compute=replace(DEFAULT, deterministic=True))
    try:
        for name in ("a", "b"):
            run(job(tmp_path / name, train=train), lambda step: None)
            assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
    a, b = (checkpoint.load(tmp_path / name / "final").tensors for name in ("a", "b"))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_the_chunk_grows_with_free_memory_and_ends_at_the_window() -> None:
    model, batch = small_model("conv", "lstm", torch.float32), typed_windows(100, 2, seed=1)
    a_step = bytes_a_step(model, batch)
    found = [chosen_chunk(model, batch, free * a_step) for free in (0, 4, 16, 67, 10**6)]
    assert found == [1, 1, 4, 16, 128]
    assert chosen_chunk(model, typed_windows(1000, 2, seed=1), 10**15) == LONGEST_CHUNK
    assert free_bytes("cpu") > 1 << 20


def test_counted_bytes_grow_with_the_streams() -> None:
    model = small_model("conv", "lstm", torch.float32)
    one, four = (bytes_a_step(model, typed_windows(20, streams, seed=1)) for streams in (1, 4))
    assert 2.5 < four / one < 4.5


def test_a_chosen_chunk_is_kept_when_a_run_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory that is free changes between the two; the weights do not."""
    train = replace(TRAIN, steps=12, chunk=None)
    chunks = []

    def until(step_wanted: int, folder: Path, free: int) -> None:
        monkeypatch.setattr("rcfam.training.loop.free_bytes", lambda device: free)

        def report(step: object) -> None:
            chunks.append(step.progress.chunk)  # type: ignore[attr-defined]
            if step.progress.step == step_wanted:  # type: ignore[attr-defined]
                raise KeyboardInterrupt

        with contextlib.suppress(KeyboardInterrupt):
            run(job(folder, train=train), report)

    small = 100_000
    until(0, tmp_path / "whole", small)
    until(6, tmp_path / "halves", small)
    until(0, tmp_path / "halves", 10**12)
    assert len(set(chunks)) == 1
    whole, halves = (checkpoint.load(tmp_path / name / "final").tensors for name in ("whole", "halves"))
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
