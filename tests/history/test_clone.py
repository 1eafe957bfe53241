"""Mirrors: made whole, updated, refused for good reasons; nothing in a repository runs."""

import subprocess
from pathlib import Path

import pytest

from rcfam.history import HistoryError, Repository, clone
from tests.support.oracles.git import Git


@pytest.fixture
def source(tmp_path: Path) -> Git:
    git = Git(tmp_path / "source")
    git.commit("first", {"a.txt": b"one\n"})
    return git


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_mirror_is_bare_and_holds_every_branch(source: Git, tmp_path: Path, prefix: str) -> None:
    source.run("branch", "other")
    source.run("tag", "v1")
    counts: list[tuple[int, int]] = []
    mirror = clone(f"{prefix}{source.folder}", tmp_path / "m.git", lambda done, total: counts.append((done, total)))
    head = source.run("rev-parse", "HEAD")
    assert mirror.raw.is_bare
    assert {mirror.resolve(revision) for revision in ("HEAD", "main", "other", "v1", head[:8])} == {head}
    assert counts[-1][0] == counts[-1][1] == 3  # a commit, a tree, a blob


def test_an_update_follows_the_source(source: Git, tmp_path: Path) -> None:
    clone(str(source.folder), tmp_path / "m.git")
    source.run("checkout", "-q", "-b", "next")
    tip = source.commit("second", {"b.txt": b"two\n"})
    source.run("branch", "-D", "main")
    mirror = clone(str(source.folder), tmp_path / "m.git")
    assert mirror.resolve("HEAD") == tip
    with pytest.raises(HistoryError, match=r"unknown revision.*'main'"):
        mirror.resolve("main")


def test_a_detached_head_is_fetched(source: Git, tmp_path: Path) -> None:
    source.run("checkout", "-q", "--detach")
    tip = source.commit("beside every branch", {"b.txt": b"two\n"})
    assert clone(str(source.folder), tmp_path / "m.git").resolve("HEAD") == tip


def test_refusals_say_what_is_wrong_and_leave_nothing(source: Git, tmp_path: Path) -> None:
    folder = tmp_path / "m.git"
    Git(tmp_path / "empty")
    (tmp_path / "plain").mkdir()
    source.commit("second", {"a.txt": b"two\n"})
    shallow = ["git", "clone", "-q", "--depth", "1", f"file://{source.folder}", str(tmp_path / "shallow")]
    subprocess.run(shallow, check=True)
    for address, words in {
        str(tmp_path / "missing"): "no such repository",
        str(tmp_path / "plain"): "not a git repository",
        str(tmp_path / "empty"): "is empty",
        f"file://{tmp_path / 'shallow'}": "shallow clone",
        "https://127.0.0.1:1/none.git": "cannot clone",
    }.items():
        with pytest.raises(HistoryError, match=words) as caught:
            clone(address, folder)
        assert "\n" not in str(caught.value)
        assert not list(tmp_path.glob("*m.git*"))


def test_a_mirror_of_something_else_is_not_overwritten(source: Git, tmp_path: Path) -> None:
    other = Git(tmp_path / "other")
    tip = other.commit("other", {"x": b""})
    clone(str(other.folder), tmp_path / "m.git")
    with pytest.raises(HistoryError, match="not a mirror of"):
        clone(str(source.folder), tmp_path / "m.git")
    assert Repository(tmp_path / "m.git").resolve("HEAD") == tip


def test_unwritable_folders_are_an_error(source: Git, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="cannot write"):
        clone(str(source.folder), tmp_path / "file" / "m.git")


def test_nothing_of_a_repository_is_executed(source: Git, tmp_path: Path) -> None:
    """Hooks, filters and programs that its configuration names would leave a file behind."""
    trace = tmp_path / "trace"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {trace}\ncat\n")
    script.chmod(0o755)
    tip = source.commit("evil", {".gitattributes": b"* filter=evil diff=evil\n", "a.txt": b"two\n"})
    for hook in ("post-checkout", "post-merge", "reference-transaction", "post-update"):
        path = source.folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(script)
    for key in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "core.sshCommand"):
        source.run("config", key, str(script))
    if trace.exists():
        trace.unlink()
    mirror = clone(str(source.folder), tmp_path / "m.git")
    for repository in (Repository(source.folder), mirror):
        commit = repository.commit(tip)
        assert {change.path: change.new for change in commit.changes}["a.txt"] == b"two\n"
        repository.tree(tip)
    assert not trace.exists()
