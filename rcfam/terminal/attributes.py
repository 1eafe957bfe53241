"""The attribute table: every combination of colours and styles that the programs use, and its number.

The table is fixed, so that an attribute number means the same in every recording made by one version.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal.cells import BOLD, ITALIC, UNDERLINE, palette

PLAIN: Final = 0
STATUS: Final = 1  # tmux's bar: black on green
PROMPT_USER: Final = 2  # bold green
PROMPT_PATH: Final = 3  # bold blue
DIRECTORY: Final = 4  # ls: bold blue
EXECUTABLE: Final = 5  # ls: bold green
LINK: Final = 6  # ls: bold cyan
NONTEXT: Final = 7  # vim: ~ and @ rows
SPECIAL: Final = 8  # vim: ^X and <xx>
MODE: Final = 9  # vim: -- INSERT --
ERROR: Final = 10  # vim: white on red
WARNING: Final = 11  # vim: search hit BOTTOM
ADDED: Final = 12  # git: green
REMOVED: Final = 13  # git: red
COMMIT: Final = 14  # git log: yellow
# vim's default scheme on a dark background. Special (224 there) and Title (225) share PreProc's number.
COMMENT: Final = 15
CONSTANT: Final = 16  # strings, characters, numbers, booleans
STATEMENT: Final = 17
TYPE: Final = 18
PREPROC: Final = 19
IDENTIFIER: Final = 20  # also functions
TODO: Final = 21
UNDERLINED: Final = 22
MISTAKE: Final = 23  # vim: Error
STRONG: Final = 24
EMPHASIS: Final = 25
HUNK: Final = 26  # git: @@ lines
SELECTED: Final = 27  # + any of those above: in vim's visual selection

_ROWS: Final = (
    (0, 0, 0),
    (palette(0), palette(2), 0),
    (palette(2), 0, BOLD),
    (palette(4), 0, BOLD),
    (palette(4), 0, BOLD),
    (palette(2), 0, BOLD),
    (palette(6), 0, BOLD),
    (palette(12), 0, 0),
    (palette(81), 0, 0),
    (0, 0, BOLD),
    (palette(15), palette(1), 0),
    (palette(224), 0, 0),
    (palette(2), 0, 0),
    (palette(1), 0, 0),
    (palette(3), 0, 0),
    (palette(14), 0, 0),
    (palette(13), 0, 0),
    (palette(11), 0, 0),
    (palette(121), 0, 0),
    (palette(81), 0, 0),
    (palette(14), 0, BOLD),
    (palette(0), palette(11), 0),
    (palette(81), 0, UNDERLINE),
    (palette(15), palette(9), 0),
    (0, 0, BOLD),
    (0, 0, ITALIC),
    (palette(6), 0, 0),
)


def table() -> NDArray[np.uint32]:
    """The (N, 3) table: fg, bg, style of each attribute number, in the encoding of cells.py."""
    selected = [(ink, palette(242), style) for ink, _, style in _ROWS]
    return np.array([*_ROWS, *selected], dtype=np.uint32)
