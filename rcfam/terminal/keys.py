"""Keystrokes: one uint32 each, and the xterm control sequences that they stand for.

A value up to 0x10FFFF is a typed character; the control characters among them are the Ctrl keys (13 Enter, 9 Tab,
27 Escape, 127 Backspace, 2 Ctrl-B ...). Values from NAMED on are keys that an xterm sends as a control sequence.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError

CTRL_A: Final = 1
CTRL_B: Final = 2
CTRL_C: Final = 3
CTRL_D: Final = 4
TAB: Final = 9
ENTER: Final = 13
ESCAPE: Final = 27
BACKSPACE: Final = 127

NAMED: Final = 0x110000
UP: Final = NAMED
DOWN: Final = NAMED + 1
RIGHT: Final = NAMED + 2
LEFT: Final = NAMED + 3
HOME: Final = NAMED + 4
END: Final = NAMED + 5
INSERT: Final = NAMED + 6
DELETE: Final = NAMED + 7
PAGE_UP: Final = NAMED + 8
PAGE_DOWN: Final = NAMED + 9

# What xterm sends with normal cursor keys (its ctlseqs document, "PC-style function keys").
SEQUENCES: Final[dict[int, str]] = {
    UP: "\x1b[A",
    DOWN: "\x1b[B",
    RIGHT: "\x1b[C",
    LEFT: "\x1b[D",
    HOME: "\x1b[H",
    END: "\x1b[F",
    INSERT: "\x1b[2~",
    DELETE: "\x1b[3~",
    PAGE_UP: "\x1b[5~",
    PAGE_DOWN: "\x1b[6~",
}

NAMES: Final[dict[int, str]] = {
    TAB: "<Tab>",
    ENTER: "<Enter>",
    ESCAPE: "<Esc>",
    BACKSPACE: "<Backspace>",
    UP: "<Up>",
    DOWN: "<Down>",
    RIGHT: "<Right>",
    LEFT: "<Left>",
    HOME: "<Home>",
    END: "<End>",
    INSERT: "<Insert>",
    DELETE: "<Delete>",
    PAGE_UP: "<PageUp>",
    PAGE_DOWN: "<PageDown>",
}


def from_text(text: str) -> NDArray[np.uint32]:
    """The keys that type `text` literally; a newline becomes Enter."""
    return np.frombuffer(text.replace("\n", "\r").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def to_xterm(keys: NDArray[np.uint32]) -> bytes:
    """The bytes that an xterm would send for `keys`. Raises RcfamError for a number that is no key."""
    unknown = keys[keys > PAGE_DOWN]
    if len(unknown):
        raise RcfamError(f"key {int(unknown[0]):#x}: 0..{PAGE_DOWN:#x} expected")
    return "".join(SEQUENCES.get(key, "") or chr(key) for key in keys.tolist()).encode("utf-8", "surrogatepass")


def name(key: int) -> str:
    """A readable name: the character itself, `<Up>`, `<C-b>`."""
    if key in NAMES:
        return NAMES[key]
    if key < 32:
        return f"<C-{chr(key + 96)}>"
    return chr(key) if key < NAMED and not 0xD800 <= key < 0xE000 else f"<key {key:#x}>"
