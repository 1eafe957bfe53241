"""Reading a terminal's frame as text, and writing keys as vim's documentation does: `dw`, `<Esc>`, `<C-f>`."""

import re

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import Terminal, keys
from rcfam.terminal.cells import CLUSTER_BASE, glyphs

_NAMED = {
    "Esc": keys.ESCAPE,
    "CR": keys.ENTER,
    "BS": keys.BACKSPACE,
    "Tab": keys.TAB,
    "Up": keys.UP,
    "Down": keys.DOWN,
    "Left": keys.LEFT,
    "Right": keys.RIGHT,
    "Home": keys.HOME,
    "End": keys.END,
    "PageUp": keys.PAGE_UP,
    "PageDown": keys.PAGE_DOWN,
    "Del": keys.DELETE,
    "lt": ord("<"),
}


def spelled(text: str) -> NDArray[np.uint32]:
    """Keystrokes from vim's notation."""
    codes = []
    for name, character in re.findall(r"<([A-Za-z]+|C-.)>|(.)", text, re.DOTALL):
        if character:
            codes.append(ord(character))
        else:
            codes.append(_NAMED[name] if name in _NAMED else ord(name[-1].lower()) & 31)
    return np.array(codes, dtype=np.uint32)


def rows(terminal: Terminal) -> list[str]:
    """The frame as text, blanks at the ends of rows dropped."""
    names = terminal.clusters
    return [
        "".join(names[g - CLUSTER_BASE] if g >= CLUSTER_BASE else chr(g) if g else "" for g in row).rstrip()
        for row in glyphs(terminal.state.cells).tolist()
    ]


def cursor(terminal: Terminal) -> tuple[int, int]:
    return int(terminal.state.cursor[0]), int(terminal.state.cursor[1])


def editing(data: bytes | None, rows: int = 24, columns: int = 80) -> Terminal:
    """A terminal whose editor is open on the file `f` with `data` (None: a new file)."""
    terminal = Terminal(rows, columns)
    if data is not None:
        terminal.files.write("f", data)
    terminal.press(keys.from_text("vim f\n"))
    return terminal


def typed(data: bytes | None, spelling: str) -> bytes:
    """The bytes of the file after the keys and `:wq`."""
    terminal = editing(data)
    terminal.press(spelled(spelling + "<Esc>:wq<CR>"))
    assert terminal.program == "shell"
    return terminal.files["f"].data
