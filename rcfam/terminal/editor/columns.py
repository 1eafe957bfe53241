"""How many cells text takes.

A virtual column counts cells from the line's start as if the screen were infinitely wide, with the filler cell that a
wide character leaves at the right edge counted too.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal import widths as W
from rcfam.terminal.editor import text


@inner
def text_rows(s: Any) -> Any:
    return s.cells.shape[0] - 2


@inner
def advance(ctl: Any, widths: Any, v: Any, character: Any) -> Any:
    """The virtual column after `character` drawn at virtual column `v`."""
    w = np.int64(widths[character])
    if w == 1:
        return v + 1
    if w == W.TAB:
        stop = ctl[S.TABSTOP]
        return v + stop - v % stop
    if w == W.CONTROL:
        return v + 2
    if w == W.WIDE and v % ctl[S.COLUMNS] == ctl[S.COLUMNS] - 1:
        return v + 3
    if w == 0 and v == 0:
        return v + 1
    return v + w


@inner
def virtual(s: Any, line: Any, column: Any) -> Any:
    """The virtual column where the character at `column` begins."""
    k = text.slot(s.ctl, line)
    start = s.lines[k, 0]
    v = 0
    for i in range(start, start + min(column, s.lines[k, 1])):
        c = s.pool[i]
        if s.widths[c] == 1:
            v += 1
        else:
            v = advance(s.ctl, s.widths, v, c)
    return v


@inner
def column_at(s: Any, line: Any, wanted: Any) -> Any:
    """The character of `line` that covers the virtual column `wanted`, its length where the line is shorter."""
    k = text.slot(s.ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    v = 0
    for i in range(total):
        v = advance(s.ctl, s.widths, v, s.pool[start + i])
        if v > wanted:
            while i > 0 and s.widths[s.pool[start + i]] == 0:
                i -= 1
            return i
    return total


@inner
def height(ctl: Any, pool: Any, widths: Any, start: Any, count: Any) -> Any:
    """Screen rows that the line of `count` characters at `start` takes."""
    v = 0
    for i in range(start, start + count):
        c = pool[i]
        if widths[c] == 1:
            v += 1
        else:
            v = advance(ctl, widths, v, c)
    columns = ctl[S.COLUMNS]
    return max(1, (v + columns - 1) // columns)


@inner
def line_height(s: Any, line: Any) -> Any:
    k = text.slot(s.ctl, line)
    return height(s.ctl, s.pool, s.widths, s.lines[k, 0], s.lines[k, 1])
