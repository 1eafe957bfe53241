"""The shell's git counts lines as real git does."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.terminal.shell.vcs import line_counts
from tests.support.oracles.git import Git

_TEXT = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"a b\n", b"c\r\n"]), max_size=12).map(b"".join)


@settings(deadline=None)
@given(_TEXT, _TEXT, st.sampled_from([b"", b"a", b"x"]), st.sampled_from([b"", b"a", b"x"]))
def test_what_is_added_and_removed_makes_up_the_difference(old: bytes, new: bytes, tail: bytes, end: bytes) -> None:
    old, new = old + tail, new + end
    added, removed = line_counts(old, new)
    lines = [text.count(b"\n") + (not text.endswith(b"\n") and text != b"") for text in (old, new)]
    assert added - removed == lines[1] - lines[0]
    assert (added == removed == 0) == (old == new)
    assert line_counts(new, old) == (removed, added)


@pytest.mark.skipif(shutil.which("git") is None, reason="real git is not installed")
def test_counts_are_gits(tmp_path: Path) -> None:
    lines = [b"line %d\n" % i for i in range(3000)]
    moved = [*lines[100:], *lines[:100]]
    texts = {
        "few": (lines, [*lines[:7], b"new\n", *lines[9:2000], *lines[2001:]]),
        "moved": (lines, moved),
        "much": (lines, [line if i % 3 else b"x" + line for i, line in enumerate(lines)]),
        "no newline": ([b"a\n", b"b\n"], [b"a\n", b"b"]),
        "emptied": (lines, []),
    }
    git = Git(tmp_path / "r")
    git.commit("old", {name: b"".join(old) for name, (old, _) in texts.items()})
    git.commit("new", {name: b"".join(new) for name, (_, new) in texts.items()})
    for row in git.run("diff", "--numstat", "HEAD~1", "HEAD").splitlines():
        added, removed, name = row.split("\t")
        old, new = texts[name]
        assert line_counts(b"".join(old), b"".join(new)) == (int(added), int(removed)), name
