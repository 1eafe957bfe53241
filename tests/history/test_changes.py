"""Walks and changes against repositories that real git made."""

import os
from pathlib import Path

import pytest

from rcfam.history import Change, HistoryError, Ledger, Repository, Selection
from tests.support.oracles.git import Git

TEXT = b"".join(b"line %d of a text that is long enough to be known again\n" % i for i in range(30))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path / "repository")


def changes(git: Git, selection: Selection | None = None) -> dict[str, Change]:
    return {
        change.path: change for change in Repository(git.folder).commit(git.run("rev-parse", "HEAD"), selection).changes
    }


def test_kinds_modes_and_contents(git: Git) -> None:
    git.commit(
        "root",
        {
            "keep": b"k\n",
            "edit": b"1\n",
            "drop": b"d\n",
            "tool": b"#!/bin/sh\n",
            "move": TEXT,
            "src/copied": TEXT + b"x\n",
        },
    )
    (git.folder / "link").symlink_to("keep")
    git.commit("link")
    git.write(
        {"edit": b"2\n", "drop": None, "new": b"n\n", "moved/far": TEXT.replace(b"line 7", b"line seven"), "move": None}
    )
    git.write({"src/copied": TEXT + b"xy\n", "copy": TEXT + b"x\n"})
    (git.folder / "tool").chmod(0o755)
    (git.folder / "link").unlink()
    (git.folder / "link").symlink_to("edit")
    git.commit("all at once")
    found = changes(git)
    kinds = {path: change.kind for path, change in found.items()}
    assert kinds == {
        "edit": "modify",
        "drop": "delete",
        "new": "add",
        "tool": "mode",
        "link": "link",
        "moved/far": "rename",
        "copy": "copy",
        "src/copied": "modify",
    }
    assert all(change.left_out is None for change in found.values())
    assert (found["edit"].old, found["edit"].new) == (b"1\n", b"2\n")
    assert (found["drop"].old, found["drop"].new, found["drop"].new_mode) == (b"d\n", None, None)
    assert (found["tool"].old_mode, found["tool"].new_mode) == (0o100644, 0o100755)
    assert (found["link"].new_mode, found["link"].new) == (0o120000, b"edit")
    assert found["moved/far"].old_path == "move"
    assert found["copy"].old_path == "src/copied"
    assert found["new"].old_mode is None and found["new"].old is None


def test_a_file_that_becomes_a_link_is_one_change(git: Git) -> None:
    git.commit("file", {"a": b"text\n"})
    (git.folder / "a").unlink()
    (git.folder / "a").symlink_to("b")
    git.commit("link")
    assert [(c.kind, c.old_mode, c.new_mode) for c in changes(git).values()] == [("link", 0o100644, 0o120000)]


def test_reasons_for_leaving_out(git: Git, tmp_path: Path) -> None:
    inner = Git(tmp_path / "inner")
    inner.commit("inner", {"x": b""})
    git.run("submodule", "add", "-q", str(inner.folder), "module")
    git.write(
        {
            "binary": b"a\0b",
            "latin": b"caf\xe9\n",
            "large": b"x\n" * 15000,
            "long": b"y" * 20_001,
            "just": b"y" * 20_000 + b"\n",
            "text": "grüße\n".encode(),
        }
    )
    git.write({"new\nline": b"1\n", "tab\tin": b"1\n"})
    (git.folder / os.fsdecode(b"caf\xe9")).write_bytes(b"1\n")
    (git.folder / "odd").symlink_to("a\nb")
    git.commit("all")
    found = changes(git, Selection(max_file_bytes=25_000))
    assert {path: change.left_out for path, change in found.items()} == {
        "module": "submodule",
        "binary": "binary",
        "latin": "not UTF-8",
        "large": "too large",
        "long": "line too long",
        "just": None,
        "text": None,
        "new\nline": "unprintable path",
        "tab\tin": "unprintable path",
        "caf\udce9": "unprintable path",
        "odd": "unprintable link target",
        ".gitmodules": None,
    }
    assert found["module"].new is None


def test_a_binary_file_is_moved_and_removed_but_not_edited(git: Git) -> None:
    git.commit("add", {"a": b"\0" + TEXT, "b": b"\0b", "c": b"\0c", "d": b"\0d"})
    git.run("mv", "a", "z")
    git.write({"b": None, "c": b"\0cc", "d": b"text\n"})
    git.commit("change")
    found = {path: (change.kind, change.left_out, change.old_reason) for path, change in changes(git).items()}
    assert found == {
        "z": ("rename", None, "binary"),
        "b": ("delete", None, "binary"),
        "c": ("modify", "binary", "binary"),
        "d": ("modify", None, "binary"),
    }


def test_walks_and_merges(git: Git) -> None:
    root = git.commit("root", {"a": b"1\n"})
    sides = []
    for name in ("left", "right", "third"):
        git.run("checkout", "-q", "-b", name, root)
        sides.append(git.commit(name, {name: b"x\n"}))
    git.run("checkout", "-q", "main")
    own = git.commit("own", {"own": b"o\n"})
    git.run("merge", "-q", "-m", "octopus", "left", "right", "third")
    tip = git.run("rev-parse", "HEAD")
    empty = git.commit("")
    repository = Repository(git.folder)
    assert repository.ids() == [root, own, tip, empty]
    everything = repository.ids(selection=Selection(first_parent=False))
    assert sorted(everything) == sorted([root, own, tip, empty, *sides]) and everything[0] == root
    merge = repository.commit(tip)
    assert merge.parent == own
    assert [(change.kind, change.path) for change in merge.changes] == [
        ("add", "left"),
        ("add", "right"),
        ("add", "third"),
    ]
    assert repository.commit(root).parent is None
    assert (repository.commit(empty).changes, repository.commit(empty).subject) == ((), "")
    assert (merge.subject, merge.author) == ("octopus", "Ada <ada@example.org>")


def test_ranges_authors_and_paths(git: Git) -> None:
    ids = [
        git.commit(f"day {day}", {f"f{day}.py": b"x\n", "n.md": b"%d\n" % day}, author="BA"[day % 2])
        for day in range(1, 7)
    ]
    repository = Repository(git.folder)
    day = 86400
    first = repository.commit(ids[0]).time
    assert repository.ids(selection=Selection(since=first + day, until=first + 4 * day)) == ids[1:5]
    assert repository.ids(selection=Selection(since=first + 2 * day, max_commits=2)) == ids[2:4]
    with pytest.raises(HistoryError, match="no commit of 'HEAD' is selected"):
        repository.ids(selection=Selection(since=first + 100 * day))
    commit = repository.commit(ids[1], Selection(authors=("A <*",)))
    assert commit.author.startswith("B") and {change.left_out for change in commit.changes} == {"author not selected"}
    reasons = {
        c.path: c.left_out for c in repository.commit(ids[0], Selection(authors=("A <*",), paths=("*.py",))).changes
    }
    assert reasons == {"f1.py": None, "n.md": "path not selected"}


def test_the_ledger_counts_every_change_once(git: Git) -> None:
    git.commit("one", {"a": b"1\n", "b": b"\0"})
    git.commit("two", {"a": b"2\n", "c": b"\xff"})
    repository, ledger = Repository(git.folder), Ledger("it")
    commits = list(repository.commits())
    for commit in commits:
        ledger.add(commit)
    assert (ledger.commits, ledger.changes, ledger.rendered) == (2, 4, 2)
    assert ledger.left_out == {"binary": 1, "not UTF-8": 1}
    assert ledger.rendered + sum(ledger.left_out.values()) == ledger.changes == sum(len(c.changes) for c in commits)
    table = ledger.table()
    assert table.height == 4 and table["left_out"].null_count() == 2 and set(table["repository"]) == {"it"}
    with pytest.raises(HistoryError, match="counted twice"):
        ledger.add(commits[0])


def test_unknown_revisions_and_missing_objects(git: Git) -> None:
    git.commit("one", {"a": b"1\n"})
    repository = Repository(git.folder)
    for revision in ("nowhere", "HEAD~5", "0" * 40, "HEAD:a", ""):
        with pytest.raises(HistoryError, match="unknown revision"):
            repository.resolve(revision)
    blob = git.run("rev-parse", "HEAD:a")
    (git.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(HistoryError, match=blob):
        Repository(git.folder).commit(repository.resolve())
