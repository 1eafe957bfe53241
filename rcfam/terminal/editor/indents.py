"""Indents: > and < on lines, Ctrl-T and Ctrl-D in insert mode."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import text
from rcfam.terminal.editor.measures import column_at, virtual


@inner
def shift(s: Any, line: Any, right: bool, times: Any) -> None:
    """> or <: change the indent of a line by shiftwidth, as vim rewrites it with tabs and spaces."""
    ctl = s.ctl
    k = text.slot(ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    if total == 0:
        return
    blanks = 0
    width = 0
    tabstop = ctl[S.TABSTOP]
    while blanks < total and (s.pool[start + blanks] == 32 or s.pool[start + blanks] == 9):
        width += 1 if s.pool[start + blanks] == 32 else tabstop - width % tabstop
        blanks += 1
    by = ctl[S.SHIFTWIDTH] * times
    set_indent(s, line, blanks, max(width + (by if right else -by), 0))


@inner
def indent(s: Any, right: bool) -> None:
    """Ctrl-T, Ctrl-D in insert mode: to the next or the last multiple of shiftwidth; the cursor stays on its text."""
    ctl = s.ctl
    line = ctl[S.LINE]
    blanks = 0
    while blanks < text.length(s, line) and (
        text.character(s, line, blanks) == 32 or text.character(s, line, blanks) == 9
    ):
        blanks += 1
    width = virtual(s, line, blanks)
    by = ctl[S.SHIFTWIDTH]
    new = (width // by + 1) * by if right else max(width - 1, 0) // by * by
    left = width - virtual(s, line, min(ctl[S.COLUMN], blanks))
    text.save(s, line, 1)
    total = text.length(s, line)
    set_indent(s, line, blanks, new)
    if left == 0:
        ctl[S.COLUMN] = max(ctl[S.COLUMN] + text.length(s, line) - total, 0)
    else:
        ctl[S.COLUMN] = column_at(s, line, max(new - left, 0))


@inner
def set_indent(s: Any, line: Any, blanks: Any, width: Any) -> None:
    """Replace the first `blanks` characters of a line by an indent of `width` cells."""
    ctl = s.ctl
    tabs = 0 if ctl[S.EXPANDTAB] else width // ctl[S.TABSTOP]
    spaces = width - tabs * ctl[S.TABSTOP]
    text.remove(s, line, 0, blanks)
    if tabs + spaces == 0:
        return
    place = text.open_hole(s, line, 0, tabs + spaces)
    for i in range(tabs + spaces):
        s.pool[place + i] = 9 if i < tabs else 32
