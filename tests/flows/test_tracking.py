"""A grid of cells under Prefect: planned, run side by side, resumed, reported; once with the verbs, else a stand-in."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import PROJECT, tracking
from flows.pipeline import connected
from rcfam.errors import RcfamError
from tests.support.flows_toy import alive, read_pid, settings, wait_for

# The verbs without PyTorch. An lstm leaves a checkpoint and waits to be killed, until there is a file `go`; sum fails.
STAND_IN = """
import json, os, pathlib, sys, time
words = sys.argv[1:]
def of(option):
    return [value for name, value in zip(words, words[1:]) if name == option]
here = pathlib.Path(__file__).parent
def folder(depth, model):
    return pathlib.Path(of("--out")[0]) / depth / model.replace(":", "-")
def note(what):
    with (here / "log.txt").open("a") as file:
        file.write(what + "\\n")
if words[1] == "tables":
    note("tables")
    (pathlib.Path(words[2]) / "results.csv").write_text("model,validation\\nlstm,0.9\\n")
    print("a table")
    sys.exit()
only, = of("--only")
if only == "plan":
    for depth in of("--depth"):
        for model in of("--model"):
            cell = {"depth": int(depth), "seed": 0, "model": model, "identity": model}
            print(json.dumps({**cell, "folder": str(folder(depth, model))}))
    sys.exit()
depth, = of("--depth")
model, = of("--model")
note(f"{only} {depth} {model}" if only == "cells" else f"data {depth}")
if only == "data":
    if depth == "3":
        sys.exit("rcfam: no data of depth 3")
    data = folder(depth, model).parent / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / "data.json").write_text("{}")
    sys.exit()
home = folder(depth, model)
home.mkdir(exist_ok=True)
if model == "sum:1":
    sys.exit("rcfam: sum-1: loss is nan")
if model == "lstm:1" and not (here / "go").exists():
    (home / "step").touch()
    (here / "pid").write_text(str(os.getpid()))
    time.sleep(600)
note(f"{model} " + ("goes on" if (home / "step").exists() else "begins"))
(home / "cell.json").write_text(json.dumps({"identity": model}))
"""
# `python -m flows.tracking` with that
MAIN = """
import sys
from flows import tracking
tracking.program = lambda _module, *words: [sys.executable, sys.argv[1], *words]
sys.exit(tracking.main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Prefect's folder, and a server for this process."""
    folder = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(folder))
        with connected():
            yield folder


def results(state: Any) -> dict[str, str]:
    return {row["run"]: row["result"] for row in state.result(raise_on_failure=False)}


@pytest.mark.slow
def test_a_grid_is_trained_once(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def go() -> Any:
        settings = {"epochs": 1.5, "rate": 1e-3, "examples": 64}
        models = ["lstm", "sum"]
        return tracking.tracking("frjt", "tiny", models=models, jobs=2, out=tmp_path, **settings, return_state=True)

    first = go()
    assert first.is_completed(), first.message
    assert results(first) == dict.fromkeys(["lstm:1 depth 3 seed 0", "sum:1 depth 3 seed 0"], "trained")
    assert "paper  parameters" in capsys.readouterr().out
    with (tmp_path / "results.csv").open() as file:
        assert [(row["model"], row["depth"]) for row in csv.DictReader(file)] == [("lstm", "3"), ("sum", "3")]
    identity = json.loads(next(tmp_path.rglob("lstm-*/cell.json")).read_text())["identity"]
    assert (identity["train"]["epochs"], identity["train"]["rate"], identity["data"]["programs"]) == (1.5, 1e-3, 64)
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "frjt-3").rglob("*") if path.is_file()}
    second = go()
    assert second.is_completed(), second.message
    assert set(results(second).values()) == {"finished before"}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "frjt-3").rglob("*") if path.is_file()} == made


def test_a_killed_grid_goes_on_and_what_fails_is_reported(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, log = tmp_path / "stand_in.py", tmp_path / "log.txt"
    script.write_text(STAND_IN)
    options = ["maze", "--depth", "2", "3", "--model", "lstm:1", "sum:1", "mingru:1", "--jobs", "2"]
    command = [sys.executable, "-c", MAIN, str(script), *options, "--out", str(tmp_path / "out")]

    with subprocess.Popen(
        command, cwd=PROJECT, env=settings(tmp_path / "prefect"), stderr=subprocess.DEVNULL
    ) as process:
        pid = wait_for(lambda: read_pid(tmp_path / "pid"))
        process.kill()
    wait_for(lambda: not alive(pid))
    (tmp_path / "go").touch()
    log.write_text("")

    monkeypatch.setattr(tracking, "program", lambda _module, *words: [sys.executable, str(script), *words])
    models = ["lstm:1", "sum:1", "mingru:1"]
    state = tracking.tracking("maze", depths=[2, 3], models=models, jobs=2, out=tmp_path / "out", return_state=True)
    assert state.is_failed()
    assert sorted(state.message.split("; ")) == [
        "cell 'sum:1 depth 2 seed 0' failed: rcfam: sum-1: loss is nan",
        "data depth 3 seed 0 failed: rcfam: no data of depth 3",
    ]
    found = results(state)
    assert found["lstm:1 depth 2 seed 0"] == "trained"
    assert found["mingru:1 depth 2 seed 0"] in ("trained", "finished before")
    assert found["sum:1 depth 2 seed 0"] == "failed"
    assert {found[f"{model} depth 3 seed 0"] for model in models} == {"not run"}
    said = log.read_text().splitlines()
    assert "lstm:1 goes on" in said
    assert "data 2" not in said  # made before
    assert said.count("data 3") == said.count("cells 2 sum:1") == 2  # tried again
    assert said[-1] == "tables" and said.count("tables") == 1


def test_a_cell_of_other_settings_is_not_finished(tmp_path: Path) -> None:
    cell = tracking.Cell(2, 0, "lstm:1", tmp_path, {"rate": 1})
    assert not cell.finished()
    for damaged in ("{", "[1]", "[" * 100_000):
        (tmp_path / "cell.json").write_text(damaged)
        assert not cell.finished()
    (tmp_path / "cell.json").write_text(json.dumps({"identity": {"rate": 2}}))
    assert not cell.finished()
    (tmp_path / "cell.json").write_text(json.dumps({"identity": {"rate": 1}}))
    assert cell.finished()


def test_what_cannot_be_planned_is_told_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    complaint = "import sys; print('a warning'); sys.exit('rcfam: model gru: known are ...')"
    monkeypatch.setattr(tracking, "program", lambda *_words: [sys.executable, "-c", complaint])
    monkeypatch.setattr(tracking, "connected", None)
    assert tracking.main(["frjt", "--model", "gru", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "error: model gru: known are ...\n"
    with pytest.raises(RcfamError, match="gru"):
        tracking.cells_of(tracking.grid_of("maze", "tiny", [], [], [0], "cpu", tmp_path))


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracking, "program", lambda *_words: [sys.executable, "-c", ""])
    monkeypatch.setattr(tracking, "connected", None)
    (tmp_path / "file").write_text("")
    assert tracking.main(["frjt", "--out", str(tmp_path / "file" / "below")]) == 1
    assert capsys.readouterr().err.startswith("error: cannot write into ")


@pytest.mark.parametrize("bad", [["--depth", "0"], ["--jobs", "0"], ["--seeds", "-1"], ["--size", "huge"], []])
def test_bad_options(bad: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        tracking.main(["frjt", *bad] if bad else [])
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


def test_the_flow_s_own_process_does_without_pytorch() -> None:
    program = "import sys; from flows import tracking, verb; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0
