"""Normal and visual mode: keys become commands.

`parse` gathers counts, operators and leading keys until a command is whole and leaves it in ctl[ACTION]; `press` in
kernels.py has it done by the room that knows how; `aim` and `finish` stand between. So no kernel but `press` needs
the whole program compiled into it.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import draw, messages, motions, text
from rcfam.terminal import state as S
from rcfam.terminal.insert import following, previous
from rcfam.terminal.keys import DELETE, INSERT, NAMED, PAGE_DOWN, PAGE_UP

_MOST = 99_999_999
_PREFIXES = np.frombuffer(b"'<,'>\0.,.+\0.\0", dtype=np.uint8)
_SELECTION = 0
_COUNTED = 6
_HERE = 11


@inner
def reset(s: Any) -> None:
    """Forget the command in progress."""
    ctl = s.ctl
    ctl[S.COUNT] = 0
    ctl[S.COUNT2] = 0
    ctl[S.OPERATOR] = 0
    ctl[S.LEAD] = 0
    ctl[S.REGISTER] = 0


@inner
def count_of(s: Any) -> Any:
    """The count of the whole command, at least 1."""
    ctl = s.ctl
    return min(max(ctl[S.COUNT], 1) * max(ctl[S.COUNT2], 1), _MOST)


@inner
def record(s: Any, key: Any) -> None:
    """Keep a key of the command in progress for `.`; too many make it unrepeatable."""
    ctl = s.ctl
    n = ctl[S.DOT_RECORDING]
    if n < S.REGION:
        s.pool[S.KEYS + n] = key
    ctl[S.DOT_RECORDING] = n + 1


@inner
def finish_change(s: Any) -> None:
    """The recorded keys are what `.` repeats from now on."""
    ctl = s.ctl
    n = ctl[S.DOT_RECORDING]
    ctl[S.DOT_LENGTH] = n if n <= S.REGION else 0
    for i in range(ctl[S.DOT_LENGTH]):
        s.pool[S.KEYS + S.REGION + i] = s.pool[S.KEYS + i]
    ctl[S.DOT_RECORDING] = 0
    ctl[S.DOT_INSERT] = 0
    ctl[S.DOT_SELECTED] = ctl[S.SELECTED]
    ctl[S.DOT_LINES] = ctl[S.SELECTED_LINES]
    ctl[S.DOT_COLUMNS] = ctl[S.SELECTED_COLUMNS]


@inner
def begin_insert(s: Any, mode: Any, count: Any) -> None:
    ctl = s.ctl
    ctl[S.MODE] = mode
    ctl[S.WANT] = S.HERE
    ctl[S.INSERT_COUNT] = count
    ctl[S.REPLACED] = 0
    ctl[S.START_LINE] = ctl[S.LINE]
    ctl[S.START_COLUMN] = ctl[S.COLUMN]
    ctl[S.INSERT_FROM] = ctl[S.DOT_RECORDING]
    reset(s)
    messages.say(s, messages.MODE)


@inner
def end_insert(s: Any) -> None:
    """Esc: back to normal mode, the cursor one to the left."""
    ctl = s.ctl
    ctl[S.MODE] = S.NORMAL
    if ctl[S.COLUMN] > 0:
        ctl[S.COLUMN] = previous(s, ctl[S.LINE], ctl[S.COLUMN])
    ctl[S.WANT] = S.HERE
    ctl[S.LITERAL] = 0
    text.close_unit(s)
    finish_change(s)
    ctl[S.DOT_INSERT] = ctl[S.INSERT_FROM]
    messages.say(s, messages.MODE)


@inner
def _act(s: Any, action: Any, key: Any) -> None:
    """The command is whole: note what is to be done, and with which key."""
    s.ctl[S.ACTION] = action
    s.ctl[S.ACTION_KEY] = key


@inner
def _span(s: Any, operator: Any, kind: Any, line: Any, column: Any, last: Any, end: Any) -> None:
    """The command is an operator on a span that needs no motion."""
    ctl = s.ctl
    ctl[S.ACTION] = S.ACT_OPERATE
    ctl[S.OPERATOR] = operator
    ctl[S.SPAN_KIND] = kind
    ctl[S.FROM_LINE] = line
    ctl[S.FROM_COLUMN] = column
    ctl[S.TO_LINE] = last
    ctl[S.TO_COLUMN] = end


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
        _span(s, 99 if key == 115 else 100, motions.EXCLUSIVE, line, column, line, end)
    elif key == 88:
        first = column
        for _ in range(min(count, column)):
            first = previous(s, line, first)
        _span(s, 100, motions.EXCLUSIVE, line, first, line, column)
    elif key == 68 or key == 67:
        _span(s, 100 if key == 68 else 99, motions.TO_END, line, column, last, text.length(s, last))
    elif key == 83:
        first = motions.first_non_blank(s, line) if last == line else column
        _span(s, 99, motions.LINEWISE, line, min(column, first), last, 0)
    elif key == 89:
        _span(s, 121, motions.LINEWISE, line, column, last, 0)
    else:
        return False
    return True


@inner
def _whole_lines(s: Any) -> None:
    """dd yy cc >> << gUU and the like."""
    ctl = s.ctl
    line = ctl[S.LINE]
    count = count_of(s)
    if count > 1 and line + 1 == ctl[S.LINES]:
        reset(s)
        return
    column = ctl[S.COLUMN]
    if count == 1 and ctl[S.OPERATOR] != 121:
        column = min(column, motions.first_non_blank(s, line))  # vim goes there first: where undo leads
    _span(s, ctl[S.OPERATOR], motions.LINEWISE, line, column, min(line + count, ctl[S.LINES]) - 1, 0)


@inner
def aim(s: Any, kind: Any) -> None:
    """The target of a motion is known: move there, or let the operator have what lies between."""
    ctl = s.ctl
    operator = ctl[S.OPERATOR]
    if kind <= motions.FAILED or operator == 0 or ctl[S.MODE] == S.VISUAL:
        if kind > motions.FAILED:
            ctl[S.LINE] = ctl[S.TO_LINE]
            ctl[S.COLUMN] = ctl[S.TO_COLUMN]
            ctl[S.WANT] = ctl[S.TO_WANT]
            if ctl[S.MODE] != S.VISUAL:
                check_cursor(s)
        if ctl[S.MODE] == S.VISUAL:
            ctl[S.WHOLE] = 1
        reset(s)
        return
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    last = ctl[S.TO_LINE]
    end = ctl[S.TO_COLUMN]
    if last < line or (last == line and end < column):
        _span(s, operator, kind, last, end, line, column)
    else:
        _span(s, operator, kind, line, column, last, end)


@inner
def aim_object(s: Any, kind: Any) -> None:
    """A text object is found: select it, or let the operator have it."""
    ctl = s.ctl
    ctl[S.WANT] = S.HERE
    if kind <= motions.FAILED:
        reset(s)
    elif ctl[S.MODE] == S.VISUAL:
        ctl[S.VISUAL_LINE] = ctl[S.FROM_LINE]
        ctl[S.VISUAL_COLUMN] = ctl[S.FROM_COLUMN]
        ctl[S.LINE] = ctl[S.TO_LINE]
        ctl[S.COLUMN] = ctl[S.TO_COLUMN] - (1 if kind == motions.EXCLUSIVE else 0)
        if kind == motions.LINEWISE:
            ctl[S.VISUAL_KIND] = 86
            messages.say(s, messages.MODE)
        ctl[S.WANT] = S.HERE
        ctl[S.WHOLE] = 1
        reset(s)
    else:
        ctl[S.ACTION] = S.ACT_OPERATE
        ctl[S.SPAN_KIND] = kind


@inner
def finish(s: Any, changed: bool) -> None:
    """A command that changed text (or only yanked) is done: `.` repeats it, the undo unit ends."""
    reset(s)
    text.close_unit(s)
    if changed:
        finish_change(s)


@inner
def check_cursor(s: Any) -> None:
    """Outside insert mode the cursor stands on a character."""
    ctl = s.ctl
    if ctl[S.LINE] >= ctl[S.LINES]:
        ctl[S.LINE] = ctl[S.LINES] - 1
    total = text.length(s, ctl[S.LINE])
    if ctl[S.COLUMN] >= total:
        ctl[S.COLUMN] = previous(s, ctl[S.LINE], total) if total > 0 else 0


@inner
def _start_visual(s: Any, kind: Any) -> None:
    ctl = s.ctl
    if ctl[S.MODE] == S.VISUAL and ctl[S.VISUAL_KIND] == kind:
        leave_visual(s)
        return
    if ctl[S.MODE] != S.VISUAL:
        ctl[S.VISUAL_LINE] = ctl[S.LINE]
        ctl[S.VISUAL_COLUMN] = ctl[S.COLUMN]
    ctl[S.MODE] = S.VISUAL
    ctl[S.VISUAL_KIND] = kind
    ctl[S.WHOLE] = 1
    reset(s)
    messages.say(s, messages.MODE)


@inner
def leave_visual(s: Any) -> None:
    ctl = s.ctl
    ctl[S.MODE] = S.NORMAL
    ctl[S.WHOLE] = 1
    ctl[S.VISUAL_FIRST] = min(ctl[S.VISUAL_LINE], ctl[S.LINE])
    ctl[S.VISUAL_LAST] = max(ctl[S.VISUAL_LINE], ctl[S.LINE])
    register = ctl[S.REGISTER]
    reset(s)
    ctl[S.REGISTER] = register
    check_cursor(s)
    if ctl[S.REPLAYING] == 0:
        messages.say(s, messages.MODE)


@inner
def visual_span(s: Any) -> None:
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
def keep_selection(s: Any, lines: bool) -> None:
    """Remember the size of the selection FROM..TO, for `.`."""
    ctl = s.ctl
    count = ctl[S.TO_LINE] - ctl[S.FROM_LINE]
    ctl[S.SELECTED] = 86 if lines else 118
    ctl[S.SELECTED_LINES] = count
    ctl[S.SELECTED_COLUMNS] = draw.virtual(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN] + 1) - 1
    if count == 0:
        ctl[S.SELECTED_COLUMNS] -= draw.virtual(s, ctl[S.FROM_LINE], ctl[S.FROM_COLUMN])
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
        want += max(draw.virtual(s, ctl[S.LINE], ctl[S.COLUMN] + 1) - 1, 0)
    ctl[S.LINE] = min(ctl[S.LINE] + ctl[S.DOT_LINES], ctl[S.LINES] - 1)
    ctl[S.COLUMN] = max(min(draw.column_at(s, ctl[S.LINE], want), text.length(s, ctl[S.LINE]) - 1), 0)
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
    reset(s)


@inner
def _visual_command(s: Any, key: Any, count: Any) -> bool:
    """A command on the selection; false where `key` is none."""
    ctl = s.ctl
    lines = ctl[S.VISUAL_KIND] == 86
    operator = key
    if key == 100 or key == 120 or key == DELETE or key == 88 or key == 68:
        operator = 100
        lines = lines or key == 88 or key == 68
    elif key == 99 or key == 115 or key == 83 or key == 67 or key == 82:
        operator = 99
        lines = lines or key < 97
    elif key == 121 or key == 89:
        operator = 121
        lines = lines or key == 89
    elif key == 111 or key == 79:
        _swap_ends(s)
        return True
    elif key == 74:
        visual_span(s)
        keep_selection(s, lines)
        ctl[S.LINE] = ctl[S.FROM_LINE]
        ctl[S.COLUMN] = 0 if lines else ctl[S.FROM_COLUMN]
        ctl[S.WANT] = S.HERE
        leave_visual(s)
        ctl[S.COUNT] = ctl[S.TO_LINE] - ctl[S.FROM_LINE] + 1
        _act(s, S.ACT_EDIT, 74)
        return True
    elif not (key == 62 or key == 60 or key == 126 or key == 117 or key == 85):
        return False
    visual_span(s)
    keep_selection(s, lines)
    kind = motions.LINEWISE if lines else motions.INCLUSIVE
    if not lines and ctl[S.TO_COLUMN] >= text.length(s, ctl[S.TO_LINE]) and ctl[S.TO_LINE] + 1 < ctl[S.LINES]:
        kind = motions.EXCLUSIVE
        ctl[S.TO_LINE] += 1
        ctl[S.TO_COLUMN] = 0
    leave_visual(s)
    ctl[S.SHIFT_TIMES] = min(count, 99)
    _span(s, operator, kind, ctl[S.FROM_LINE], ctl[S.FROM_COLUMN], ctl[S.TO_LINE], ctl[S.TO_COLUMN])
    ctl[S.VISUAL_DONE] = 1
    return True


@inner
def _prefill(s: Any, start: Any, number: Any) -> None:
    """Begin the command line with the words of _PREFIXES from `start` on, and a number where it is above 0."""
    n = 0
    while _PREFIXES[start + n] != 0:
        s.pool[S.INPUT + n] = _PREFIXES[start + n]
        n += 1
    digits = 0
    while number >= 10**digits:
        digits += 1
    for i in range(digits):
        s.pool[S.INPUT + n + digits - 1 - i] = 48 + number // 10**i % 10
    s.ctl[S.INPUT_LENGTH] = s.ctl[S.INPUT_CURSOR] = n + digits


@inner
def _open_command_line(s: Any, kind: Any) -> None:
    """: / ? : the last line takes the keys."""
    ctl = s.ctl
    ctl[S.INPUT_LENGTH] = 0
    ctl[S.INPUT_CURSOR] = 0
    ctl[S.INPUT_KIND] = kind
    if kind == 58:
        count = ctl[S.COUNT]
        if ctl[S.MODE] == S.VISUAL:
            _prefill(s, _SELECTION, 0)
            visual_span(s)
            leave_visual(s)
            ctl[S.LINE] = ctl[S.FROM_LINE]
            ctl[S.COLUMN] = 0 if ctl[S.VISUAL_KIND] == 86 else ctl[S.FROM_COLUMN]
            ctl[S.WANT] = S.HERE
        elif count > 0:
            _prefill(s, _COUNTED if count > 1 else _HERE, count - 1)
        reset(s)
    ctl[S.INPUT_BEFORE] = ctl[S.MODE]
    ctl[S.MODE] = S.COMMAND
    ctl[S.LITERAL] = 0


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
        reset(s)
    elif lead == 34:
        ctl[S.REGISTER] = key if 97 <= (key | 32) <= 122 else 0
    elif lead == 90:
        reset(s)
        ctl[S.KEY] = 1 if key == 90 else 0
        if key == 90 or key == 81:
            return S.TRAP_QUIT
    elif lead == 122:
        _act(s, S.ACT_Z, key)
    elif lead == 109:
        _set_mark(s, key)
        reset(s)
    elif lead == 114:
        if (key >= 32 or key == 13 or key == 9) and key < NAMED and key != 127:
            _act(s, S.ACT_REPLACE, key)
        else:
            reset(s)
    elif lead == 105 or lead == 97:
        _act(s, S.ACT_OBJECT, key)
        ctl[S.ACTION_LEAD] = lead
    elif lead == 103 and ctl[S.MODE] != S.VISUAL and (key == 117 or key == 85 or key == 126):
        if ctl[S.OPERATOR] == key:
            _whole_lines(s)
        elif ctl[S.OPERATOR] == 0:
            _take_operator(s, key)
        else:
            reset(s)
    elif lead == 103 and key == 74 and ctl[S.OPERATOR] == 0 and ctl[S.MODE] != S.VISUAL:
        _act(s, S.ACT_EDIT, 103)
    else:
        _act(s, S.ACT_MOTION, key)
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
    visual = ctl[S.MODE] == S.VISUAL
    if lead == 0 and operator == 0 and ctl[S.COUNT] == 0 and ctl[S.REGISTER] == 0:
        ctl[S.DOT_RECORDING] = 0
        ctl[S.SELECTED] = 0
    record(s, key)
    ctl[S.ACTION_LEAD] = 0
    ctl[S.SHIFT_TIMES] = 1
    ctl[S.VISUAL_DONE] = 0
    if lead:
        ctl[S.LEAD] = 0
        return _second_key(s, lead, key)
    if 49 <= key <= 57 or (key == 48 and ctl[S.COUNT] > 0):
        ctl[S.COUNT] = min(ctl[S.COUNT] * 10 + key - 48, _MOST)
    elif _is_lead(s, key):
        ctl[S.LEAD] = key
    elif key == 27 or key == 3:
        if visual:
            leave_visual(s)
        reset(s)
    elif key == 47 or key == 63 or (key == 58 and operator == 0):
        _open_command_line(s, key)
    elif visual:
        if not _visual_command(s, key, count_of(s)):
            _plain(s, key)
    elif operator != 0:
        if key == operator:
            _whole_lines(s)
        elif key == 100 or key == 99 or key == 121 or key == 62 or key == 60:
            reset(s)
        else:
            _act(s, S.ACT_MOTION, key)
    elif key == 100 or key == 99 or key == 121 or key == 62 or key == 60:
        _take_operator(s, key)
    elif not _shortcut(s, key, count_of(s)):
        return _change_or_plain(s, key)
    return S.TRAP_NONE


@inner
def _change_or_plain(s: Any, key: Any) -> Any:
    ctl = s.ctl
    if key == 105 or key == 97 or key == 73 or key == 65 or key == 111 or key == 79 or key == 82 or key == INSERT:
        _act(s, S.ACT_INSERT, key)
    elif (key == 112 or key == 80) and ctl[S.REGISTER] != 0:
        ctl[S.KEY] = key
        ctl[S.REPLAY_COUNT] = ctl[S.COUNT]
        return S.TRAP_PUT
    elif key == 112 or key == 80 or key == 74 or key == 126:
        _act(s, S.ACT_EDIT, key)
    elif key == 117 or key == 18:
        _act(s, S.ACT_UNDO, key)
    elif key == 46:
        ctl[S.REPLAY_COUNT] = ctl[S.COUNT]
        reset(s)
        if ctl[S.DOT_LENGTH] > 0:
            return S.TRAP_REPLAY
    else:
        _plain(s, key)
    return S.TRAP_NONE


@inner
def _plain(s: Any, key: Any) -> None:
    """Keys that change nothing: the visual modes, scrolling, motions."""
    if key == 86 or key == 118:
        _start_visual(s, key)
    elif key == 5 or key == 25 or key == 4 or key == 21 or key == 6 or key == 2 or key in (PAGE_UP, PAGE_DOWN):
        _act(s, S.ACT_SCROLL, key)
    else:
        _act(s, S.ACT_MOTION, key)


@inner
def press_command(s: Any, key: Any) -> Any:
    """Enter, Esc and Backspace on the editor's command line; returns a trap. Other keys edit the line."""
    ctl = s.ctl
    if key == 13 or key == 10:
        ctl[S.MODE] = ctl[S.INPUT_BEFORE]
        if ctl[S.INPUT_KIND] != 58:
            _act(s, S.ACT_SEARCH, key)
        elif _is_number(s):
            _go_to_number(s)
        else:
            return S.TRAP_EX
    elif key == 27 or key == 3 or ((key == 127 or key == 8) and ctl[S.INPUT_LENGTH] == 0):
        ctl[S.MODE] = ctl[S.INPUT_BEFORE]
        reset(s)
        messages.say(s, messages.MODE)
    return S.TRAP_NONE


@inner
def _is_number(s: Any) -> bool:
    n = s.ctl[S.INPUT_LENGTH]
    for i in range(n):
        if s.pool[S.INPUT + i] < 48 or s.pool[S.INPUT + i] > 57:
            return False
    return 0 < n < 10


@inner
def _go_to_number(s: Any) -> None:
    """`:N`: to that line; the line as typed stays on the screen."""
    ctl = s.ctl
    value = 0
    for i in range(ctl[S.INPUT_LENGTH]):
        value = value * 10 + int(s.pool[S.INPUT + i]) - 48
    ctl[S.LINE] = min(max(value, 1), ctl[S.LINES]) - 1
    ctl[S.COLUMN] = motions.first_non_blank(s, ctl[S.LINE])
    ctl[S.WANT] = S.HERE
    reset(s)
