"""Several processes, one training: real ones, started by torchrun."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import torch

from rcfam.model.action import build
from rcfam.training import run
from rcfam.training.checkpoint import load
from rcfam.training.diloco import DiLoCo, OuterParams
from rcfam.training.loop import Progress, train
from rcfam.training.optimiser import Optimiser
from tests.support.oracles.backpropagation import shape, typed_windows
from tests.support.oracles.ranks import PLAIN
from tests.support.oracles.training import MODEL, OPTIMISER, TRAIN, job, open_source

ROOT = Path(__file__).parents[2]


def torchrun(folder: Path, *words: str) -> None:
    """Two ranks; where one dies, both begin again."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run(
        [*command, "--max-restarts", "2", "-m", "tests.support.oracles.ranks", str(folder), *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        timeout=120,
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load(folder / "final").tensors


def largest_difference(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    assert a.keys() == b.keys()
    return max(float((a[name] - b[name]).abs().max()) for name in a)


def test_two_ranks_equal_one_with_a_double_batch(tmp_path: Path) -> None:
    torchrun(tmp_path)
    alone = run(job(tmp_path / "alone", train=replace(PLAIN, batch=2)), lambda step: None)
    together = pl.read_parquet(tmp_path / "runs.parquet")
    assert largest_difference(weights(tmp_path / "run"), weights(tmp_path / "alone")) < 1e-5
    assert together["tokens"].to_list() == alone["tokens"].to_list()
    assert together["loss"].to_list() == pytest.approx(alone["loss"].to_list(), abs=1e-5)
    assert together["accuracy"].to_list() == alone["accuracy"].to_list()
    assert together["syncs"].to_list() == list(range(1, 13))
    sent = 4 * (7 + sum(p.numel() for p in build(MODEL, shape(), 0).parameters()))
    assert together["sync_bytes"].to_list() == [sent * step for step in range(1, 13)]


@pytest.mark.parametrize("words", [(), pytest.param(("outer",), marks=pytest.mark.slow)])
def test_a_rank_that_dies_does_not_lose_the_run(tmp_path: Path, words: tuple[str, ...]) -> None:
    torchrun(tmp_path / "undisturbed", *words)
    (tmp_path / "disturbed").mkdir()
    torchrun(tmp_path / "disturbed", *words, "die", "1", "10")
    assert (tmp_path / "disturbed" / "died").exists()
    assert largest_difference(weights(tmp_path / "undisturbed/run"), weights(tmp_path / "disturbed/run")) == 0
    assert not list((tmp_path / "disturbed/run").glob("rank-*"))
    if words:
        table = pl.read_parquet(tmp_path / "undisturbed" / "runs.parquet")
        assert table["syncs"].to_list() == [step // 4 for step in range(1, 13)]


def test_pieces_of_a_batch_give_its_gradient() -> None:
    batch = typed_windows(6, 5, seed=3, masked=0.2)
    found = []
    for accumulate in (1, 2, 5):
        model = build(MODEL, shape(), seed=0).double()
        params = replace(TRAIN, steps=3, batch=5, accumulate=accumulate)
        for _ in train(model, Optimiser(model, OPTIMISER), lambda _: batch, params, Progress()):
            pass
        found.append(dict(model.state_dict()))
    assert max(largest_difference(found[0], other) for other in found[1:]) < 1e-12


def test_an_outer_step_of_rate_one_without_momentum_takes_the_mean() -> None:
    """And alone that is where the inner steps led."""
    weights = [torch.tensor([1.0, 2.0])]
    outer = DiLoCo(weights, OuterParams(every=1, rate=1.0, momentum=0.0))
    weights[0] += 0.5
    outer.step(job(Path()).ranks)
    assert weights[0].tolist() == [1.5, 2.5]
    outer.params = OuterParams(every=1, rate=0.5, momentum=0.5)
    weights[0] -= 1.0
    outer.step(job(Path()).ranks)  # way 1, velocity 0.75 (0.5 of -0.5, and 1), down by 0.5 (1 + 0.5 x 0.75)
    assert weights[0].tolist() == pytest.approx([1.5 - 0.6875, 2.5 - 0.6875])


def test_bad_outer_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="every"):
        OuterParams(every=0, rate=1.0, momentum=0.0)
    with pytest.raises(ValueError, match="no multiple"):
        replace(TRAIN, checkpoint_every=6, outer=OuterParams(every=4, rate=1.0, momentum=0.0))
    with pytest.raises(ValueError, match="pieces"):
        replace(TRAIN, accumulate=3)
    assert open_source(Path("a"), 3, 2, 0).data_at(1).targets_TB.shape == (3, 2)
