"""u and Ctrl-R: the last unit's lines are put back, the cursor goes where vim's u_undoredo puts it."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import messages, motions, normal, text
from rcfam.terminal import state as S


@inner
def undo(s: Any, redo: bool, count: Any) -> None:
    """Undo `count` changes, or redo them."""
    ctl = s.ctl
    ctl[S.UNDONE_BEFORE] = -1 if ctl[S.EMPTY] else 0
    ctl[S.UNDONE_AFTER] = 0
    for i in range(count):
        line = text.swap_unit(s, redo)
        if line < 0:
            if i == 0:
                messages.say(s, messages.NEWEST if redo else messages.OLDEST)
                return
            break
        # A cursor only one line off goes back to where the change began, as after `o`.
        if ctl[S.SAVED_LINE] + 1 == line and line > 0:
            line -= 1
        ctl[S.WANT] = S.HERE
        ctl[S.COLUMN] = 0
        if line >= ctl[S.LINES]:
            ctl[S.LINE] = ctl[S.LINES] - 1
        else:
            ctl[S.LINE] = line
            ctl[S.COLUMN] = ctl[S.SAVED_COLUMN] if line == ctl[S.SAVED_LINE] else motions.first_non_blank(s, line)
        normal.check_cursor(s)
    ctl[S.UNDONE_AFTER] -= 1 if ctl[S.EMPTY] else 0
    messages.say(s, messages.REDONE if redo else messages.UNDONE)
