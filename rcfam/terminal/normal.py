"""Normal and visual mode: counts, operators, motions and the commands of one or two keys."""

from rcfam.terminal import draw, motions, objects, operators, scrolling, search, text
from rcfam.terminal import state as S
from rcfam.terminal.inner import inner
from rcfam.terminal.insert import following, previous
from rcfam.terminal.keys import DELETE, INSERT, NAMED

_MOST = 99_999_999
_NO_UNDO = tuple(b"Already at oldest change")
_NO_REDO = tuple(b"Already at newest change")


@inner
def reset(s):
    """Forget the command in progress."""
    ctl = s.ctl
    ctl[S.COUNT] = 0
    ctl[S.COUNT2] = 0
    ctl[S.OPERATOR] = 0
    ctl[S.LEAD] = 0


@inner
def count_of(s):
    """The count of the whole command, at least 1."""
    ctl = s.ctl
    return min(max(ctl[S.COUNT], 1) * max(ctl[S.COUNT2], 1), _MOST)


@inner
def record(s, key):
    """Keep a key of the command in progress for `.`; too many make it unrepeatable."""
    ctl = s.ctl
    n = ctl[S.DOT_RECORDING]
    if n < S.REGION:
        s.pool[S.KEYS + n] = key
    ctl[S.DOT_RECORDING] = n + 1


@inner
def finish_change(s):
    """The recorded keys are what `.` repeats from now on."""
    ctl = s.ctl
    n = ctl[S.DOT_RECORDING]
    ctl[S.DOT_LENGTH] = n if n <= S.REGION else 0
    for i in range(ctl[S.DOT_LENGTH]):
        s.pool[S.KEYS + S.REGION + i] = s.pool[S.KEYS + i]
    ctl[S.DOT_RECORDING] = 0


@inner
def begin_insert(s, mode):
    ctl = s.ctl
    ctl[S.MODE] = mode
    ctl[S.WANT] = S.HERE
    ctl[S.INSERT_COUNT] = count_of(s) if ctl[S.OPERATOR] == 0 else 1
    ctl[S.INSERT_FROM] = ctl[S.DOT_RECORDING]
    reset(s)
    draw.show_mode(s)


@inner
def end_insert(s):
    """Esc: back to normal mode, the cursor one to the left."""
    ctl = s.ctl
    ctl[S.MODE] = S.NORMAL
    if ctl[S.COLUMN] > 0:
        ctl[S.COLUMN] = previous(s, ctl[S.LINE], ctl[S.COLUMN])
    ctl[S.WANT] = S.HERE
    ctl[S.LITERAL] = 0
    text.close_unit(s)
    finish_change(s)
    draw.show_mode(s)


@inner
def open_line(s, line):
    """o and O: a new empty line at `line`."""
    ctl = s.ctl
    text.save(s, line, 0)
    text.insert_lines(s, line, 1)
    ctl[S.LINE] = line
    ctl[S.COLUMN] = 0


@inner
def _start_insert(s, key):
    """i a I A o O R and Insert; false for other keys."""
    ctl = s.ctl
    line = ctl[S.LINE]
    if key == 97:
        if text.length(s, line) > 0:
            ctl[S.COLUMN] = following(s, line, ctl[S.COLUMN])
    elif key == 65:
        ctl[S.COLUMN] = text.length(s, line)
    elif key == 73:
        column = 0
        while column < text.length(s, line) and (
            text.character(s, line, column) == 32 or text.character(s, line, column) == 9
        ):
            column += 1
        ctl[S.COLUMN] = column
    elif key == 111:
        open_line(s, line + 1)
    elif key == 79:
        open_line(s, line)
    elif key != 105 and key != INSERT and key != 82:
        return False
    begin_insert(s, S.REPLACE if key == 82 else S.INSERT)
    return True


@inner
def _apply(s, kind):
    """Run the pending operator, or move, to the target of a motion; true where insert mode began."""
    ctl = s.ctl
    operator = ctl[S.OPERATOR]
    if kind <= motions.FAILED:
        return False
    if operator == 0 or ctl[S.MODE] == S.VISUAL:
        ctl[S.LINE] = ctl[S.TO_LINE]
        ctl[S.COLUMN] = ctl[S.TO_COLUMN]
        ctl[S.WANT] = ctl[S.TO_WANT]
        if ctl[S.MODE] != S.VISUAL:
            operators.check_cursor(s)
        return False
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    last = ctl[S.TO_LINE]
    end = ctl[S.TO_COLUMN]
    if last < line or (last == line and end < column):
        line, last = last, line
        column, end = end, column
    return operators.operate(s, operator, kind, line, column, last, end)


@inner
def _done(s, inserting):
    """An operator has run: record it, end the undo unit or begin to insert."""
    ctl = s.ctl
    yanked = ctl[S.OPERATOR] == 121
    if inserting:
        begin_insert(s, S.INSERT)
        return
    reset(s)
    text.close_unit(s)
    if not yanked:
        finish_change(s)


@inner
def undo(s, redo, count):
    ctl = s.ctl
    for _ in range(count):
        line = text.swap_unit(s, redo)
        if line < 0:
            draw.clear_message(s)
            if redo:
                draw.words(s, _NO_REDO, 0)
            else:
                draw.words(s, _NO_UNDO, 0)
            return
        draw.clear_message(s)
        # A cursor only one line off goes back to where the change began, as after `o`.
        if ctl[S.SAVED_LINE] + 1 == line and line > 0:
            line -= 1
        if line >= ctl[S.LINES]:
            ctl[S.LINE] = ctl[S.LINES] - 1
            ctl[S.COLUMN] = 0
        elif line == ctl[S.SAVED_LINE]:
            ctl[S.LINE] = line
            ctl[S.COLUMN] = ctl[S.SAVED_COLUMN]
        else:
            operators.to_first_non_blank(s, line)
        operators.check_cursor(s)
        ctl[S.WANT] = S.HERE


@inner
def _simple(s, key, count):
    """The commands that change text with one key; false for other keys. They are recorded for `.`."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    total = text.length(s, line)
    if key == 120 or key == DELETE:
        if total > 0:
            end = column
            for _ in range(min(count, total)):
                end = following(s, line, end)
            operators.operate(s, 100, motions.EXCLUSIVE, line, column, line, end)
    elif key == 88:
        if column > 0:
            first = column
            for _ in range(min(count, column)):
                first = previous(s, line, first)
            operators.operate(s, 100, motions.EXCLUSIVE, line, first, line, column)
    elif key == 68:
        last = min(line + count, ctl[S.LINES]) - 1
        operators.operate(s, 100, motions.INCLUSIVE, line, column, last, max(text.length(s, last) - 1, 0))
    elif key == 112 or key == 80:
        operators.put(s, key == 80, count)
    elif key == 74:
        operators.join_lines(s, line, count, True)
    elif key == 126:
        operators.toggle(s, count)
    else:
        return False
    reset(s)
    text.close_unit(s)
    finish_change(s)
    return True


@inner
def _change_shortcut(s, key, count):
    """C s S Y: an operator with its motion; false for other keys."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    if key == 67:
        last = min(line + count, ctl[S.LINES]) - 1
        operators.operate(s, 99, motions.EXCLUSIVE, line, column, last, text.length(s, last))
    elif key == 115:
        end = column
        for _ in range(min(count, text.length(s, line))):
            end = following(s, line, end)
        operators.operate(s, 99, motions.EXCLUSIVE, line, column, line, end)
    elif key == 83:
        operators.operate(s, 99, motions.LINEWISE, line, 0, min(line + count, ctl[S.LINES]) - 1, 0)
    elif key == 89:
        operators.operate(s, 121, motions.LINEWISE, line, column, min(line + count, ctl[S.LINES]) - 1, 0)
        reset(s)
        return True
    else:
        return False
    ctl[S.OPERATOR] = 99
    begin_insert(s, S.INSERT)
    return True


@inner
def start_visual(s, kind):
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
    draw.show_mode(s)


@inner
def leave_visual(s):
    ctl = s.ctl
    ctl[S.MODE] = S.NORMAL
    ctl[S.WHOLE] = 1
    reset(s)
    operators.check_cursor(s)
    draw.show_mode(s)


@inner
def open_command_line(s, kind):
    """: / ? : the last line takes the keys."""
    ctl = s.ctl
    ctl[S.INPUT_LENGTH] = 0
    ctl[S.INPUT_CURSOR] = 0
    ctl[S.INPUT_KIND] = kind
    ctl[S.INPUT_BEFORE] = ctl[S.MODE]
    ctl[S.MODE] = S.COMMAND
    ctl[S.LITERAL] = 0


@inner
def _second_key(s, lead, key):
    """The key after g z r f t F T m ' ` Z or a text object's i and a; returns a trap."""
    ctl = s.ctl
    count = count_of(s)
    counted = ctl[S.COUNT] > 0 or ctl[S.COUNT2] > 0
    if lead == 34:
        return S.TRAP_NONE
    if lead == 90:
        reset(s)
        ctl[S.KEY] = 1 if key == 90 else 0
        return S.TRAP_QUIT if key == 90 or key == 81 else S.TRAP_NONE
    if lead == 122:
        scrolling.z_command(s, key, count if counted else 0)
        reset(s)
        return S.TRAP_NONE
    if lead == 109:
        if 97 <= key <= 122:
            ctl[S.MARK_TABLE + 2 * (key - 97)] = ctl[S.LINE] + 1
            ctl[S.MARK_TABLE + 2 * (key - 97) + 1] = ctl[S.COLUMN]
        reset(s)
        return S.TRAP_NONE
    if lead == 114:
        if ctl[S.MODE] == S.VISUAL:
            visual_replace(s, key)
        elif (key >= 32 or key == 13 or key == 9) and key < NAMED and key != 127:
            operators.replace(s, key, count)
            text.close_unit(s)
            finish_change(s)
        reset(s)
        return S.TRAP_NONE
    if lead == 105 or lead == 97:
        kind = objects.select(s, lead == 97, key, count)
        if ctl[S.MODE] == S.VISUAL:
            if kind > 0:
                ctl[S.VISUAL_LINE] = ctl[S.FROM_LINE]
                ctl[S.VISUAL_COLUMN] = ctl[S.FROM_COLUMN]
                ctl[S.LINE] = ctl[S.TO_LINE]
                ctl[S.COLUMN] = ctl[S.TO_COLUMN]
                if kind == motions.LINEWISE:
                    ctl[S.VISUAL_KIND] = 86
                    draw.show_mode(s)
                ctl[S.WANT] = S.HERE
                ctl[S.WHOLE] = 1
            reset(s)
        elif kind > 0:
            _done(
                s,
                operators.operate(
                    s, ctl[S.OPERATOR], kind, ctl[S.FROM_LINE], ctl[S.FROM_COLUMN], ctl[S.TO_LINE], ctl[S.TO_COLUMN]
                ),
            )
        else:
            reset(s)
        return S.TRAP_NONE
    return _after_g(s, lead, key, count, counted)


@inner
def _after_g(s, lead, key, count, counted):
    ctl = s.ctl
    if lead == 103 and ctl[S.MODE] != S.VISUAL:
        if key == 74 and ctl[S.OPERATOR] == 0:
            operators.join_lines(s, ctl[S.LINE], count, False)
            reset(s)
            text.close_unit(s)
            finish_change(s)
            return S.TRAP_NONE
        if key == 117 or key == 85 or key == 126:
            if ctl[S.OPERATOR] == key:
                _whole_lines(s)
            elif ctl[S.OPERATOR] == 0:
                ctl[S.OPERATOR] = key
                ctl[S.COUNT2] = ctl[S.COUNT]
                ctl[S.COUNT] = 0
            else:
                reset(s)
            return S.TRAP_NONE
    kind = motions.motion_after(s, lead, key, count, counted)
    inserting = _apply(s, kind)
    if ctl[S.OPERATOR] != 0 and ctl[S.MODE] != S.VISUAL and kind > motions.FAILED:
        _done(s, inserting)
    else:
        reset(s)
    return S.TRAP_NONE


@inner
def _whole_lines(s):
    """dd yy cc >> << gUU and the like."""
    ctl = s.ctl
    line = ctl[S.LINE]
    count = count_of(s)
    if line + count > ctl[S.LINES] and count > 1 and line + 1 == ctl[S.LINES]:
        reset(s)
        return
    last = min(line + count, ctl[S.LINES]) - 1
    column = ctl[S.COLUMN]
    inserting = operators.operate(s, ctl[S.OPERATOR], motions.LINEWISE, line, column, last, column)
    _done(s, inserting)


@inner
def _is_operator(key):
    return key == 100 or key == 99 or key == 121 or key == 62 or key == 60


@inner
def _is_lead(s, key):
    if key == 105 or key == 97:
        return s.ctl[S.OPERATOR] != 0 or s.ctl[S.MODE] == S.VISUAL
    if key == 114 or key == 109 or key == 90 or key == 122:
        return s.ctl[S.OPERATOR] == 0
    return key == 103 or key == 102 or key == 116 or key == 70 or key == 84 or key == 39 or key == 96 or key == 34


@inner
def visual_span(s):
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
def visual_replace(s, key):
    """r in visual mode: every selected character becomes `key`."""
    ctl = s.ctl
    visual_span(s)
    first = ctl[S.FROM_LINE]
    last = ctl[S.TO_LINE]
    if key >= 32 and key < NAMED and key != 127:
        text.save(s, first, last - first + 1)
        for line in range(first, last + 1):
            total = text.length(s, line)
            begin = ctl[S.FROM_COLUMN] if line == first and ctl[S.VISUAL_KIND] != 86 else 0
            end = min(ctl[S.TO_COLUMN] + 1, total) if line == last and ctl[S.VISUAL_KIND] != 86 else total
            start = text.own(s, line, 0)
            for i in range(start + begin, start + end):
                s.pool[i] = key
        text.changed(s)
    ctl[S.LINE] = first
    ctl[S.COLUMN] = 0 if ctl[S.VISUAL_KIND] == 86 else ctl[S.FROM_COLUMN]
    ctl[S.WANT] = S.HERE
    leave_visual(s)
    text.close_unit(s)
    ctl[S.DOT_RECORDING] = 0


@inner
def _visual_command(s, key, count):
    """A command on the selection; false where `key` is none."""
    ctl = s.ctl
    lines = ctl[S.VISUAL_KIND] == 86
    operator = 0
    if key == 100 or key == 120 or key == DELETE:
        operator = 100
    elif key == 88 or key == 68:
        operator = 100
        lines = True
    elif key == 99 or key == 115:
        operator = 99
    elif key == 83 or key == 67 or key == 82:
        operator = 99
        lines = True
    elif key == 121 or key == 89:
        operator = 121
        lines = lines or key == 89
    elif key == 62 or key == 60 or key == 126 or key == 117 or key == 85:
        operator = key
    elif key == 111 or key == 79:
        line = ctl[S.LINE]
        column = ctl[S.COLUMN]
        ctl[S.LINE] = ctl[S.VISUAL_LINE]
        ctl[S.COLUMN] = ctl[S.VISUAL_COLUMN]
        ctl[S.VISUAL_LINE] = line
        ctl[S.VISUAL_COLUMN] = column
        ctl[S.WANT] = S.HERE
        reset(s)
        return True
    elif key == 74:
        visual_span(s)
        ctl[S.LINE] = ctl[S.FROM_LINE]
        operators.join_lines(s, ctl[S.FROM_LINE], ctl[S.TO_LINE] - ctl[S.FROM_LINE] + 1, True)
        leave_visual(s)
        text.close_unit(s)
        ctl[S.DOT_RECORDING] = 0
        return True
    else:
        return False
    visual_span(s)
    first = ctl[S.FROM_LINE]
    column = ctl[S.FROM_COLUMN]
    kind = motions.LINEWISE if lines else motions.INCLUSIVE
    if not lines and operator == 100 and ctl[S.TO_COLUMN] >= text.length(s, ctl[S.TO_LINE]):
        ctl[S.TO_COLUMN] = max(text.length(s, ctl[S.TO_LINE]), 0)
    leave_visual(s)
    if (operator == 62 or operator == 60) and count > 1:
        text.save(s, first, ctl[S.TO_LINE] - first + 1)
        for line in range(first, ctl[S.TO_LINE] + 1):
            operators.shift(s, line, operator == 62, min(count, 99) - 1)
    inserting = operators.operate(s, operator, kind, first, column, ctl[S.TO_LINE], ctl[S.TO_COLUMN])
    if lines and operator == 121:
        ctl[S.LINE] = first
        operators.check_cursor(s)
    ctl[S.OPERATOR] = operator
    ctl[S.DOT_RECORDING] = 0
    if inserting:
        begin_insert(s, S.INSERT)
    else:
        reset(s)
        text.close_unit(s)
    return True


@inner
def press_normal(s, key):
    """One key in normal or visual mode; returns a trap."""
    ctl = s.ctl
    lead = ctl[S.LEAD]
    record(s, key)
    if lead:
        ctl[S.LEAD] = 0
        if key == 27 or key == 3:
            reset(s)
            ctl[S.DOT_RECORDING] = 0
            return S.TRAP_NONE
        trap = _second_key(s, lead, key)
        if ctl[S.MODE] == S.NORMAL and ctl[S.OPERATOR] == 0 and ctl[S.COUNT] == 0:
            ctl[S.DOT_RECORDING] = 0
        return trap
    if 49 <= key <= 57 or (key == 48 and ctl[S.COUNT] > 0):
        ctl[S.COUNT] = min(ctl[S.COUNT] * 10 + key - 48, _MOST)
        return S.TRAP_NONE
    visual = ctl[S.MODE] == S.VISUAL
    if _is_lead(s, key):
        ctl[S.LEAD] = key
        return S.TRAP_NONE
    if _is_operator(key) and not visual:
        if ctl[S.OPERATOR] == 0:
            ctl[S.OPERATOR] = key
            ctl[S.COUNT2] = ctl[S.COUNT]
            ctl[S.COUNT] = 0
        elif ctl[S.OPERATOR] == key:
            _whole_lines(s)
            if ctl[S.MODE] == S.NORMAL:
                ctl[S.DOT_RECORDING] = 0
        else:
            reset(s)
            ctl[S.DOT_RECORDING] = 0
        return S.TRAP_NONE
    count = count_of(s)
    counted = ctl[S.COUNT] > 0 or ctl[S.COUNT2] > 0
    if ctl[S.OPERATOR] != 0 and not visual:
        return _pending(s, key, count, counted)
    trap = _command(s, key, count, counted, visual)
    if ctl[S.MODE] == S.NORMAL or ctl[S.MODE] == S.COMMAND:
        ctl[S.DOT_RECORDING] = 0
    return trap


@inner
def _pending(s, key, count, counted):
    """A key while an operator waits for its motion."""
    ctl = s.ctl
    if (key == 117 or key == 85 or key == 126) and ctl[S.OPERATOR] == key:
        _whole_lines(s)
    elif key == 47 or key == 63:
        open_command_line(s, key)
        return S.TRAP_NONE
    else:
        kind = motions.motion(s, key, count, counted)
        if kind > motions.FAILED:
            _done(s, _apply(s, kind))
        else:
            reset(s)
    if ctl[S.MODE] == S.NORMAL:
        ctl[S.DOT_RECORDING] = 0
    return S.TRAP_NONE


@inner
def _command(s, key, count, counted, visual):
    """A key that begins and ends a command."""
    ctl = s.ctl
    if key == 58 or key == 47 or key == 63:
        if visual and key == 58:
            leave_visual(s)
            return S.TRAP_NONE
        open_command_line(s, key)
        return S.TRAP_NONE
    if visual:
        if key == 27 or key == 3:
            leave_visual(s)
            return S.TRAP_NONE
        if _visual_command(s, key, count):
            return S.TRAP_NONE
    elif _start_insert(s, key) or _simple(s, key, count) or _change_shortcut(s, key, count):
        return S.TRAP_NONE
    if key == 86 or key == 118:
        start_visual(s, key)
        return S.TRAP_NONE
    if scrolling.command(s, key, count if counted else 0):
        reset(s)
        return S.TRAP_NONE
    if not visual:
        if key == 117 or key == 18:
            undo(s, key == 18, count)
            reset(s)
            return S.TRAP_NONE
        if key == 46:
            reset(s)
            if ctl[S.DOT_LENGTH] > 0:
                ctl[S.REPLAY_COUNT] = count if counted else 0
                return S.TRAP_REPLAY
            return S.TRAP_NONE
        if key == 38 or key == 27 or key == 3:
            reset(s)
            return S.TRAP_NONE
    kind = motions.motion(s, key, count, counted)
    _apply(s, kind)
    if visual:
        ctl[S.WHOLE] = 1
    reset(s)
    return S.TRAP_NONE


@inner
def press_command(s, key):
    """One key on the editor's command line; returns a trap."""
    ctl = s.ctl
    if key == 13 or key == 10:
        ctl[S.MODE] = ctl[S.INPUT_BEFORE]
        if ctl[S.INPUT_KIND] == 58:
            if _is_number(s):
                _go_to_number(s)
                return S.TRAP_NONE
            return S.TRAP_EX
        _finish_search(s)
        return S.TRAP_NONE
    if key == 27 or key == 3:
        _leave_command(s)
        return S.TRAP_NONE
    if (key == 127 or key == 8) and ctl[S.INPUT_LENGTH] == 0:
        _leave_command(s)
    return S.TRAP_NONE


@inner
def _leave_command(s):
    ctl = s.ctl
    ctl[S.MODE] = ctl[S.INPUT_BEFORE]
    reset(s)
    draw.show_mode(s)
    if ctl[S.MODE] != S.VISUAL:
        ctl[S.DOT_RECORDING] = 0


@inner
def _is_number(s):
    n = s.ctl[S.INPUT_LENGTH]
    if n == 0 or n > 9:
        return False
    for i in range(n):
        if not 48 <= s.pool[S.INPUT + i] <= 57:
            return False
    return True


@inner
def _go_to_number(s):
    """`:N`: to that line."""
    value = 0
    for i in range(s.ctl[S.INPUT_LENGTH]):
        value = value * 10 + int(s.pool[S.INPUT + i]) - 48
    operators.to_first_non_blank(s, max(value, 1) - 1)
    reset(s)


@inner
def _finish_search(s):
    ctl = s.ctl
    ctl[S.TO_LINE] = ctl[S.LINE]
    ctl[S.TO_COLUMN] = ctl[S.COLUMN]
    ctl[S.TO_WANT] = S.HERE
    found = search.from_input(s, ctl[S.INPUT_KIND] == 63, count_of(s))
    if ctl[S.OPERATOR] != 0 and ctl[S.MODE] == S.NORMAL and found:
        _done(s, _apply(s, motions.EXCLUSIVE))
    else:
        if found:
            _apply(s, motions.EXCLUSIVE)
        reset(s)
        if ctl[S.MODE] == S.VISUAL:
            ctl[S.WHOLE] = 1
