"""Every verb that owns an output folder leaves alone what is not its own, and says so before it works."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.outputs import MARK

VERBS = {
    "clone": ("clone", "--list", "list.txt"),
    "render": ("render", "mirrors"),
    "tokenize": ("tokenize", "recordings"),
    "dataset": ("dataset", "recordings", "tokens"),
    "train": ("train", "dataset", "--length", "4"),
    "evaluate": ("evaluate", "runs", "dataset"),
    "fit": ("fit", "runs.csv"),
    "report": ("report",),
    "frjt": ("task", "frjt", "--size", "tiny"),
    "inflate": ("task", "inflate", "one"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    shutil.copy(Path(__file__).parents[2] / "params.yaml", tmp_path)
    (tmp_path / "list.txt").write_text("one one\n")
    for name in ("mirrors", "recordings", "tokens", "dataset", "runs", "one", "home", "mine/below"):
        (tmp_path / name).mkdir(parents=True)
    entry = {"name": "one", "source": "one", "revision": None, "commit": "0" * 40}
    (tmp_path / "mirrors" / "manifest.json").write_text(json.dumps({"version": 1, "repositories": [entry]}))
    rows = [f"s/length-{n},s,0,{n},1,{step},{5 / n}" for n in (1, 2, 4, 8) for step in (1, 2)]
    (tmp_path / "runs.csv").write_text("\n".join(["run,study,seed,length,batch,step,loss", *rows]) + "\n")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    (tmp_path / "link").symlink_to("mine")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def everything(folder: Path) -> dict[str, bytes | None]:
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "out", ["thesis", ".", "..", "mine/..", "mine/below/..", "link", "home", "pipe", "list.txt", "/"]
)
def test_what_is_not_ours_is_refused_in_one_line_and_stays(here: Path, verb: str, out: str) -> None:
    before = everything(here)
    result = CliRunner().invoke(app, [*VERBS[verb], "-o", out])
    assert isinstance(result.exception, RcfamError), result.output
    said = str(result.exception)
    assert "\n" not in said and out in said
    assert everything(here) == before


@pytest.mark.parametrize("verb", ["render", "tokenize", "dataset", "train", "evaluate", "inflate"])
def test_no_verb_writes_over_its_source(here: Path, verb: str) -> None:
    before = everything(here)
    source = VERBS[verb][1] if verb != "inflate" else "one"
    for out in (source, f"{source}/below"):
        result = CliRunner().invoke(app, [*VERBS[verb], "-o", out])
        assert isinstance(result.exception, RcfamError) and "overlaps the input" in str(result.exception)
    assert everything(here) == before


def test_a_checkout_is_no_output(here: Path) -> None:
    (here / "mine" / ".git").mkdir()
    before = everything(here)
    for verb in VERBS:
        result = CliRunner().invoke(app, [*VERBS[verb], "-o", "mine"])
        assert isinstance(result.exception, RcfamError) and "a git repository" in str(result.exception)
    assert everything(here) == before


@pytest.mark.parametrize(
    "out", ["/dev/full", "/dev/stdout", "/dev/null", "pipe", "link", "thesis", "list.txt/x", "n" * 300]
)
def test_single_files_replace_regular_files_alone(here: Path, out: str) -> None:
    before = everything(here)
    for line in (("plots-template",), ("render", "one"), ("preset", "tiny")):
        option = "--params" if line[0] == "preset" else "-o"
        result = CliRunner().invoke(app, [*line, option, out])
        assert isinstance(result.exception, RcfamError) and "\n" not in str(result.exception)
    assert everything(here) == before


def test_a_law_and_its_tables_are_replaced_together(here: Path) -> None:
    for _ in range(2):
        assert CliRunner().invoke(app, ["fit", "runs.csv", "-o", "law"]).exit_code == 0
    first = everything(here / "law")
    assert {"law.json", "tables/law.csv", MARK} <= first.keys()
    told = CliRunner().invoke(app, ["check", "law"])
    assert told.exit_code == 0 and f"{len(first) - 2} files" in told.output  # tables/ and the mark are no such files
    assert isinstance(CliRunner().invoke(app, ["check", "thesis"]).exception, RcfamError)
    (here / "law" / "tables" / "mine.csv").write_text("mine")
    assert "mine.csv is not in its list" in str(CliRunner().invoke(app, ["check", "law"]).exception)
    refused = CliRunner().invoke(app, ["fit", "runs.csv", "-o", "law"])
    assert "tables/mine.csv is not what rcfam wrote there" in str(refused.exception)
    (here / "law" / "tables" / "mine.csv").unlink()
    for name in (MARK, "tables/law.csv"):  # as git and DVC bring it to a fresh checkout
        (here / "law" / name).unlink()
    assert CliRunner().invoke(app, ["fit", "runs.csv", "-o", "law"]).exit_code == 0
    assert everything(here / "law") == first


def test_a_mount_point_is_refused(here: Path) -> None:
    program = f"mount -t tmpfs none mine && exec {sys.executable} -m rcfam fit runs.csv -o mine"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", program]
    can = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "mine"]
    if shutil.which("unshare") is None or subprocess.run(can, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount a file system in a namespace of one's own")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "mine: a mount point" in done.stderr
