"""Indents: > and < on lines, Ctrl-T and Ctrl-D in insert mode."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_blank
from rcfam.terminal.editor import text
from rcfam.terminal.editor.columns import column_at, virtual


@inner
def _shifted(s: Any, line: Any, right: bool, times: Any) -> tuple[Any, Any]:
    """The characters of a line's indent, and the cells of the indent that > or < makes of it."""
    ctl = s.ctl
    k = text.slot(ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    blanks = 0
    width = 0
    tabstop = ctl[S.TABSTOP]
    while blanks < total and is_blank(s.pool[start + blanks]):
        width += 1 if s.pool[start + blanks] == K.SPACE else tabstop - width % tabstop
        blanks += 1
    by = ctl[S.SHIFTWIDTH] * times
    return blanks, max(width + (by if right else -by), 0)


@inner
def _characters(ctl: Any, width: Any) -> Any:
    """How many characters an indent of `width` cells has."""
    return width if ctl[S.EXPANDTAB] else width // ctl[S.TABSTOP] + width % ctl[S.TABSTOP]


@inner
def shift_needs(s: Any, first: Any, last: Any, right: bool, times: Any) -> tuple[Any, Any]:
    """The characters of the indents that > or < makes on the lines first..last, and of those that it replaces."""
    made = 0
    gone = 0
    for line in range(first, last + 1):
        if text.length(s, line) > 0:
            blanks, width = _shifted(s, line, right, times)
            made += _characters(s.ctl, width)
            gone += blanks
    return made, gone


@inner
def shift(s: Any, line: Any, right: bool, times: Any) -> None:
    """> or <: change the indent of a line by shiftwidth, as vim rewrites it with tabs and spaces."""
    if text.length(s, line) > 0:
        blanks, width = _shifted(s, line, right, times)
        set_indent(s, line, blanks, width)


@inner
def _indented(s: Any, right: bool) -> tuple[Any, Any, Any]:
    """The characters and cells of the cursor line's indent, and the cells that Ctrl-T or Ctrl-D makes of them."""
    line = s.ctl[S.LINE]
    blanks = 0
    while blanks < text.length(s, line) and is_blank(text.character(s, line, blanks)):
        blanks += 1
    width = virtual(s, line, blanks)
    by = s.ctl[S.SHIFTWIDTH]
    return blanks, width, (width // by + 1) * by if right else max(width - 1, 0) // by * by


@inner
def indent_needs(s: Any, right: bool) -> tuple[Any, Any]:
    """As shift_needs, for Ctrl-T and Ctrl-D."""
    blanks, _, new = _indented(s, right)
    return _characters(s.ctl, new), blanks


@inner
def indent(s: Any, right: bool) -> None:
    """Ctrl-T, Ctrl-D in insert mode: to the next or the last multiple of shiftwidth; the cursor stays on its text."""
    ctl = s.ctl
    line = ctl[S.LINE]
    blanks, width, new = _indented(s, right)
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
        s.pool[place + i] = K.TAB if i < tabs else K.SPACE
