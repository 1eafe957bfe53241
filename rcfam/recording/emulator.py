"""Any program's screen: libghostty-vt (through pyghostty) turns terminal output into frames of our kind.

pyghostty is an optional dependency; only importing foreign recordings needs it.
"""

# R rows, C columns

import weakref
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError
from rcfam.recording.layout import check_grid
from rcfam.terminal.cells import (
    BLANK,
    BLINK,
    BOLD,
    CLUSTER_BASE,
    DIM,
    GLYPH_BITS,
    HIDDEN,
    INVERSE,
    ITALIC,
    MAX_ATTRIBUTES,
    RGB,
    STRIKE,
    UNDERLINE,
)

_STYLES: Final = {
    "bold": BOLD,
    "faint": DIM,
    "italic": ITALIC,
    "underline": UNDERLINE,
    "blink": BLINK,
    "inverse": INVERSE,
    "invisible": HIDDEN,
    "strikethrough": STRIKE,
}
_MOST_CODE_POINTS: Final = 64  # of one cell; a base character with more combining marks is cut
_COMBINING: Final = 0xCC  # the first byte of combining marks; libghostty does not say that such a row changed


class Emulator:
    """A terminal that is fed bytes. `attributes` and `clusters` grow as new ones come up on the screen."""

    attributes: list[tuple[int, int, int]]
    clusters: list[str]

    def __init__(self, rows: int, columns: int) -> None:
        check_grid(rows, columns)
        try:
            import pyghostty
        except ImportError as error:
            raise RcfamError(
                "importing needs a terminal emulator: pip install 'rcfam[emulator]' (the package pyghostty)"
            ) from error
        self._ffi, self._lib = pyghostty.ffi, pyghostty.lib
        self._terminal = pyghostty.Terminal(columns, rows, scrollback=0)
        self._free_state: Any = None
        self._new_state()
        self._row, _ = self._made("GhosttyRenderStateRowIterator", "ghostty_render_state_row_iterator")
        self._row_cells, _ = self._made("GhosttyRenderStateRowCells", "ghostty_render_state_row_cells")
        self._style = pyghostty.core.init_sized("GhosttyStyle")
        self._values = {kind: self._ffi.new(f"{kind} *") for kind in ("uint16_t", "uint32_t", "int", "bool")}
        self._cells = np.full((rows, columns), BLANK, np.uint32)
        self.attributes, self._attribute_of = [(0, 0, 0)], {(0, 0, 0): 0}
        self.clusters = []
        self._cluster_of: dict[str, int] = {}

    def feed(self, data: bytes) -> None:
        """Output of a program."""
        self._terminal.feed(data)
        if any(byte >= _COMBINING for byte in data):
            self._new_state()

    def resize(self, rows: int, columns: int) -> None:
        """The window became another size; the screen is laid out anew."""
        check_grid(rows, columns)
        self._terminal.resize(columns, rows)
        self._cells = np.full((rows, columns), BLANK, np.uint32)
        self._new_state()

    def frame(self) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        """The screen now: cells (R, C), good until the next call, and the cursor (3,)."""
        lib, state = self._lib, self._state
        self._check(lib.ghostty_render_state_update(state, self._terminal._t[0]))
        dirty = self._ffi.new("GhosttyRenderStateDirty *")
        self._check(lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_DIRTY, dirty))
        if dirty[0] != lib.GHOSTTY_RENDER_STATE_DIRTY_FALSE:
            everything = dirty[0] == lib.GHOSTTY_RENDER_STATE_DIRTY_FULL
            self._check(lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR, self._row))
            row = 0
            while row < len(self._cells) and lib.ghostty_render_state_row_iterator_next(self._row[0]):
                if everything or self._row_value(lib.GHOSTTY_RENDER_STATE_ROW_DATA_DIRTY, "bool"):
                    self._read_row(row)
                row += 1
            self._check(lib.ghostty_render_state_clean(state))
        return self._cells, self._cursor()

    def _new_state(self) -> None:
        """Let the next frame read the whole screen."""
        if self._free_state is not None:
            self._free_state()
        state, self._free_state = self._made("GhosttyRenderState", "ghostty_render_state")
        self._state = state[0]

    def _made(self, kind: str, name: str) -> tuple[Any, Any]:
        """(a pointer to a new object of the library, what frees it; at the latest that happens with this one)."""
        out = self._ffi.new(f"{kind} *")
        self._check(getattr(self._lib, f"{name}_new")(self._ffi.NULL, out))
        return out, weakref.finalize(self, getattr(self._lib, f"{name}_free"), out[0])

    def _check(self, result: int) -> None:
        if result:
            raise RcfamError(f"libghostty-vt says error {result}")

    def _row_value(self, data: int, kind: str) -> Any:
        out = self._values[kind]
        self._check(self._lib.ghostty_render_state_row_get(self._row[0], data, out))
        return out[0]

    def _cursor(self) -> NDArray[np.int32]:
        """(row, column, visible); right of the last column while the next character would wrap."""
        visible, lib = self._values["bool"], self._lib
        self._check(lib.ghostty_render_state_get(self._state, lib.GHOSTTY_RENDER_STATE_DATA_CURSOR_VISIBLE, visible))
        column, row = self._terminal.cursor
        column += bool(self._terminal.get("cursor_pending_wrap", "bool"))
        return np.array([row, column, visible[0]], np.int32)

    def _read_row(self, row: int) -> None:
        """Read one row of the screen; equal raw cells of a row mean the same, unless they are clusters."""
        lib = self._lib
        view = self._ffi.new("GhosttyCellsView *")
        self._check(lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, view))
        self._check(
            lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._row_cells)
        )
        raw = self._ffi.unpack(view.ptr, view.len) if view.len else []
        known: dict[int, int] = {}
        out = self._cells[row]
        out[:] = BLANK
        for column, value in enumerate(raw[: len(out)]):
            cell = known.get(value)
            if cell is None:
                cell, shared = self._read_cell(column, value)
                if shared:
                    known[value] = cell
            out[column] = cell

    def _read_cell(self, column: int, value: int) -> tuple[int, bool]:
        """One cell, and whether its raw value says all about it (it does not where a cluster hangs on it)."""
        lib = self._lib
        if value == 0:
            return BLANK, True
        tag = self._cell_value(value, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, "int")
        if tag == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
            entry = self._ffi.new("GhosttyColorPaletteIndex *")
            self._check(lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_PALETTE, entry))
            return BLANK | self._attribute(0, 1 + entry[0], 0), True
        if tag == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_RGB:
            colour = self._ffi.new("GhosttyColorRgb *")
            self._check(lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_RGB, colour))
            return BLANK | self._attribute(0, RGB | colour.r << 16 | colour.g << 8 | colour.b, 0), True
        self._check(lib.ghostty_render_state_row_cells_select(self._row_cells[0], column))
        attribute = 0
        if self._cell_value(value, lib.GHOSTTY_CELL_DATA_HAS_STYLING, "bool"):
            attribute = self._read_style()
        if self._cell_value(value, lib.GHOSTTY_CELL_DATA_WIDE, "int") == lib.GHOSTTY_CELL_WIDE_SPACER_TAIL:
            return attribute, True
        if tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME:
            return self._read_cluster() | attribute, False
        return (self._cell_value(value, lib.GHOSTTY_CELL_DATA_CODEPOINT, "uint32_t") or BLANK) | attribute, True

    def _cell_value(self, value: int, data: int, kind: str) -> Any:
        out = self._values[kind]
        self._check(self._lib.ghostty_cell_get(value, data, out))
        return out[0]

    def _read_cluster(self) -> int:
        """The glyph of the selected cell, which has more than one code point."""
        lib, length = self._lib, self._values["uint32_t"]
        self._check(
            lib.ghostty_render_state_row_cells_get(
                self._row_cells[0], lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, length
            )
        )
        codes = self._ffi.new("uint32_t[]", length[0])
        self._check(
            lib.ghostty_render_state_row_cells_get(
                self._row_cells[0], lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, codes
            )
        )
        text = "".join(chr(code) for code in list(codes)[:_MOST_CODE_POINTS])
        if text not in self._cluster_of:
            self._cluster_of[text] = len(self.clusters)
            self.clusters.append(text)
        return CLUSTER_BASE + self._cluster_of[text]

    def _read_style(self) -> int:
        """The attribute bits of the selected cell."""
        lib, style = self._lib, self._style
        self._check(
            lib.ghostty_render_state_row_cells_get(
                self._row_cells[0], lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE, style
            )
        )
        bits = sum(bit for name, bit in _STYLES.items() if getattr(style, name))
        return self._attribute(self._colour(style.fg_color), self._colour(style.bg_color), bits)

    def _colour(self, colour: Any) -> int:
        if colour.tag == self._lib.GHOSTTY_STYLE_COLOR_PALETTE:
            return 1 + int(colour.value.palette)
        if colour.tag == self._lib.GHOSTTY_STYLE_COLOR_RGB:
            rgb = colour.value.rgb
            return int(RGB | rgb.r << 16 | rgb.g << 8 | rgb.b)
        return 0

    def _attribute(self, foreground: int, background: int, style: int) -> int:
        """The attribute bits of a cell in these colours; raises RcfamError where the table is full."""
        row = (foreground, background, style)
        number = self._attribute_of.get(row)
        if number is None:
            number = len(self.attributes)
            if number == MAX_ATTRIBUTES:
                raise RcfamError(f"more than {MAX_ATTRIBUTES} combinations of colours and styles")
            self._attribute_of[row] = number
            self.attributes.append(row)
        return number << GLYPH_BITS
