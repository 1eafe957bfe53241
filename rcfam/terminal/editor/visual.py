"""Visual mode: the selection and the commands on it."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import messages, pending, text
from rcfam.terminal.editor.columns import column_at, virtual
from rcfam.terminal.editor.positions import check_cursor


@inner
def start(s: Any, kind: Any) -> None:
    ctl = s.ctl
    if ctl[S.MODE] == S.VISUAL and ctl[S.VISUAL_KIND] == kind:
        leave(s)
        return
    if ctl[S.MODE] != S.VISUAL:
        ctl[S.VISUAL_LINE] = ctl[S.LINE]
        ctl[S.VISUAL_COLUMN] = ctl[S.COLUMN]
    ctl[S.MODE] = S.VISUAL
    ctl[S.VISUAL_KIND] = kind
    ctl[S.WHOLE] = 1
    pending.reset(s)
    messages.say(s, messages.MODE)


@inner
def leave(s: Any) -> None:
    ctl = s.ctl
    ctl[S.MODE] = S.NORMAL
    ctl[S.WHOLE] = 1
    ctl[S.VISUAL_FIRST] = min(ctl[S.VISUAL_LINE], ctl[S.LINE])
    ctl[S.VISUAL_LAST] = max(ctl[S.VISUAL_LINE], ctl[S.LINE])
    register = ctl[S.REGISTER]
    pending.reset(s)
    ctl[S.REGISTER] = register
    check_cursor(s)
    if ctl[S.REPLAYING] == 0:
        messages.say(s, messages.MODE)


@inner
def span(s: Any) -> None:
    """Put the selection's ends in order: FROM and TO."""
    ctl = s.ctl
    a = ctl[S.VISUAL_LINE]
    b = ctl[S.LINE]
    swap = b < a or (a == b and ctl[S.COLUMN] < ctl[S.VISUAL_COLUMN])
    ctl[S.FROM_LINE] = b if swap else a
    ctl[S.FROM_COLUMN] = ctl[S.COLUMN] if swap else ctl[S.VISUAL_COLUMN]
    ctl[S.TO_LINE] = a if swap else b
    ctl[S.TO_COLUMN] = ctl[S.VISUAL_COLUMN] if swap else ctl[S.COLUMN]


@inner
def keep(s: Any, lines: bool) -> None:
    """Remember the size of the selection FROM..TO, for `.`."""
    ctl = s.ctl
    count = ctl[S.TO_LINE] - ctl[S.FROM_LINE]
    ctl[S.SELECTED] = S.SELECT_LINES if lines else S.SELECT_CHARACTERS
    ctl[S.SELECTED_LINES] = count
    ctl[S.SELECTED_COLUMNS] = virtual(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN] + 1) - 1
    if count == 0:
        ctl[S.SELECTED_COLUMNS] -= virtual(s, ctl[S.FROM_LINE], ctl[S.FROM_COLUMN])
    if ctl[S.WANT] == S.STICK:
        ctl[S.SELECTED_COLUMNS] = S.STICK


@inner
def select_again(s: Any) -> None:
    """For `.`: select as much from the cursor on as the last change on a selection took, counted in cells."""
    ctl = s.ctl
    ctl[S.MODE] = S.VISUAL
    ctl[S.VISUAL_KIND] = ctl[S.DOT_SELECTED]
    ctl[S.VISUAL_LINE] = ctl[S.LINE]
    ctl[S.VISUAL_COLUMN] = ctl[S.COLUMN]
    want = ctl[S.DOT_COLUMNS]
    if ctl[S.DOT_LINES] == 0:
        want += max(virtual(s, ctl[S.LINE], ctl[S.COLUMN] + 1) - 1, 0)
    ctl[S.LINE] = min(ctl[S.LINE] + ctl[S.DOT_LINES], ctl[S.LINES] - 1)
    ctl[S.COLUMN] = max(min(column_at(s, ctl[S.LINE], want), text.length(s, ctl[S.LINE]) - 1), 0)
    ctl[S.WANT] = S.STICK if want >= S.STICK else S.HERE


@inner
def _swap_ends(s: Any) -> None:
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    ctl[S.LINE] = ctl[S.VISUAL_LINE]
    ctl[S.COLUMN] = ctl[S.VISUAL_COLUMN]
    ctl[S.VISUAL_LINE] = line
    ctl[S.VISUAL_COLUMN] = column
    ctl[S.WANT] = S.HERE
    pending.reset(s)


@inner
def command(s: Any, key: Any, count: Any) -> bool:
    """A command on the selection; false where `key` is none."""
    ctl = s.ctl
    lines = ctl[S.VISUAL_KIND] == S.SELECT_LINES
    operator = key
    if key == K.d or key == K.x or key == K.DELETE or key == K.X or key == K.D:
        operator = S.OP_DELETE
        lines = lines or key == K.X or key == K.D
    elif key == K.c or key == K.s or key == K.S or key == K.C or key == K.R:
        operator = S.OP_CHANGE
        lines = lines or key < K.a
    elif key == K.y or key == K.Y:
        operator = S.OP_YANK
        lines = lines or key == K.Y
    elif key == K.o or key == K.O:
        _swap_ends(s)
        return True
    elif key == K.J:
        span(s)
        keep(s, lines)
        ctl[S.LINE] = ctl[S.FROM_LINE]
        ctl[S.COLUMN] = 0 if lines else ctl[S.FROM_COLUMN]
        ctl[S.WANT] = S.HERE
        leave(s)
        ctl[S.COUNT] = ctl[S.TO_LINE] - ctl[S.FROM_LINE] + 1
        pending.act(s, S.ACT_EDIT, K.J)
        return True
    elif not (key == K.GREATER or key == K.LESS or key == K.TILDE or key == K.u or key == K.U):
        return False
    span(s)
    keep(s, lines)
    kind = S.LINEWISE if lines else S.INCLUSIVE
    if not lines and ctl[S.TO_COLUMN] >= text.length(s, ctl[S.TO_LINE]) and ctl[S.TO_LINE] + 1 < ctl[S.LINES]:
        kind = S.EXCLUSIVE
        ctl[S.TO_LINE] += 1
        ctl[S.TO_COLUMN] = 0
    leave(s)
    ctl[S.SHIFT_TIMES] = min(count, 99)
    pending.span(s, operator, kind, ctl[S.FROM_LINE], ctl[S.FROM_COLUMN], ctl[S.TO_LINE], ctl[S.TO_COLUMN])
    ctl[S.VISUAL_DONE] = 1
    return True
