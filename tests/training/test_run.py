"""Runs on disk: learning, resuming bit-equal, refusing, dying with the parent, stopping on a loss that is no number."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from rcfam.atomic import alone
from rcfam.errors import RcfamError
from rcfam.model.action import build
from rcfam.training import checkpoint
from rcfam.training.errors import CheckpointError, TrainingError
from rcfam.training.loop import DivergedError, Progress, Step, train
from rcfam.training.optimiser import Optimiser
from rcfam.training.processes import run_all
from rcfam.training.run import load_model, run
from rcfam.training.study import StudyParams, train_length
from rcfam.training.table import SCHEMA
from tests.support.oracles.backpropagation import shape, typed_windows
from tests.support.oracles.training import MODEL, OPTIMISER, TRAIN, job, open_exploding, open_source

ROOT = Path(__file__).parents[2]


class StoppedError(Exception):
    """Stands in for whatever ends a process between two steps."""


def ignore(step: Step) -> None:
    pass


def stop_after(number: int):  # type: ignore[no-untyped-def]
    def report(step: Step) -> None:
        if step.progress.step == number:
            raise StoppedError

    return report


def weights(folder: Path, which: str = "final") -> dict[str, torch.Tensor]:
    return load_file(folder / f"{which}.safetensors")


def assert_same_weights(one: Path, other: Path) -> None:
    """The last ones and the best."""
    for which in ("final", "best"):
        a, b = weights(one, which), weights(other, which)
        assert a.keys() == b.keys()
        assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    run(job(folder), ignore)
    return folder


def test_a_tiny_model_overfits_one_batch() -> None:
    batch = typed_windows(12, 3, seed=1)
    model = build(MODEL, shape(), seed=0)
    params = replace(TRAIN, steps=150, chunk=5)
    losses = [step.loss for step in train(model, Optimiser(model, OPTIMISER), lambda _: batch, params, Progress())]
    assert losses[0] == pytest.approx(np.log(13), abs=0.3)
    assert losses[-1] < 0.05


def test_the_table_has_a_row_for_every_step(undisturbed: Path) -> None:
    table = pl.read_parquet(undisturbed / "table.parquet")
    assert table.schema == SCHEMA
    assert table["step"].to_list() == list(range(1, 31))
    positions = [int(open_source(Path("a"), 6, 2, 1).data_at(step).mask_TB.sum()) for step in range(1, 31)]
    assert table["tokens"].to_list() == np.cumsum(positions).tolist()
    assert table["wall_s"].is_sorted()
    assert table["wall_s"][-1] == pytest.approx(table["step_s"].sum())
    assert (table["peak_bytes"] > 1_000_000).all()


def test_the_same_job_gives_the_same_weights(undisturbed: Path, tmp_path: Path) -> None:
    run(job(tmp_path), ignore)
    assert_same_weights(undisturbed, tmp_path)
    assert not torch.equal(weights(undisturbed)["vote.weight"], build(MODEL, shape(), 1).state_dict()["vote.weight"])


@pytest.mark.parametrize("steps", [[1], [4], [5, 5, 9], [29]])
def test_stopped_and_resumed_ends_in_the_same_weights(undisturbed: Path, tmp_path: Path, steps: list[int]) -> None:
    for step in steps:
        with pytest.raises(StoppedError):
            run(job(tmp_path), stop_after(step))
        assert checkpoint.steps_saved(tmp_path) == list(range(4, step + 1, 4))[-2:]
    table = run(job(tmp_path), ignore)
    assert_same_weights(undisturbed, tmp_path)
    expected = pl.read_parquet(undisturbed / "table.parquet")
    measured = ["wall_s", "step_s", "peak_bytes", "tokens_s", "frames_s"]
    assert table.schema == SCHEMA
    assert table.drop(measured).equals(expected.drop(measured))
    assert checkpoint.steps_saved(tmp_path) == []  # a run that has ended needs none


def test_killed_at_random_moments_and_resumed(undisturbed: Path, tmp_path: Path) -> None:
    """Real processes, SIGKILL at moments that a clock decides; killed at least 20 times, four runs end as an
    undisturbed one.
    """
    rng = np.random.default_rng(0)
    kills = 0
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.oracles.training"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        for number in range(4):
            folder = tmp_path / str(number)
            attempts = 0
            while not (folder / "final.json").exists():
                patience = rng.uniform(0, 0.25) if attempts < 6 else 60
                starter.stdin.write(f"{patience} {folder}\n")
                starter.stdin.flush()
                kills += starter.stdout.readline().strip() == "killed"
                attempts += 1
            assert_same_weights(undisturbed, folder)
        starter.stdin.close()
    assert kills >= 20
    assert not list(tmp_path.glob("*/.*.part"))


def test_two_processes_are_not_let_into_one_folder(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(RcfamError, match="another process"):
        run(job(tmp_path), lambda step: None)
    run(job(tmp_path), lambda step: None)


def test_a_finished_run_is_not_repeated(undisturbed: Path) -> None:
    before = (undisturbed / "final.safetensors").stat().st_mtime_ns
    table = run(job(undisturbed), stop_after(1))
    assert len(table) == 30
    assert (undisturbed / "final.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dataset": Path("data-b")}, "dataset is 'data-a' in the checkpoint, 'data-b' now"),
        ({"length": 7}, "length is 6 in the checkpoint, 7 now"),
        ({"model": replace(MODEL, mlp_ratio=3)}, "model.mlp_ratio is 2 in the checkpoint, 3 now"),
        ({"train": replace(TRAIN, batch=3)}, "train.batch is 2 in the checkpoint, 3 now; delete"),
        (
            {"length": 7, "study": "x"},
            "length is 6 in the checkpoint, 7 now, study is 'test' in the checkpoint, 'x' now;",
        ),
        (
            {"train": replace(TRAIN, batch=3, chunk=3, steps=3, edge=3)},
            "batch is 2 in the checkpoint, 3 now, train.chunk is 4 in the checkpoint, 3 now, train.edge is 2 in the "
            "checkpoint, 3 now and 1 more; delete",
        ),
    ],
)
@pytest.mark.parametrize("finished", [False, True])
def test_a_checkpoint_of_something_else_is_refused(
    tmp_path: Path, undisturbed: Path, change: dict[str, object], named: str, finished: bool
) -> None:
    folder = undisturbed
    if not finished:
        folder = tmp_path
        with pytest.raises(StoppedError):
            run(job(folder), stop_after(9))
    with pytest.raises(CheckpointError, match=named.replace(".", r"\.")):
        run(job(folder, **change), ignore)


def test_parameters_that_only_one_side_has_are_named() -> None:
    found, wanted = {"train": {"old": 1, "both": 2}}, {"train": {"new": None, "both": 2}}
    assert checkpoint.differences(found, wanted) == [
        "train.new is only asked for now",
        "train.old is only in the checkpoint",
    ]


def test_restart_begins_anew_only_where_something_differs(undisturbed: Path, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(job(tmp_path), stop_after(9))
    seen: list[int] = []
    run(job(tmp_path, restart=True), lambda step: seen.append(step.progress.step))
    assert seen[0] == 9  # the checkpoint of step 8 fits
    assert_same_weights(undisturbed, tmp_path)
    seen.clear()
    run(job(tmp_path, restart=True, train=replace(TRAIN, batch=1)), lambda step: seen.append(step.progress.step))
    assert seen[0] == 1


def test_damaged_checkpoints_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(job(tmp_path), stop_after(9))
    tensors, document = checkpoint.paths(checkpoint.stem_of(tmp_path, 8))
    good = tensors.read_bytes()
    tensors.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(CheckpointError, match="SHA-256"):
        run(job(tmp_path), ignore)
    tensors.unlink()
    with pytest.raises(CheckpointError, match="No such file"):
        run(job(tmp_path), ignore)
    document.write_text("{")
    with pytest.raises(CheckpointError, match="not valid JSON"):
        run(job(tmp_path), ignore)


def test_a_trained_model_can_be_loaded(undisturbed: Path) -> None:
    model, identity = load_model(undisturbed)
    assert identity["length"] == 6
    assert all(torch.equal(t, weights(undisturbed)[n]) for n, t in model.state_dict().items())


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    wild = replace(TRAIN, optimiser=replace(OPTIMISER, other_rate=1e30))
    with pytest.raises(TrainingError, match=r"length 6, seed 1: step \d+: loss .*not finite") as caught:
        run(job(tmp_path, train=wild), ignore)
    assert isinstance(caught.value.__cause__, DivergedError)
    failure = json.loads((tmp_path / "failure.json").read_text())
    assert failure["windows"] == typed_windows(6, 2, 0).ids_B2.tolist()
    assert not (tmp_path / "final.json").exists()


def test_a_run_that_diverged_can_count_as_ended(tmp_path: Path) -> None:
    """Its table says where, its weights are those before that step, and nothing is done again."""
    wild = replace(TRAIN, optimiser=replace(OPTIMISER, other_rate=1e30))
    wanted = job(tmp_path, train=wild, diverged="end")
    table = run(wanted, ignore)
    failure = json.loads((tmp_path / "failure.json").read_text())
    assert table["step"].to_list() == list(range(1, failure["step"] + 1))
    assert table["loss"][:-1].is_finite().all() and table["loss"].is_nan()[-1]
    assert pl.read_parquet(tmp_path / "table.parquet").equals(table, null_equal=True)
    assert json.loads((tmp_path / "final.json").read_text())["progress"]["diverged"] == failure["step"]
    load_model(tmp_path)
    assert run(wanted, ignore).height == table.height


def test_runs_side_by_side(undisturbed: Path, tmp_path: Path) -> None:
    steps: dict[int, list[int]] = {0: [], 1: []}
    jobs = [job(tmp_path / f"seed-{seed}", seed) for seed in (1, 2)]
    table = train_length(tmp_path, jobs, lambda number, step: steps[number].append(step.progress.step))
    assert steps == {0: list(range(1, 31)), 1: list(range(1, 31))}
    assert table["seed"].to_list() == [1] * 30 + [2] * 30
    assert pl.read_parquet(tmp_path / "runs.parquet").equals(table)
    assert_same_weights(undisturbed, tmp_path / "seed-1")


def test_errors_of_a_child_reach_the_parent(tmp_path: Path, undisturbed: Path, capfd: pytest.CaptureFixture) -> None:
    with pytest.raises(TrainingError, match="dataset is 'data-a' in the checkpoint, 'other' now"):
        run_all([job(undisturbed, dataset=Path("other")), job(tmp_path / "a", 2)], lambda number, step: None)
    with pytest.raises(TrainingError, match="length 6, seed 1: the process ended with code 1"):
        run_all([job(tmp_path / "b", open_source=open_exploding), job(tmp_path / "a", 2)], lambda number, step: None)
    assert "the disk is gone" in capfd.readouterr().err


_PARENT = """
import os, sys
from pathlib import Path
from dataclasses import replace
from rcfam.training.processes import run_all
from tests.support.oracles.training import TRAIN, job
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    forever = replace(TRAIN, steps=10**6, checkpoint_every=0)
    run_all([job(folder / str(s), s, train=forever) for s in (1, 2)], lambda n, step: print(n, flush=True))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel to end the children")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_orphans(tmp_path: Path, how: signal.Signals) -> None:
    program = tmp_path / "parent.py"
    program.write_text(_PARENT)
    parent = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    seen: set[str] = set()
    while seen != {"0", "1"}:
        seen.add(parent.stdout.readline().strip())
    children = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
    assert len(children) >= 2
    parent.send_signal(how)
    parent.wait(20)
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in children)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    "values", [{"lengths": ()}, {"lengths": (2, 2)}, {"lengths": (0,)}, {"seeds": ()}, {"seeds": (-1,)}]
)
def test_bad_studies_are_refused(values: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        StudyParams(**({"name": "s", "lengths": (2,), "seeds": (1,)} | values))  # type: ignore[arg-type]
