"""rcfam train, replay and evaluate on a small dataset: what they show, write and refuse."""

import json
import math
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from rcfam import params
from rcfam.cli import app
from rcfam.cli.live import DvcLive, TensorBoard
from rcfam.evaluation import EvaluateParams
from rcfam.trained import score_places
from rcfam.training import CheckpointError, checkpoint
from tests.dataset.test_stages import record
from tests.support.parameters import write_preset

ROOT = Path(__file__).parents[2]
SMALL: dict[str, dict[str, object]] = {
    "tokenize": {"size": 300, "min_count": 2},
    "dataset": {"held_out": 0.3},
    "model": {
        "width": 16,
        "mlp_ratio": 2,
        "head": {
            "kind": "rows",
            "cell": 4,
            "patch": 4,
            "row": 8,
            "row_blocks": 0,
            "frame_blocks": 0,
            "heads": 2,
            "before": 4,
            "after": 2,
        },
    },
    "study": {"name": "small", "lengths": [4]},
    "train": {"steps": 12, "batch": 2, "checkpoint_every": 4, "edge": 2, "validate_every": 6, "validate_frames": 64},
    "evaluate": {"length": 16, "windows": 4, "batch": 2, "edge": 2},
}
TRAIN = ("train", "data/dataset", "--length", "4", "-o", "data/runs/length-4")


def rcfam(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a dataset of two recordings."""
    folder = tmp_path_factory.mktemp("project")
    texts = [f"def number_{n}(value):\n    return value + {n}\n" * 4 for n in range(8)]
    for name in ("one", "two"):
        record(folder / "data" / "recordings" / f"{name}.tsr", [f"# {name}\n", *texts])
    write_preset("tiny", folder / "params.yaml")
    for section, values in SMALL.items():
        change(folder, section, **values)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in (
            ("tokenize", "data/recordings", "-o", "data/tokens"),
            ("dataset", "data/recordings", "data/tokens", "-o", "data/dataset"),
        ):
            done = rcfam(*words)
            assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(built, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def change(project: Path, section: str, **values: object) -> None:
    document = yaml.safe_load((project / "params.yaml").read_text())
    document[section] |= values
    (project / "params.yaml").write_text(yaml.safe_dump(document))


def history(path: Path) -> dict[int, float]:
    table = pl.read_csv(path, separator="\t")
    assert table["step"].is_unique().all()
    return dict(zip(table["step"], table[table.columns[1]], strict=True))


def test_train_shows_its_steps_in_bars_dvclive_and_tensorboard(project: Path) -> None:
    pytest.importorskip("dvclive", reason="DVCLive is not installed")
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is not installed"
    )
    done = rcfam(*TRAIN, "--live", "data/live", "--tensorboard", "events")
    assert done.exit_code == 0, done.output
    assert "length 4 seed 0: 100%" in done.stderr
    table = pl.read_parquet("data/runs/length-4/runs.parquet")
    shown = json.loads(Path("data/live/metrics.json").read_text())
    assert shown["step"] == 12
    for seed in (0, 1):
        rows = table.filter(pl.col("seed") == seed)
        assert shown[f"seed-{seed}"]["loss"] == pytest.approx(rows["loss"][-1])
        assert shown[f"seed-{seed}"]["held_out_loss"] == pytest.approx(rows["held_out_loss"][-1])
        found = history(Path(f"data/live/plots/metrics/seed-{seed}/loss.tsv"))
        assert found == pytest.approx(dict(zip(rows["step"], rows["loss"], strict=True)))
        events = accumulator.EventAccumulator(f"events/small/length-4/seed-{seed}", {accumulator.SCALARS: 0}).Reload()
        assert [event.value for event in events.Scalars("loss")] == pytest.approx(rows["loss"].to_list())
        assert [event.step for event in events.Scalars("held_out_loss")] == [6, 12]
        assert "mfu" not in events.Tags()["scalars"]
    again = files_below(Path("data/live"))
    done = rcfam(*TRAIN, "--live", "data/live")  # both runs have ended
    assert done.exit_code == 0, done.output
    assert files_below(Path("data/live")) == again
    shutil.rmtree("data/live")
    assert rcfam(*TRAIN, "--live", "data/live").exit_code == 0
    assert files_below(Path("data/live")) == again


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def values(loss: float, **others: float) -> dict[str, float | None]:
    return {"loss": loss, "accuracy": 0.5, "held_out_loss": None, **others}


def test_a_run_that_goes_on_shows_every_step_once(tmp_path: Path) -> None:
    pytest.importorskip("dvclive", reason="DVCLive is not installed")
    first = DvcLive(tmp_path, steps=100)
    for step in range(1, 10):
        first.log("seed-0", step, values(step))
    first.log("seed-1", 1, values(7.0))
    second = DvcLive(tmp_path, steps=100)  # the process before was killed; the last checkpoint was of step 4
    for step in range(5, 9):
        second.log("seed-0", step, values(step + 100.0, **({"held_out_loss": 3.0} if step == 7 else {})))
    second.close()
    assert history(tmp_path / "plots/metrics/seed-0/loss.tsv") == {1: 1, 2: 2, 4: 4, 5: 105, 6: 106, 7: 107, 8: 108}
    assert history(tmp_path / "plots/metrics/seed-0/held_out_loss.tsv") == {7: 3.0}
    shown = json.loads((tmp_path / "metrics.json").read_text())
    assert shown["seed-1"] == {"loss": 7.0, "accuracy": 0.5}
    assert shown["seed-0"]["loss"] == 108


@pytest.mark.parametrize(
    "left", [b"", b"step\tloss\n", b"ste", b"step\tloss\n1\t3.5\n2\t3", b"step\tloss\n1\n1\t2\t3\n"]
)
def test_a_history_that_a_kill_left_empty_or_cut_is_gone_on_with(tmp_path: Path, left: bytes) -> None:
    pytest.importorskip("dvclive", reason="DVCLive is not installed")
    path = tmp_path / "plots/metrics/seed-0/loss.tsv"
    path.parent.mkdir(parents=True)
    path.write_bytes(left)
    (tmp_path / "metrics.json").write_text('{"step": 1, "se')
    log = DvcLive(tmp_path, steps=2)
    log.log("seed-0", 2, values(4.0))
    log.close()
    before = {1: 3.5} if b"3.5" in left else {}
    assert history(path) == {**before, 2: 4.0}
    assert json.loads((tmp_path / "metrics.json").read_text())["seed-0"]["loss"] == 4.0


def test_a_run_that_begins_anew_drops_old_events(tmp_path: Path) -> None:
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is not installed"
    )
    for steps in ((1, 2, 3), (1, 2), (3, 4)):
        board = TensorBoard(tmp_path)
        for step in steps:
            names = ("first_loss", "last_loss", "grad_norm", "tokens_s", "frames_s", "mfu", "peak_bytes", "wall_s")
            board.log("seed-0", step, values(10.0 * len(steps) + step) | dict.fromkeys(names))
        board.close()
    events = accumulator.EventAccumulator(str(tmp_path / "seed-0"), {accumulator.SCALARS: 0}).Reload().Scalars("loss")
    assert [(event.step, event.value) for event in events] == [(1, 21), (2, 22), (3, 23), (4, 24)]


@pytest.mark.slow
def test_dvc_shows_the_metrics_of_its_stage(project: Path) -> None:
    """As dvc.yaml has it: the files are outs of the stage that writes them."""
    pytest.importorskip("dvclive", reason="DVCLive is not installed")
    from dvc.repo import Repo

    command = f"{sys.executable} -c 'from rcfam.cli import main; main()'"
    live = "data/live/length-4"
    stage = {
        "cmd": f"{command} {' '.join(TRAIN)} --live {live} --restart",
        "deps": ["data/dataset"],
        "params": ["train"],
        "outs": [{"data/runs/length-4": {"persist": True}}, {f"{live}/plots": {"persist": True}}],
        "metrics": [{f"{live}/metrics.json": {"persist": True}}],
    }
    Path("dvc.yaml").write_text(json.dumps({"stages": {"train": stage}}))
    dvc = (sys.executable, "-m", "dvc")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    call("git", "init", "-q")
    call(*dvc, "init", "-q")
    call(*git, "commit", "-qm", "begin")
    call(*dvc, "repro", "-q")
    call(*git, "add", "-A")
    call(*git, "commit", "-qm", "trained")
    change(project, "train", steps=8)
    call(*dvc, "repro", "-q")
    with Repo(".") as repo:
        shown = repo.experiments.show()
        found = shown[0].data.metrics[f"{live}/metrics.json"]["data"]  # of the workspace
        assert found["step"] == 8
        assert set(found["seed-1"]) == {"loss", "accuracy", "held_out_loss"}
        changes = repo.metrics.diff()["diff"][f"{live}/metrics.json"]
        assert changes["step"]["diff"] == -4
    call(*dvc, "status", "-q")  # nothing is stale


def call(*words: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(words, env=environment, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_refused_training_says_one_line_and_draws_nothing(project: Path) -> None:
    assert rcfam(*TRAIN, "--seed", "0").exit_code == 0
    change(project, "train", batch=3)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from rcfam.cli import main; main()",
            *TRAIN,
            "--live",
            "live",
            "--tensorboard",
            "events",
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "rcfam: data/runs/length-4/seed-0/final.json: train.batch is 2 in the checkpoint, 3 now; delete the folder or "
        "start anew with --restart"
    ]
    assert not Path("live").exists() and not Path("events").exists()


def stopping_after(number: int) -> Callable[..., None]:
    def log(self: object, run: str, step: int, values: object) -> None:
        if step == number:
            raise KeyboardInterrupt

    return log


def test_replay_says_what_the_failed_step_saw(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rcfam("replay", "data/runs/length-4/seed-0", "data/dataset").exit_code == 1
    with monkeypatch.context() as patch:
        patch.setattr("rcfam.cli.live.Bars.log", stopping_after(6))
        rcfam(*TRAIN, "--seed", "0")
    folder = Path("data/runs/length-4/seed-0")
    stem = checkpoint.stem_of(folder, checkpoint.steps_saved(folder)[-1])
    found = checkpoint.load(stem)
    found.tensors["model.vote.weight"][0, 0] = math.nan
    checkpoint.save(stem, found.tensors, found.identity, found.progress)
    failed = rcfam(*TRAIN, "--seed", "0")
    step = found.progress["step"] + 1
    assert f"step {step}: loss nan" in str(failed.exception)
    done = rcfam("replay", folder, "data/dataset")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"small/length-4/seed-0, from the checkpoint of step {step - 1}: step {step}, loss nan")
    named = {recording: int(first) for recording, first, _ in (line.split() for line in lines[3:5])}
    assert set(named) <= {"one", "two"}
    assert "vote.weight" in [line.split()[0] for line in lines[7:] if line.split()[1] == "nan"]


def test_evaluate_takes_the_best_weights_on_demand(project: Path) -> None:
    assert rcfam(*TRAIN).exit_code == 0
    for which, words in (("last", ()), ("best", ("--best",))):
        done = rcfam("evaluate", "data/runs", "data/dataset", "-o", which, *words)
        assert done.exit_code == 0, done.output
    for seed in (0, 1):
        best = Path(f"data/runs/length-4/seed-{seed}/best.json")
        said = json.loads(best.read_text())["progress"]
        scores = [pl.read_parquet(Path(which) / "evaluation.parquet")["loss"][seed] for which in ("last", "best")]
        assert (scores[0] == scores[1]) == (said["step"] == 12)
        best.unlink()
    refused = rcfam("evaluate", "data/runs", "data/dataset", "-o", "none", "--best")
    assert "no best model (best.json)" in str(refused.exception)
    assert refused.stderr == ""


def test_runs_are_scored_side_by_side_and_leave_nothing_behind(project: Path) -> None:
    """Progress only rises, an error or a reader that goes away ends all of them, PyTorch's threads are as before."""
    assert rcfam(*TRAIN).exit_code == 0
    places = [Path(f"data/runs/length-4/seed-{seed}") for seed in (0, 1)]
    settings = params.load(Path("params.yaml"), "evaluate", EvaluateParams)
    before, told = torch.get_num_threads(), list[tuple[int, int]]()
    threads = threading.active_count()
    alone = [next(score_places([place], Path("data/dataset"), settings, "held_out")) for place in places]
    both = score_places(places, Path("data/dataset"), settings, "held_out", progress=lambda *two: told.append(two))
    assert [one.row for one in both] == [one.row for one in alone]
    assert told == sorted(told) and told[-1][0] == told[-1][1]
    assert torch.get_num_threads() == before

    reader = score_places(places, Path("data/dataset"), settings, "held_out")
    next(reader)
    reader.close()  # type: ignore[attr-defined] # a generator
    places.append(Path("data/runs/none"))
    with pytest.raises(CheckpointError, match="none"):
        list(score_places(places, Path("data/dataset"), settings, "held_out"))
    assert torch.get_num_threads() == before
    assert threading.active_count() == threads


def test_evaluate_beyond_what_the_recordings_hold(project: Path) -> None:
    """Windows that are longer than the held-out commits: the missing positions count nowhere."""
    assert rcfam(*TRAIN, "--seed", "0").exit_code == 0
    change(project, "study", seeds=[0])
    stretches = pl.read_parquet("data/dataset/index.parquet").filter(pl.col("side") == "held_out")["tokens"]
    change(project, "evaluate", length=int(stretches.max()) + 10)
    done = rcfam("evaluate", "data/runs", "data/dataset", "-o", "out")
    assert done.exit_code == 0, done.output
    curve = pl.read_parquet("out/positions.parquet").sort("position")
    assert curve["loss"].is_nan().sum() == 10
    assert curve["loss"][: int(stretches.max())].is_not_nan().all()
    assert pl.read_parquet("out/evaluation.parquet")["positions"][0] == stretches.sum()
    metrics = json.loads(Path("out/metrics.json").read_text())["length-4"]
    assert metrics["late_loss"] is None
    assert math.isfinite(metrics["loss"])
