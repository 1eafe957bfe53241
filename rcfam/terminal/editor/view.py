"""The editor's screen after a key: what is redrawn, the cursor, the selection."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal import widths as W
from rcfam.terminal.attributes import SELECTED, SPECIAL
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK
from rcfam.terminal.editor import messages, text, window
from rcfam.terminal.editor.columns import advance, line_height, text_rows, virtual
from rcfam.terminal.editor.draw import draw_text
from rcfam.terminal.editor.ruler import draw_ruler


@inner
def cursor_column(s: Any, line: Any, column: Any) -> Any:
    """The virtual column where vim draws the cursor: a tab's last cell, except where text is being inserted."""
    v = virtual(s, line, column)
    k = text.slot(s.ctl, line)
    if column < s.lines[k, 1]:
        c = s.pool[s.lines[k, 0] + column]
        w = s.widths[c]
        if w == W.TAB and s.ctl[S.MODE] != S.INSERT and s.ctl[S.MODE] != S.REPLACE:
            return advance(s.ctl, s.widths, v, c) - 1
        if w == W.WIDE and v % s.cells.shape[1] == s.cells.shape[1] - 1:
            return v + 1
    return v


@inner
def _skip_rows(s: Any, v: Any) -> None:
    """A cursor line higher than the window shows only the part around the cursor, at virtual column `v`."""
    ctl = s.ctl
    if ctl[S.LINE] != ctl[S.TOP]:
        ctl[S.SKIP] = 0
        return
    rows = text_rows(s)
    row = v // s.cells.shape[1]
    if row < ctl[S.SKIP]:
        ctl[S.SKIP] = row
    elif row >= ctl[S.SKIP] + rows:
        ctl[S.SKIP] = row - rows + 1
    elif ctl[S.SKIP] > 0 and line_height(s, ctl[S.LINE]) <= rows:
        ctl[S.SKIP] = 0


@inner
def _shown_row(s: Any, row: Any, line: Any, wanted: Any) -> Any:
    """The row where the line `wanted` is shown, from `line` at `row` on, as drawn last; -1 where it is not."""
    bottom = text_rows(s)
    while row < bottom and s.rows[row, 0] > S.ROW_TILDE and line < wanted:
        row += s.rows[row, 3] - s.rows[row, 2]
        line += 1
    return row if line == wanted and row < bottom and s.rows[row, 0] > S.ROW_TILDE else -1


@inner
def _vim_moves_rows(s: Any) -> bool:
    """Whether vim's win_update() moves rows on the terminal for what is to be drawn: that clears the last line.

    It does not where no more than two rows would stay, nor at the top where the first line itself has changed.
    """
    ctl = s.ctl
    rows = text_rows(s)
    top = ctl[S.TOP]
    more = ctl[S.LINES] - ctl[S.DRAWN_LINES]
    first = ctl[S.CHANGE_FIRST]
    last = ctl[S.CHANGE_LAST]
    old_top = ctl[S.DRAWN_TOP]
    if first < old_top and last - more <= old_top:
        old_top += more
    if first < top:
        first = top if last > top else S.STICK
    if top != old_top and first != top:
        if top > old_top:
            return _shown_row(s, 0, old_top, top) >= 0
        if old_top - top >= rows - 2:
            return False
        used = 0
        for line in range(top, old_top):
            used += line_height(s, line)
        return used < rows - 2
    row = _shown_row(s, 0, ctl[S.DRAWN_TOP], first)
    if row < 0:
        return False
    below = _shown_row(s, row, first, last - more)
    if below < 0:
        return False
    used = 0
    for line in range(first, last):
        used += line_height(s, line)
        if used > rows - row - 2:
            return False
    by = used - (below - row)
    return by != 0 and row + abs(by) < rows - 2


@inner
def show_caret(s: Any) -> None:
    """After Ctrl-V a ^ stands over the character at the cursor until the next key."""
    row = s.cursor[0]
    column = s.cursor[1]
    if column + 1 < s.cells.shape[1] and s.cells[row, column + 1] & GLYPH_MASK == 0:
        s.cells[row, column + 1] = K.SPACE
    s.cells[row, column] = np.uint32(SPECIAL << GLYPH_BITS | K.CARET)
    s.dirty[row] = 1
    s.rows[row, 0] = S.ROW_UNKNOWN
    s.ctl[S.CHANGED] = 1


@inner
def wrap_at_end(s: Any) -> None:
    """Text typed over the right edge of the last row scrolls the window by one line, as in vim's edit()."""
    ctl = s.ctl
    columns = s.cells.shape[1]
    if (
        ctl[S.CHANGED]
        and ctl[S.TOP] == ctl[S.DRAWN_TOP]
        and s.cursor[0] == text_rows(s) - 1
        and s.cursor[1] >= ctl[S.TABSTOP]
        and s.cursor[1] >= columns - 8
        and ctl[S.LINE] != ctl[S.TOP]
        and cursor_column(s, ctl[S.LINE], ctl[S.COLUMN]) % columns < s.cursor[1] - ctl[S.TABSTOP]
    ):
        ctl[S.TOP] += 1
        ctl[S.SKIP] = 0


@inner
def _select(s: Any) -> None:
    """Show what visual mode has selected: every row of it, one cell behind a line's end, not the cursor's cell."""
    ctl = s.ctl
    columns = s.cells.shape[1]
    bottom = text_rows(s)
    back = ctl[S.VISUAL_LINE] > ctl[S.LINE] or (
        ctl[S.VISUAL_LINE] == ctl[S.LINE] and ctl[S.VISUAL_COLUMN] > ctl[S.COLUMN]
    )
    first = ctl[S.LINE] if back else ctl[S.VISUAL_LINE]
    last = ctl[S.VISUAL_LINE] if back else ctl[S.LINE]
    whole = ctl[S.VISUAL_KIND] == S.SELECT_LINES
    wide = s.cursor[1] + 1 < columns and s.cells[s.cursor[0], s.cursor[1] + 1] & GLYPH_MASK == 0
    ctl[S.SELECTED_TOP] = bottom
    row = -ctl[S.SKIP]
    line = ctl[S.TOP]
    while line <= last and row < bottom:
        k = text.slot(ctl, line)
        rows = window.cached_height(s, line, max(row, 0))
        if line >= first and s.rows[max(row, 0), 0] == s.lines[k, 0]:
            v = np.int64(0)
            end = virtual(s, line, s.lines[k, 1]) + 1
            if not whole and line == first:
                v = virtual(s, line, ctl[S.COLUMN] if back else ctl[S.VISUAL_COLUMN])
            if not whole and line == last:
                column = ctl[S.VISUAL_COLUMN] if back else ctl[S.COLUMN]
                if column < s.lines[k, 1]:
                    end = virtual(s, line, column + 1)
            for place in range(v, min(end, rows * columns)):
                r = row + place // columns
                x = place % columns
                if 0 <= r < bottom and not (r == s.cursor[0] and (x == s.cursor[1] or (wide and x == s.cursor[1] + 1))):
                    s.cells[r, x] += np.uint32(SELECTED << GLYPH_BITS)
                    s.dirty[r] = 1
            ctl[S.SELECTED_TOP] = min(ctl[S.SELECTED_TOP], max(row, 0))
            ctl[S.SELECTED_END] = min(row + rows, bottom)
        row += rows
        line += 1


@inner
def refresh(s: Any) -> None:
    """Scroll, redraw what changed, place the cursor and the ruler."""
    ctl = s.ctl
    if ctl[S.SELECTED_END] > 0:
        for r in range(ctl[S.SELECTED_TOP], ctl[S.SELECTED_END]):
            s.rows[r, 0] = S.ROW_UNKNOWN
        ctl[S.SELECTED_END] = 0
        ctl[S.CHANGED] = 1
    if ctl[S.WHOLE]:
        for r in range(s.rows.shape[0]):
            s.rows[r, 0] = S.ROW_UNKNOWN
    window.follow_cursor(s)
    line = ctl[S.LINE]
    v = cursor_column(s, line, ctl[S.COLUMN])
    _skip_rows(s, v)
    if ctl[S.CHANGED] or ctl[S.WHOLE] or ctl[S.TOP] != ctl[S.DRAWN_TOP] or ctl[S.SKIP] != ctl[S.DRAWN_SKIP]:
        gone = ctl[S.SAID] and not ctl[S.KEPT] and not ctl[S.WHOLE] and _vim_moves_rows(s)
        draw_text(s)
        ctl[S.CHANGED] = 0
        ctl[S.WHOLE] = 0
        ctl[S.DRAWN_TOP] = ctl[S.TOP]
        ctl[S.DRAWN_SKIP] = ctl[S.SKIP]
        ctl[S.DRAWN_LINES] = ctl[S.LINES]
        ctl[S.CHANGE_FIRST] = S.STICK
        ctl[S.CHANGE_LAST] = -1
        if gone:
            messages.say(s, messages.MODE)
            messages.draw(s)
    ctl[S.KEPT] = 0
    if ctl[S.WANT] == S.HERE:
        ctl[S.WANT] = v
    columns = s.cells.shape[1]
    row = -ctl[S.SKIP]
    i = ctl[S.TOP]
    while i < line:
        row += window.cached_height(s, i, row)
        i += 1
    row += v // columns
    column = v % columns
    if column == 0 and v > 0 and row >= text_rows(s):
        row -= 1
        column = columns - 1
    s.cursor[0] = min(max(row, 0), text_rows(s) - 1)
    s.cursor[1] = column
    s.cursor[2] = 1
    if ctl[S.MODE] == S.VISUAL:
        _select(s)
    draw_ruler(s, v, v)
