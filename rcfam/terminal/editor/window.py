"""Where the window stands: vim's scrolling rules.

A cursor a little outside the window scrolls it by as few lines as needed, one far outside is put in the middle (vim's
`update_topline`, `scroll_cursor_bot`, `scroll_cursor_top`, `scroll_cursor_halfway`, with scrolloff 0 and scrolljump 1).
"""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import text
from rcfam.terminal.editor.columns import height, line_height, text_rows


@inner
def cached_height(s: Any, line: Any, row: Any) -> Any:
    """Rows that `line` takes, from the screen row where it would stand if nothing changed."""
    k = text.slot(s.ctl, line)
    rows = s.rows
    if 0 <= row < rows.shape[0] and rows[row, 0] == s.lines[k, 0] and rows[row, 1] == s.lines[k, 1]:
        return rows[row, 3]
    return height(s.ctl, s.pool, s.widths, s.lines[k, 0], s.lines[k, 1])


@inner
def measure(s: Any) -> Any:
    """Find ctl[BOTTOM], the first line not wholly shown from the top line on; return the rows left empty below."""
    ctl = s.ctl
    bottom = text_rows(s)
    row = -ctl[S.SKIP]
    line = ctl[S.TOP]
    while line < ctl[S.LINES] and row < bottom:
        rows = cached_height(s, line, max(row, 0))
        if row + rows > bottom:
            break
        row += rows
        line += 1
    ctl[S.BOTTOM] = line
    return bottom - max(row, 0)


@inner
def follow_cursor(s: Any) -> None:
    """Move the window where the cursor left it; ctl[BOTTOM] must be right on entry and is again on return."""
    ctl = s.ctl
    rows = text_rows(s)
    line = ctl[S.LINE]
    before = ctl[S.TOP]
    empty = 0
    if ctl[S.CHANGED] or ctl[S.TOP] != ctl[S.DRAWN_TOP] or ctl[S.WHOLE] or line >= ctl[S.BOTTOM]:
        empty = measure(s)
    if line < ctl[S.TOP]:
        half = max(2, rows // 2 - 1)
        if ctl[S.TOP] - line >= half:
            to_middle(s, False, False)
        else:
            to_top(s, 1, False)
    elif line >= ctl[S.BOTTOM] and ctl[S.BOTTOM] < ctl[S.LINES]:
        if line - ctl[S.BOTTOM] + 1 <= rows + 1:
            to_bottom(s, 1, empty)
        else:
            to_middle(s, False, False)
    if ctl[S.TOP] != before:
        measure(s)


@inner
def to_middle(s: Any, at_end: bool, above_first: bool) -> None:
    """Put the cursor's line in the middle, the odd row above it where `above_first`.

    Rows below the text's end count only where `at_end` is true.
    """
    ctl = s.ctl
    rows = text_rows(s)
    line = ctl[S.LINE]
    used = line_height(s, line)
    top = line
    last = line
    above = 0
    below = 0
    while top > 0:
        if above_first and below >= above:
            h = line_height(s, top - 1)
            used += h
            if used > rows:
                break
            above += h
            top -= 1
        if below < above or (not above_first and below == above):
            if last < ctl[S.LINES] - 1:
                last += 1
                h = line_height(s, last)
                used += h
                if used > rows:
                    break
                below += h
            else:
                below += 1
                if at_end:
                    used += 1
        if not above_first and below > above and top > 0:
            h = line_height(s, top - 1)
            used += h
            if used > rows:
                break
            above += h
            top -= 1
    ctl[S.TOP] = top
    ctl[S.SKIP] = 0


@inner
def to_top(s: Any, minimum: Any, always: bool) -> None:
    """Scroll so that the cursor's line, above the window, is its first."""
    ctl = s.ctl
    rows = text_rows(s)
    line = ctl[S.LINE]
    used = line_height(s, line)
    scrolled = used if line < ctl[S.TOP] else 0
    top = line - 1
    new = line
    while top >= 0:
        h = line_height(s, top)
        if top < ctl[S.TOP]:
            scrolled += h
        if new >= ctl[S.TOP] or scrolled > minimum:
            break
        used += h
        if used > rows:
            break
        new = top
        top -= 1
    if used > rows:
        to_middle(s, False, False)
        return
    if new < ctl[S.TOP] or always:
        ctl[S.TOP] = new
    ctl[S.TOP] = min(ctl[S.TOP], line)
    ctl[S.SKIP] = 0


@inner
def to_bottom(s: Any, minimum: Any, empty: Any) -> None:
    """Scroll so that the cursor's line, below the window, is its last; `empty` rows stand below ctl[BOTTOM]."""
    ctl = s.ctl
    rows = text_rows(s)
    line = ctl[S.LINE]
    bottom = ctl[S.BOTTOM]
    used = line_height(s, line)
    scrolled = 0
    if line >= bottom:
        scrolled = used
        if line == bottom:
            scrolled -= empty
    low = line
    high = line
    last = ctl[S.LINES] - 1
    while low > 0:
        if (scrolled <= 0 or scrolled >= minimum or high + 1 > last) and low <= bottom:
            break
        low -= 1
        h = line_height(s, low)
        used += h
        if used > rows:
            break
        if low >= bottom:
            scrolled += h
            if low == bottom:
                scrolled -= empty
        if high < last:
            high += 1
            h = line_height(s, high)
            used += h
            if used > rows:
                break
            if scrolled < minimum and high >= bottom:
                scrolled += h
                if high == bottom:
                    scrolled -= empty
    if scrolled <= 0:
        count = 0
    elif used > rows:
        count = used
    else:
        count = 0
        i = 0
        next_line = ctl[S.TOP]
        while i < scrolled and next_line <= bottom:
            if next_line <= last:
                i += line_height(s, next_line)
            else:
                i += 1
            next_line += 1
            count += 1
        if i < scrolled:
            count = 9999
    if count >= rows and count > minimum:
        to_middle(s, False, True)
    else:
        ctl[S.TOP] = min(ctl[S.TOP] + count, last)
        ctl[S.SKIP] = 0


@inner
def to_last_row(s: Any) -> None:
    """zb: as many lines above the cursor's as fit."""
    ctl = s.ctl
    rows = text_rows(s)
    used = line_height(s, ctl[S.LINE])
    top = ctl[S.LINE]
    while top > 0:
        used += line_height(s, top - 1)
        if used > rows:
            break
        top -= 1
    ctl[S.TOP] = top
    ctl[S.SKIP] = 0
