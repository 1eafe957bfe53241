"""The attribute table: every combination of colours and styles that the programs use, and its number.

The table is fixed, so that an attribute number means the same in every recording made by one version.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal.cells import BOLD, INVERSE, ITALIC, UNDERLINE, palette

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
# What vim's default scheme gives its groups on a light background; groups that look the same share a number.
COMMENT: Final = 16
CONSTANT: Final = 17  # strings, characters, numbers, booleans
STATEMENT: Final = 18
TYPE: Final = 19
PREPROC: Final = 20  # also Special and Title
IDENTIFIER: Final = 21  # also functions; git's @@ lines
TODO: Final = 22
UNDERLINED: Final = 23
MISTAKE: Final = 24  # vim: Error
STRONG: Final = 25
EMPHASIS: Final = 26

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
    (palette(130), 0, 0),
    (palette(2), 0, 0),
    (palette(5), 0, 0),
    (palette(6), 0, 0),
    (palette(0), palette(11), 0),
    (palette(5), 0, UNDERLINE),
    (palette(15), palette(9), 0),
    (0, 0, BOLD),
    (0, 0, ITALIC),
)


def table() -> NDArray[np.uint32]:
    """The (N, 3) table: fg, bg, style of each attribute number, in the encoding of cells.py."""
    return np.array(_ROWS, dtype=np.uint32)
