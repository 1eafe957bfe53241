"""Normal and visual mode: keys become commands.

`parse` gathers counts, operators and leading keys until a command is whole and leaves it in ctl[ACTION]; `press` in
kernels.py has it done by the room that knows how; `aim` and `finish` stand between. So no kernel but `press` needs
the whole program compiled into it.
"""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_lower
from rcfam.terminal.editor import messages, pending, prompt, text, visual
from rcfam.terminal.editor.positions import check_cursor, first_non_blank, following, previous


@inner
def _shortcut(s: Any, key: Any, count: Any) -> bool:
    """x X D C s S Y: an operator with its motion; false for other keys."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    total = text.length(s, line)
    last = min(line + count, ctl[S.LINES]) - 1
    if key == K.x or key == K.DELETE or key == K.s:
        end = column
        for _ in range(min(count, total)):
            end = following(s, line, end)
        pending.span(s, S.OP_CHANGE if key == K.s else S.OP_DELETE, S.EXCLUSIVE, line, column, line, end)
    elif key == K.X:
        first = column
        for _ in range(min(count, column)):
            first = previous(s, line, first)
        pending.span(s, S.OP_DELETE, S.EXCLUSIVE, line, first, line, column)
    elif key == K.D or key == K.C:
        pending.span(s, S.OP_DELETE if key == K.D else S.OP_CHANGE, S.TO_END, line, column, last, text.length(s, last))
    elif key == K.S:
        first = first_non_blank(s, line) if last == line else column
        pending.span(s, S.OP_CHANGE, S.LINEWISE, line, min(column, first), last, 0)
    elif key == K.Y:
        pending.span(s, S.OP_YANK, S.LINEWISE, line, column, last, 0)
    else:
        return False
    return True


@inner
def _whole_lines(s: Any) -> None:
    """dd yy cc >> << gUU and the like."""
    ctl = s.ctl
    line = ctl[S.LINE]
    count = pending.count_of(s)
    if count > 1 and line + 1 == ctl[S.LINES]:
        pending.reset(s)
        return
    column = ctl[S.COLUMN]
    if count == 1 and ctl[S.OPERATOR] != S.OP_YANK:
        column = min(column, first_non_blank(s, line))  # vim goes there first: where undo leads
    pending.span(s, ctl[S.OPERATOR], S.LINEWISE, line, column, min(line + count, ctl[S.LINES]) - 1, 0)


@inner
def aim(s: Any, kind: Any) -> None:
    """The target of a motion is known: move there, or let the operator have what lies between."""
    ctl = s.ctl
    operator = ctl[S.OPERATOR]
    if kind <= S.FAILED or operator == 0 or ctl[S.MODE] == S.VISUAL:
        if kind > S.FAILED:
            ctl[S.LINE] = ctl[S.TO_LINE]
            ctl[S.COLUMN] = ctl[S.TO_COLUMN]
            ctl[S.WANT] = ctl[S.TO_WANT]
            if ctl[S.MODE] != S.VISUAL:
                check_cursor(s)
        if ctl[S.MODE] == S.VISUAL:
            ctl[S.WHOLE] = 1
        pending.reset(s)
        return
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    last = ctl[S.TO_LINE]
    end = ctl[S.TO_COLUMN]
    if last < line or (last == line and end < column):
        pending.span(s, operator, kind, last, end, line, column)
    else:
        pending.span(s, operator, kind, line, column, last, end)


@inner
def aim_object(s: Any, kind: Any) -> None:
    """A text object is found: select it, or let the operator have it."""
    ctl = s.ctl
    ctl[S.WANT] = S.HERE
    if kind <= S.FAILED:
        pending.reset(s)
    elif ctl[S.MODE] == S.VISUAL:
        ctl[S.VISUAL_LINE] = ctl[S.FROM_LINE]
        ctl[S.VISUAL_COLUMN] = ctl[S.FROM_COLUMN]
        ctl[S.LINE] = ctl[S.TO_LINE]
        ctl[S.COLUMN] = ctl[S.TO_COLUMN] - (1 if kind == S.EXCLUSIVE else 0)
        if kind == S.LINEWISE:
            ctl[S.VISUAL_KIND] = S.SELECT_LINES
            messages.say(s, messages.MODE)
        ctl[S.WANT] = S.HERE
        ctl[S.WHOLE] = 1
        pending.reset(s)
    else:
        ctl[S.ACTION] = S.ACT_OPERATE
        ctl[S.SPAN_KIND] = kind


@inner
def _is_lead(s: Any, key: Any) -> bool:
    if key == K.i or key == K.a:
        return s.ctl[S.OPERATOR] != 0 or s.ctl[S.MODE] == S.VISUAL
    if key == K.r or key == K.m or key == K.Z or key == K.z:
        return s.ctl[S.OPERATOR] == 0
    return (
        key == K.g
        or key == K.f
        or key == K.t
        or key == K.F
        or key == K.T
        or key == K.QUOTE
        or key == K.BACKQUOTE
        or key == K.DOUBLE_QUOTE
    )


@inner
def _set_mark(s: Any, key: Any) -> None:
    ctl = s.ctl
    if is_lower(key):
        ctl[S.MARK_TABLE + 2 * (key - K.a)] = ctl[S.LINE] + 1
        ctl[S.MARK_TABLE + 2 * (key - K.a) + 1] = ctl[S.COLUMN]
        ctl[S.MARKED] = 1


@inner
def _second_key(s: Any, lead: Any, key: Any) -> Any:
    """The key after g z r f t F T m ' ` Z " or a text object's i and a; returns a trap."""
    ctl = s.ctl
    if key == K.ESCAPE or key == K.CTRL_C:
        pending.reset(s)
    elif lead == K.DOUBLE_QUOTE:
        ctl[S.REGISTER] = key if is_lower(key | K.CASE_BIT) else 0
    elif lead == K.Z:
        pending.reset(s)
        ctl[S.KEY] = 1 if key == K.Z else 0
        if key == K.Z or key == K.Q:
            return S.TRAP_QUIT
    elif lead == K.z:
        pending.act(s, S.ACT_Z, key)
    elif lead == K.m:
        _set_mark(s, key)
        pending.reset(s)
    elif lead == K.r:
        if (key >= K.SPACE or key == K.ENTER or key == K.TAB) and key < K.NAMED and key != K.BACKSPACE:
            pending.act(s, S.ACT_REPLACE, key)
        else:
            pending.reset(s)
    elif lead == K.i or lead == K.a:
        pending.act(s, S.ACT_OBJECT, key)
        ctl[S.ACTION_LEAD] = lead
    elif lead == K.g and ctl[S.MODE] != S.VISUAL and (key == K.u or key == K.U or key == K.TILDE):
        if ctl[S.OPERATOR] == key:
            _whole_lines(s)
        elif ctl[S.OPERATOR] == 0:
            _take_operator(s, key)
        else:
            pending.reset(s)
    elif lead == K.g and key == K.J and ctl[S.OPERATOR] == 0 and ctl[S.MODE] != S.VISUAL:
        pending.act(s, S.ACT_EDIT, K.g)
    else:
        pending.act(s, S.ACT_MOTION, key)
        ctl[S.ACTION_LEAD] = lead
    return S.TRAP_NONE


@inner
def _take_operator(s: Any, key: Any) -> None:
    ctl = s.ctl
    ctl[S.OPERATOR] = key
    ctl[S.COUNT2] = ctl[S.COUNT]
    ctl[S.COUNT] = 0


@inner
def parse(s: Any, key: Any) -> Any:
    """One key in normal or visual mode: leave a whole command in ctl[ACTION]; returns a trap."""
    ctl = s.ctl
    lead = ctl[S.LEAD]
    operator = ctl[S.OPERATOR]
    selecting = ctl[S.MODE] == S.VISUAL
    if lead == 0 and operator == 0 and ctl[S.COUNT] == 0 and ctl[S.REGISTER] == 0:
        ctl[S.DOT_RECORDING] = 0
        ctl[S.SELECTED] = 0
    pending.record(s, key)
    ctl[S.ACTION_LEAD] = 0
    ctl[S.SHIFT_TIMES] = 1
    ctl[S.VISUAL_DONE] = 0
    if lead:
        ctl[S.LEAD] = 0
        return _second_key(s, lead, key)
    if K.ONE <= key <= K.NINE or (key == K.ZERO and ctl[S.COUNT] > 0):
        ctl[S.COUNT] = min(ctl[S.COUNT] * 10 + key - 48, pending.MOST)
    elif _is_lead(s, key):
        ctl[S.LEAD] = key
    elif key == K.ESCAPE or key == K.CTRL_C:
        if selecting:
            visual.leave(s)
        pending.reset(s)
    elif key == K.SLASH or key == K.QUESTION or (key == K.COLON and operator == 0):
        prompt.start(s, key)
    elif selecting:
        if not visual.command(s, key, pending.count_of(s)):
            _plain(s, key)
    elif operator != 0:
        if key == operator:
            _whole_lines(s)
        elif key == K.d or key == K.c or key == K.y or key == K.GREATER or key == K.LESS:
            pending.reset(s)
        else:
            pending.act(s, S.ACT_MOTION, key)
    elif key == K.d or key == K.c or key == K.y or key == K.GREATER or key == K.LESS:
        _take_operator(s, key)
    elif not _shortcut(s, key, pending.count_of(s)):
        return _change_or_plain(s, key)
    return S.TRAP_NONE


@inner
def _change_or_plain(s: Any, key: Any) -> Any:
    ctl = s.ctl
    if (
        key == K.i
        or key == K.a
        or key == K.I
        or key == K.A
        or key == K.o
        or key == K.O
        or key == K.R
        or key == K.INSERT
    ):
        pending.act(s, S.ACT_INSERT, key)
    elif (key == K.p or key == K.P) and ctl[S.REGISTER] != 0:
        ctl[S.KEY] = key
        ctl[S.REPLAY_COUNT] = ctl[S.COUNT]
        return S.TRAP_PUT
    elif key == K.p or key == K.P or key == K.J or key == K.TILDE:
        pending.act(s, S.ACT_EDIT, key)
    elif key == K.u or key == K.CTRL_R:
        pending.act(s, S.ACT_UNDO, key)
    elif key == K.DOT:
        ctl[S.REPLAY_COUNT] = ctl[S.COUNT]
        pending.reset(s)
        if ctl[S.DOT_LENGTH] > 0:
            return S.TRAP_REPLAY
    else:
        _plain(s, key)
    return S.TRAP_NONE


@inner
def _plain(s: Any, key: Any) -> None:
    """Keys that change nothing: the visual modes, scrolling, motions."""
    if key == K.V or key == K.v:
        visual.start(s, key)
    elif (
        key == K.CTRL_E
        or key == K.CTRL_Y
        or key == K.CTRL_D
        or key == K.CTRL_U
        or key == K.CTRL_F
        or key == K.CTRL_B
        or key in (K.PAGE_UP, K.PAGE_DOWN)
    ):
        pending.act(s, S.ACT_SCROLL, key)
    else:
        pending.act(s, S.ACT_MOTION, key)
