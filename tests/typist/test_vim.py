"""The typist's keys in real vim: files and screens are those of our editor, over edits of real histories."""

import os
import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.support.beside_vim import SIZES, STYLES, compare, edits, histories
from tests.support.vim_in_tmux import Pane

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (shutil.which("vim") and shutil.which("tmux") and shutil.which("git")),
        reason="vim, tmux and git are not all installed",
    ),
]

CHECKOUT = Path(__file__).parents[2]
EDITS = 200 if "RCFAM_SLOW" in os.environ else 40
LONGEST_KEYS = 1500
EQUAL_SHARE = 0.99


def test_edits_of_real_histories_end_and_look_as_in_vim(tmp_path: Path) -> None:
    found = histories(CHECKOUT)
    if not found:
        pytest.skip("no history here: not a git checkout, and RCFAM_HISTORIES is not set")
    count = -(-EDITS // len(found))
    seen = Counter[str]()
    panes = [Pane(tmp_path / f"tmux{i}", *size) for i, size in enumerate(SIZES)]
    with panes[0], panes[1]:
        for path in found:
            for number, edit in enumerate(edits(path, count, Random(0), LONGEST_KEYS)):
                side, style = number % 2, STYLES[number // 2 % 2]
                result = compare(panes[side], tmp_path / "files", edit, style, SIZES[side])
                assert result.bytes_equal, f"{edit.repository} {edit.commit} {edit.path} ({style})"
                seen.update(one.kind for one in result.differences)
                seen.update({"edits": 1, "frames": result.frames})
    if seen["edits"] < EDITS:
        pytest.skip(f"only {seen['edits']} edits of histories are at hand (a shallow clone?); all of them are equal")
    equal = 1 - (seen["text"] + seen["cursor"]) / seen["frames"]
    last = equal - seen["last line"] / seen["frames"]
    print(f"{seen['edits']} edits, {seen['frames']} frames: text and cursor {equal:.2%}, last line too {last:.2%}")
    assert equal >= EQUAL_SHARE
