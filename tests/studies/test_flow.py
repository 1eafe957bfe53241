"""A study under Prefect: side by side within a limit, retried, reported, resumed. Training is a stand-in."""

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import flows.study
from flows import server, slots
from rcfam import params
from rcfam.studies import Planned, load, plan
from rcfam.studies.folders import DONE, finished, mark_of, prepare, run_folder

ROOT = Path(__file__).parents[2]
# What `rcfam train` and `rcfam study --collect` leave behind; seed 1 of length 16 fails once, that of 64 always.
STAND_IN = """
import pathlib, sys, time
words = sys.argv[1:]
log = pathlib.Path(__file__).with_name("log.txt")
def note(what):
    with log.open("a") as file:
        file.write(what + "\\n")
if words[0] == "study":
    note("collect")
    print("collected", words[1])
    sys.exit(0)
home = pathlib.Path(words[words.index("--out") + 1])
note("start " + home.name)
time.sleep(0.3)
tried = home / "tried"
if home.name == "length-64,seed-1" or (home.name == "length-16,seed-1" and not tried.exists()):
    tried.touch()
    note("end")
    print("rcfam: the loss is not finite")
    sys.exit(1)
(home / "runs.parquet").write_bytes(b"a table")
note("end")
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(flows.study, "program", lambda _module, *words: [sys.executable, str(script), *words])
    (tmp_path / "dataset").mkdir()
    for name in ("dataset.json", "index.parquet"):
        (tmp_path / "dataset" / name).write_text("{}")
    return tmp_path


def go(folder: Path, jobs: int) -> Any:
    out, dataset = folder / "out", folder / "dataset"
    return flows.study.study("positions", "tiny", jobs, 1, "cpu", out, dataset, ROOT / "params.yaml", return_state=True)


def test_runs_side_by_side_are_retried_reported_and_taken_up_again(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(work / "prefect"))
    with flows.study.connected():
        state = go(work, 2)
        assert state.is_failed()
        assert state.message == "run 'length-64,seed-1' failed: rcfam: the loss is not finite"
        rows = {row["run"]: row["result"] for row in state.result(raise_on_failure=False)}
        assert len(rows) == 9
        assert [run for run, result in rows.items() if result != "trained"] == ["length-64,seed-1"]
        said = (work / "log.txt").read_text().splitlines()
        assert said[-1] == "collect"
        assert said.count("start length-16,seed-1") == said.count("start length-64,seed-1") == 2
        depth = most = 0
        for line in said[:-1]:
            depth += 1 if line.startswith("start") else -1
            most = max(most, depth)
        assert most == 2
        failure = work / "out" / "tiny" / "positions" / "runs" / "length-64,seed-1" / "failure.txt"
        assert "not finite" in failure.read_text()
        (work / "log.txt").unlink()
        again = go(work, 1)
        results = [row["result"] for row in again.result(raise_on_failure=False)]
        assert results.count("finished before") == 8
        assert (work / "log.txt").read_text().count("start") == 2
    assert server.home() == work / "prefect"


def planned(**changes: Any) -> Planned:
    document = params.read(ROOT / "params.yaml")
    document["evaluate"] |= {"windows": changes.pop("windows", 64)}
    (run, *_) = plan(load("length"), "full", document)
    run.params["train"] |= changes
    return run


def test_a_run_is_finished_for_one_plan_and_one_dataset(tmp_path: Path) -> None:
    run = planned()
    prepare(tmp_path, run, "data")
    home = run_folder(tmp_path, run)
    assert params.read(home / "params.yaml") == run.params
    assert not finished(tmp_path, run, "data")
    (home / "seed-0").mkdir()
    prepare(tmp_path, run, "data")
    assert (home / "seed-0").exists()  # begun: it goes on from its checkpoint
    pl.DataFrame({"a": [1]}).write_parquet(home / DONE)
    assert finished(tmp_path, run, "data")
    assert finished(tmp_path, planned(windows=3), "data")  # training does not read how it will be scored
    assert not finished(tmp_path, run, "other data")
    longer = planned(steps=7)
    assert not finished(tmp_path, longer, "data")
    prepare(tmp_path, longer, "data")
    assert not (home / DONE).exists() and not (home / "seed-0").exists()


def test_a_dataset_s_mark_follows_its_contents(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no dataset: No such file"):
        mark_of(tmp_path)
    for name in ("dataset.json", "index.parquet"):
        (tmp_path / name).write_text(name)
    before = mark_of(tmp_path)
    (tmp_path / "index.parquet").write_text("more")
    assert mark_of(tmp_path) != before


def test_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert slots.default_jobs("cuda", 1) == 2
    two = slots.Slots(2, "cuda")
    assert [two.take(), two.take()] == [{"CUDA_VISIBLE_DEVICES": "2"}, {"CUDA_VISIBLE_DEVICES": "5"}]
    assert slots.default_jobs("cpu", 10_000) == 1


def test_a_missing_dataset_is_one_line_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.study, "connected", lambda: pytest.fail("a server was started"))
    nowhere = tmp_path / "nowhere"
    assert flows.study.main(["backbone", "--size", "tiny", "--dataset", str(nowhere), "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {nowhere}: no dataset") and said.count("\n") == 1
