"""Ghostty's terminal emulator, cell by cell: an oracle for what escape codes show."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.recording.ansi import glyph_text
from rcfam.terminal.cells import (
    BLINK,
    BOLD,
    DIM,
    GLYPH_BITS,
    GLYPH_MASK,
    HIDDEN,
    INVERSE,
    ITALIC,
    RGB,
    STRIKE,
    UNDERLINE,
)

# R rows, C columns

_STYLES = (
    (BOLD, "bold"),
    (DIM, "faint"),
    (ITALIC, "italic"),
    (UNDERLINE, "underline"),
    (BLINK, "blink"),
    (INVERSE, "inverse"),
    (HIDDEN, "invisible"),
    (STRIKE, "strikethrough"),
)
_GRAPHEME = 64  # code points read of one cell


class Screen(NamedTuple):
    """What a terminal shows. `cells[r][c]` is (text, fg, bg, style): the text empty for the second half of a wide
    character, colours and style as in cells.py.
    """

    cells: list[list[tuple[str, int, int, int]]]
    cursor: tuple[int, int, bool]


def expected(
    cells_RC: NDArray[np.uint32], cursor_3: NDArray[np.int32], attributes: NDArray[np.uint32], clusters: list[str]
) -> Screen:
    """A frame of ours as such a screen."""
    table = [tuple(row) for row in attributes.tolist()]
    cells = [
        [(glyph_text(cell & GLYPH_MASK, clusters), *table[cell >> GLYPH_BITS]) for cell in row]
        for row in cells_RC.tolist()
    ]
    for row in cells:
        for c in range(1, len(row)):
            if not row[c][0]:
                row[c] = ("", *row[c - 1][1:])
    row, column, visible = cursor_3.tolist()
    return Screen(cells, (row, min(column, cells_RC.shape[1] - 1), bool(visible)))


class Emulator:
    """A Ghostty terminal of `rows` x `columns` cells."""

    def __init__(self, rows: int, columns: int) -> None:
        import pyghostty  # noqa: F401 - its parts below fail less clearly
        from pyghostty import core

        self._core: Any = core
        self._rows, self._columns = rows, columns
        self.terminal: Any = core.Terminal(columns, rows, scrollback=0)

    def feed(self, data: str) -> None:
        self.terminal.feed(data)

    def screen(self) -> Screen:
        """What it shows now."""
        ffi, lib = self._core.ffi, self._core.lib
        terminal = self.terminal._t[0]
        find = self._core.union_fn(
            "ghostty_terminal_grid_ref", "GhosttyResult(*)(GhosttyTerminal, GhosttyPointS, GhosttyGridRef*)"
        )
        point = ffi.new("GhosttyPointS*")
        point.tag = lib.GHOSTTY_POINT_TAG_ACTIVE
        place = self._core.init_sized("GhosttyGridRef")
        style = self._core.init_sized("GhosttyStyle")
        codes, count = ffi.new("uint32_t[]", _GRAPHEME), ffi.new("size_t*")
        cell, wide = ffi.new("GhosttyCell*"), ffi.new("GhosttyCellWide*")
        rows = []
        for y in range(self._rows):
            row: list[tuple[str, int, int, int]] = []
            point.value.y = y
            for x in range(self._columns):
                point.value.x = x
                self._core.check(find(terminal, point[0], place), "grid_ref")
                lib.ghostty_grid_ref_cell(place, cell)
                lib.ghostty_cell_get(cell[0], lib.GHOSTTY_CELL_DATA_WIDE, wide)
                if wide[0] == lib.GHOSTTY_CELL_WIDE_SPACER_TAIL:
                    row.append(("", *row[-1][1:]))
                    continue
                lib.ghostty_grid_ref_graphemes(place, codes, _GRAPHEME, count)
                text = "".join(map(chr, codes[0 : count[0]])) or " "
                lib.ghostty_grid_ref_style(place, style)
                row.append((text, self._colour(style.fg_color), self._colour(style.bg_color), _style(style)))
            rows.append(row)
        column, line = self.terminal.cursor
        return Screen(rows, (line, column, self.terminal.mode(25)))

    def _colour(self, colour: Any) -> int:
        lib = self._core.lib
        if colour.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
            return 1 + int(colour.value.palette)
        if colour.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
            rgb = colour.value.rgb
            return RGB | rgb.r << 16 | rgb.g << 8 | rgb.b
        return 0


def _style(style: Any) -> int:
    return sum(bit for bit, name in _STYLES if getattr(style, name))
