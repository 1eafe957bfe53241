"""Normal and visual mode: keys become commands.

`parse` gathers counts, operators and leading keys until a command is whole and leaves it in ctl[ACTION]; `press` in
kernels.py has it done by the room that knows how; `aim` and `finish` stand between. So no kernel but `press` needs
the whole program compiled into it.
"""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import messages, pending, prompt, text, visual
from rcfam.terminal.editor.positions import check_cursor, first_non_blank, following, previous
from rcfam.terminal.keys import DELETE, INSERT, NAMED, PAGE_DOWN, PAGE_UP


@inner
def _shortcut(s: Any, key: Any, count: Any) -> bool:
    """x X D C s S Y: an operator with its motion; false for other keys."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    total = text.length(s, line)
    last = min(line + count, ctl[S.LINES]) - 1
    if key == 120 or key == DELETE or key == 115:
        end = column
        for _ in range(min(count, total)):
            end = following(s, line, end)
        pending.span(s, 99 if key == 115 else 100, S.EXCLUSIVE, line, column, line, end)
    elif key == 88:
        first = column
        for _ in range(min(count, column)):
            first = previous(s, line, first)
        pending.span(s, 100, S.EXCLUSIVE, line, first, line, column)
    elif key == 68 or key == 67:
        pending.span(s, 100 if key == 68 else 99, S.TO_END, line, column, last, text.length(s, last))
    elif key == 83:
        first = first_non_blank(s, line) if last == line else column
        pending.span(s, 99, S.LINEWISE, line, min(column, first), last, 0)
    elif key == 89:
        pending.span(s, 121, S.LINEWISE, line, column, last, 0)
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
    if count == 1 and ctl[S.OPERATOR] != 121:
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
            ctl[S.VISUAL_KIND] = 86
            messages.say(s, messages.MODE)
        ctl[S.WANT] = S.HERE
        ctl[S.WHOLE] = 1
        pending.reset(s)
    else:
        ctl[S.ACTION] = S.ACT_OPERATE
        ctl[S.SPAN_KIND] = kind


@inner
def _is_lead(s: Any, key: Any) -> bool:
    if key == 105 or key == 97:
        return s.ctl[S.OPERATOR] != 0 or s.ctl[S.MODE] == S.VISUAL
    if key == 114 or key == 109 or key == 90 or key == 122:
        return s.ctl[S.OPERATOR] == 0
    return key == 103 or key == 102 or key == 116 or key == 70 or key == 84 or key == 39 or key == 96 or key == 34


@inner
def _set_mark(s: Any, key: Any) -> None:
    ctl = s.ctl
    if 97 <= key <= 122:
        ctl[S.MARK_TABLE + 2 * (key - 97)] = ctl[S.LINE] + 1
        ctl[S.MARK_TABLE + 2 * (key - 97) + 1] = ctl[S.COLUMN]
        ctl[S.MARKED] = 1


@inner
def _second_key(s: Any, lead: Any, key: Any) -> Any:
    """The key after g z r f t F T m ' ` Z " or a text object's i and a; returns a trap."""
    ctl = s.ctl
    if key == 27 or key == 3:
        pending.reset(s)
    elif lead == 34:
        ctl[S.REGISTER] = key if 97 <= (key | 32) <= 122 else 0
    elif lead == 90:
        pending.reset(s)
        ctl[S.KEY] = 1 if key == 90 else 0
        if key == 90 or key == 81:
            return S.TRAP_QUIT
    elif lead == 122:
        pending.act(s, S.ACT_Z, key)
    elif lead == 109:
        _set_mark(s, key)
        pending.reset(s)
    elif lead == 114:
        if (key >= 32 or key == 13 or key == 9) and key < NAMED and key != 127:
            pending.act(s, S.ACT_REPLACE, key)
        else:
            pending.reset(s)
    elif lead == 105 or lead == 97:
        pending.act(s, S.ACT_OBJECT, key)
        ctl[S.ACTION_LEAD] = lead
    elif lead == 103 and ctl[S.MODE] != S.VISUAL and (key == 117 or key == 85 or key == 126):
        if ctl[S.OPERATOR] == key:
            _whole_lines(s)
        elif ctl[S.OPERATOR] == 0:
            _take_operator(s, key)
        else:
            pending.reset(s)
    elif lead == 103 and key == 74 and ctl[S.OPERATOR] == 0 and ctl[S.MODE] != S.VISUAL:
        pending.act(s, S.ACT_EDIT, 103)
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
    if 49 <= key <= 57 or (key == 48 and ctl[S.COUNT] > 0):
        ctl[S.COUNT] = min(ctl[S.COUNT] * 10 + key - 48, pending.MOST)
    elif _is_lead(s, key):
        ctl[S.LEAD] = key
    elif key == 27 or key == 3:
        if selecting:
            visual.leave(s)
        pending.reset(s)
    elif key == 47 or key == 63 or (key == 58 and operator == 0):
        prompt.start(s, key)
    elif selecting:
        if not visual.command(s, key, pending.count_of(s)):
            _plain(s, key)
    elif operator != 0:
        if key == operator:
            _whole_lines(s)
        elif key == 100 or key == 99 or key == 121 or key == 62 or key == 60:
            pending.reset(s)
        else:
            pending.act(s, S.ACT_MOTION, key)
    elif key == 100 or key == 99 or key == 121 or key == 62 or key == 60:
        _take_operator(s, key)
    elif not _shortcut(s, key, pending.count_of(s)):
        return _change_or_plain(s, key)
    return S.TRAP_NONE


@inner
def _change_or_plain(s: Any, key: Any) -> Any:
    ctl = s.ctl
    if key == 105 or key == 97 or key == 73 or key == 65 or key == 111 or key == 79 or key == 82 or key == INSERT:
        pending.act(s, S.ACT_INSERT, key)
    elif (key == 112 or key == 80) and ctl[S.REGISTER] != 0:
        ctl[S.KEY] = key
        ctl[S.REPLAY_COUNT] = ctl[S.COUNT]
        return S.TRAP_PUT
    elif key == 112 or key == 80 or key == 74 or key == 126:
        pending.act(s, S.ACT_EDIT, key)
    elif key == 117 or key == 18:
        pending.act(s, S.ACT_UNDO, key)
    elif key == 46:
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
    if key == 86 or key == 118:
        visual.start(s, key)
    elif key == 5 or key == 25 or key == 4 or key == 21 or key == 6 or key == 2 or key in (PAGE_UP, PAGE_DOWN):
        pending.act(s, S.ACT_SCROLL, key)
    else:
        pending.act(s, S.ACT_MOTION, key)
