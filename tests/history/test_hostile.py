"""Hostile repositories are read or refused in one line; nothing hangs, and nothing takes the machine's memory."""

import os
import resource
from pathlib import Path

import pytest

from benchmarks.hostile import forked
from benchmarks.hostile_cases import CASES, Case
from rcfam.errors import RcfamError
from rcfam.history import Ledger, Repository

SLOW = ("500,000,000", "30,000 folders", "250,000 empty", "60 MB", "100,000 parents", "texts of", "2000 tags")
ALWAYS = ("pack: ", "bomb", "circle", "holds itself", "cut to 0.5", "is pipe", "alternates", "config: incl")
STEP = 4  # python -m benchmarks.hostile has them all
MEMORY_MIB = 500  # beyond what the process that runs the tests holds, which its child begins with
CHOSEN = [
    case
    for number, case in enumerate(CASES)
    if (number % STEP == 0 or any(word in case.name for word in ALWAYS)) and not any(word in case.name for word in SLOW)
]


def read(path: Path) -> None:
    """All that rendering asks of a history; what is wrong with it is printed in one line."""
    try:
        repository = Repository(path)
        ledger = Ledger("r")
        repository.licence("HEAD")
        for commit in repository.commits():
            ledger.add(commit)
            repository.tree(commit.id)
            for change in commit.changes:
                _ = change.new if change.new_reason is None else b""
                _ = change.old if change.old_reason is None else b""
    except RcfamError as error:
        text = str(error)
        assert "\n" not in text and text
        os.write(1, text.encode("utf-8", "replace"))
        raise SystemExit(1) from error


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_a_hostile_repository_is_read_or_refused(case: Case, tmp_path: Path) -> None:
    made = case.make(tmp_path / "r")
    before = sorted(tmp_path.rglob("*"))
    held = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    ended = forked(lambda: read(made), tmp_path, seconds=20)
    assert ended.code in (0, 1), ended
    assert ended.mib < held + MEMORY_MIB, (ended, held)
    if case.expected == "rendered":
        assert ended.code == 0, ended
    assert sorted(tmp_path.rglob("*")) == before
