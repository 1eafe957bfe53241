"""What a cell is: one uint32, an attribute number and a glyph.

    31          21 20                    0
    +-------------+----------------------+
    |  attribute  |        glyph         |
    +-------------+----------------------+

A glyph up to 0x10FFFF is that code point; 0 is the second half of a wide character; from CLUSTER_BASE on it is the
number of a grapheme cluster (a base character with its combining marks) in the table that travels with the cells.
An attribute is a row (fg, bg, style) of an attribute table of at most 2,048 rows, so that one comparison of two
integers compares two whole cells.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

GLYPH_BITS: Final = 21
GLYPH_MASK: Final = (1 << GLYPH_BITS) - 1
MAX_ATTRIBUTES: Final = 1 << (32 - GLYPH_BITS)
CLUSTER_BASE: Final = 0x110000
BLANK: Final = 0x20  # a space with attribute 0, the default colours

# A colour: 0 is the terminal's default, 1 + n the palette's entry n (0..255), RGB | 0xRRGGBB a 24-bit colour.
DEFAULT_COLOUR: Final = 0
RGB: Final = 1 << 24

BOLD: Final = 1
DIM: Final = 2
ITALIC: Final = 4
UNDERLINE: Final = 8
BLINK: Final = 16
INVERSE: Final = 32
HIDDEN: Final = 64
STRIKE: Final = 128


def palette(number: int) -> int:
    """The colour value of the terminal palette's entry `number`, 0..255."""
    return 1 + number


def pack(glyph: int, attribute: int = 0) -> int:
    """One cell from a glyph and an attribute number."""
    return attribute << GLYPH_BITS | glyph


def glyphs(cells: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The glyphs of cells of any shape."""
    return cells & np.uint32(GLYPH_MASK)


def attributes(cells: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The attribute numbers of cells of any shape."""
    return cells >> np.uint32(GLYPH_BITS)
