"""`rcfam clone` with several repositories: what fails is named, what is mirrored stays, a pinned commit is enough."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.history import TransferLimits
from rcfam.outputs import MARK
from rcfam.recording import Reader
from tests.support.oracles.git import Git


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        Git(tmp_path / name).commit(f"of {name}", {"a.txt": b"1\n"})
    Git(tmp_path / "empty")
    return tmp_path


def clone(listed: str, revisions: str = "{}") -> Result:
    Path("list.txt").write_text(listed)
    clone = {"repositories": "list.txt", "revisions": yaml.safe_load(revisions), "limits": asdict(TransferLimits())}
    Path("params.yaml").write_text(yaml.safe_dump({"clone": clone}))
    return CliRunner().invoke(app, ["clone", "-o", "mirrors"])


def test_every_repository_that_fails_is_named_and_the_others_are_kept(here: Path) -> None:
    done = clone("one one\nwrong nowhere\nempty empty\ntwo two\n")
    assert isinstance(done.exception, RcfamError)
    said = str(done.exception)
    assert said.startswith("wrong: no such repository: nowhere; empty: ") and "is empty" in said
    assert sorted(path.name for path in Path("mirrors").glob("*.*")) == [MARK, "one.git", "two.git"]
    assert clone("one one\ntwo two\n").exit_code == 0
    manifest = json.loads(Path("mirrors/manifest.json").read_text())
    assert [entry["name"] for entry in manifest["repositories"]] == ["one", "two"]


def test_a_repository_that_is_gone_is_needed_only_where_its_commit_is_not_pinned(here: Path) -> None:
    tip = Git(here / "one").run("rev-parse", "HEAD")
    assert clone("one one\n").exit_code == 0
    shutil.rmtree("one")
    gone = clone("one one\n")
    assert isinstance(gone.exception, RcfamError) and "one: no such repository: one" in str(gone.exception)
    assert isinstance(clone("one one\n", "{one: main}").exception, RcfamError)
    pinned = clone("one one\n", f"{{one: {tip}}}")
    assert pinned.exit_code == 0, pinned.output
    assert "no such repository: one; the mirror holds the pinned commit" in pinned.output
    other = clone("one one\n", f"{{one: {'f' * 40}}}")
    assert isinstance(other.exception, RcfamError) and "unknown revision" in str(other.exception)


def test_a_name_that_moves_to_another_source_says_what_to_do(here: Path) -> None:
    assert clone("one one\n").exit_code == 0
    moved = clone("one two\n")
    assert isinstance(moved.exception, RcfamError)
    one, two = ((here / name).as_uri() for name in ("one", "two"))
    assert f"is not a mirror of {two} but of {one}; remove it" in str(moved.exception)


def test_a_recording_is_named_after_the_folder_or_as_was_asked(here: Path) -> None:
    for arguments, name in ([], "one"), (["--name", "mine"], "mine"):
        done = CliRunner().invoke(app, ["render", "one", "-o", "out.tsr", *arguments])
        assert done.exit_code == 0, done.output
        with Reader("out.tsr") as reader:
            assert reader.provenance["name"] == name
    refused = CliRunner().invoke(app, ["render", "one", "-o", "out.tsr", "--name", "../x"])
    assert isinstance(refused.exception, RcfamError) and "--name ../x" in str(refused.exception)
