"""The attribute table: every combination of colours and styles that the programs use, and its number.

The table is fixed, so that an attribute number means the same in every recording. New rows may be added at the end
only.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal.cells import BOLD, INVERSE, palette

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
VISUAL: Final = 12  # vim: the selection
ADDED: Final = 13  # git: green
REMOVED: Final = 14  # git: red
COMMIT: Final = 15  # git log: yellow
COMMENT: Final = 16
STRING: Final = 17
NUMBER: Final = 18
KEYWORD: Final = 19
TYPE: Final = 20
PREPROCESSOR: Final = 21
FUNCTION: Final = 22
TITLE: Final = 23
LINE_NUMBER: Final = 24

_ROWS: Final = (
    (0, 0, 0),
    (palette(0), palette(2), 0),
    (palette(2), 0, BOLD),
    (palette(4), 0, BOLD),
    (palette(4), 0, BOLD),
    (palette(2), 0, BOLD),
    (palette(6), 0, BOLD),
    (palette(12), 0, 0),
    (palette(4), 0, 0),
    (0, 0, BOLD),
    (palette(15), palette(1), 0),
    (palette(1), 0, 0),
    (0, 0, INVERSE),
    (palette(2), 0, 0),
    (palette(1), 0, 0),
    (palette(3), 0, 0),
    (palette(4), 0, 0),
    (palette(1), 0, 0),
    (palette(1), 0, 0),
    (palette(130), 0, 0),
    (palette(2), 0, 0),
    (palette(5), 0, 0),
    (palette(6), 0, 0),
    (palette(5), 0, BOLD),
    (palette(130), 0, 0),
)


def table() -> NDArray[np.uint32]:
    """The (N, 3) table: fg, bg, style of each attribute number, in the encoding of cells.py."""
    return np.array(_ROWS, dtype=np.uint32)
