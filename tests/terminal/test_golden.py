"""Our terminal beside golden screens: what real vim, bash and tmux showed, kept as text (see golden_screens.py)."""

from pathlib import Path
from typing import Any

import pytest

from rcfam.terminal import Terminal, keys
from tests.support.golden_screens import COLUMNS, FOLDER, ROWS, read
from tests.support.terminal_screens import cursor, rows, spelled
from tests.support.vim_in_tmux import Screen


def shown(case: dict[str, Any]) -> Screen:
    """What our terminal shows after the same keys."""
    terminal = Terminal(ROWS, COLUMNS)
    if not case.get("shell"):
        path = case.get("path", "f")
        if "/" in path:
            terminal.press(keys.from_text(f"mkdir -p '{path.rpartition('/')[0]}'\n"))
        if case["file"] is not None:
            terminal.files.write(path, case["file"].encode())
        terminal.press(keys.from_text(f"clear\nvim '{path}'\n"))
    terminal.press(spelled(case["keys"]))
    found = rows(terminal)
    return Screen(found if case.get("bar") else found[:-1], cursor(terminal))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_screen_is_that_of_the_real_program(path: Path) -> None:
    case, wanted = read(path)
    found = shown(case)
    assert found.rows == wanted.rows
    assert found.cursor == wanted.cursor
