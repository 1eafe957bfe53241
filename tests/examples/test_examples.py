"""The scripts of examples/ run as their first lines say."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from rcfam.recording import Reader
from tests.support.oracles import planted
from tests.support.rollout_world import World, world

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, *words: object, **settings: str) -> str:
    """What an example prints."""
    command = [sys.executable, str(EXAMPLES / name), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | settings, cwd=EXAMPLES.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("world"))


def test_a_recording_is_read(small: World) -> None:
    printed = run("read_recording.py", next(small.folders.recordings.glob("*.tsr")))
    assert "frame 0: " in printed and "then the key " in printed


def test_frames_are_written(tmp_path: Path) -> None:
    run("write_frames.py", tmp_path / "clock.tsr")
    with Reader(tmp_path / "clock.tsr") as reader:
        assert reader.frames == 60 and int(reader.keys(59, 60)[0]) == ord("q")
    assert "00:59" in run("read_recording.py", tmp_path / "clock.tsr")


@pytest.mark.parametrize("name", ["plain_loop.py", "own_head.py"])
def test_a_loop_learns(small: World, name: str) -> None:
    losses = [float(line.split()[-2]) for line in run(name, small.folders.dataset, 20).splitlines()]
    assert len(losses) == 20 and losses[-1] < losses[0]


def test_a_law_is_fitted_to_a_csv(tmp_path: Path) -> None:
    table = planted.table(planted.Planted(), planted.LENGTHS, 2, steps=120)
    table.select("length", "seed", "step", pl.col("loss")).write_csv(tmp_path / "runs.csv")
    assert run("fit_csv.py", tmp_path / "runs.csv").startswith("loss falls as length^-0.")


def test_a_policy_types() -> None:
    printed = run("drive_terminal.py")
    assert "Hello, terminal!" in printed and "b'Hello, terminal!\\n'" in printed


def test_a_flow_runs_verbs(tmp_path: Path) -> None:
    pytest.importorskip("prefect")
    settings = {
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
    run("schedule.py", "--once", PREFECT_HOME=str(tmp_path), **settings)
