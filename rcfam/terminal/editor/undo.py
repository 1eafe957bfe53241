"""u and Ctrl-R: the last unit's lines are put back, the cursor goes where vim's u_undoredo puts it."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import messages, text
from rcfam.terminal.editor.positions import check_cursor, first_non_blank


@inner
def undo(s: Any, redo: bool, count: Any) -> None:
    """Undo `count` changes, or redo them."""
    ctl = s.ctl
    ctl[S.UNDONE_BEFORE] = -1 if ctl[S.EMPTY] else 0
    ctl[S.UNDONE_AFTER] = 0
    for i in range(count):
        line = swap_unit(s, redo)
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
            ctl[S.COLUMN] = ctl[S.SAVED_COLUMN] if line == ctl[S.SAVED_LINE] else first_non_blank(s, line)
        check_cursor(s)
    ctl[S.UNDONE_AFTER] -= 1 if ctl[S.EMPTY] else 0
    messages.say(s, messages.REDONE if redo else messages.UNDONE)


@inner
def swap_unit(s: Any, redo: bool) -> Any:
    """Undo the last unit (or redo the last undone one): put its lines back and log what they replace.

    Returns the line where the cursor belongs, or -1 where there is none (vim's u_undoredo decides the line);
    ctl[SAVED_LINE] and ctl[SAVED_COLUMN] tell where the cursor stood before the change. Adds to ctl[UNDONE_BEFORE] and
    ctl[UNDONE_AFTER] the lines replaced and put back.
    """
    ctl = s.ctl
    log = s.log
    text.close_unit(s)
    end = ctl[S.REDO_END] if redo else ctl[S.UNDO_END]
    if end == (0 if redo else ctl[S.UNDO_FIRST]):
        return -1
    ctl[S.UNDO_UNITS] += 1 if redo else -1
    first = end - 1
    while log[_place(s, redo, first), 3] != text.UNIT:
        first -= log[_place(s, redo, first), 1] + 1
    unit = _place(s, redo, first)
    saved_line = log[unit, 0]
    saved_column = log[unit, 1]
    flags = log[unit, 2]
    out = ctl[S.UNDO_END] if redo else ctl[S.REDO_END]
    _push(s, not redo, out, saved_line, saved_column, ctl[S.MODIFIED] | ctl[S.EMPTY] << 1 | flags & ~3, text.UNIT)
    out += 1
    text.freeze(s)
    cursor = -1
    header = end - 1
    while header > first:
        k = _place(s, redo, header)
        top = log[k, 0]
        old = log[k, 1]
        now = log[k, 2]
        ctl[S.UNDONE_BEFORE] += now
        ctl[S.UNDONE_AFTER] += old
        for i in range(now):
            k = text.slot(ctl, top + i)
            _push(s, not redo, out + i, s.lines[k, 0], s.lines[k, 1], 0, 0)
        differs = 0
        while differs < old and differs < now and _same(s, redo, header - old + differs, out + differs):
            differs += 1
        if saved_line >= top and saved_line <= top + old and (cursor < 0 or top < cursor):
            cursor = saved_line
        elif cursor < 0 or top < cursor:
            if differs < old:
                cursor = top + differs
            elif cursor < 0 and header - old - 1 == first:
                cursor = top
        _replace(s, top, now, old, redo, header - old)
        _push(s, not redo, out + now, top, now, old, text.ENTRY)
        out += now + 1
        header -= old + 1
    ctl[S.REDO_END if redo else S.UNDO_END] = first
    ctl[S.UNDO_END if redo else S.REDO_END] = out
    ctl[S.SAVED_LINE] = saved_line
    ctl[S.SAVED_COLUMN] = saved_column
    ctl[S.UNDONE] = flags >> 2
    ctl[S.MODIFIED] = flags & 1
    ctl[S.EMPTY] = 1 if flags & 2 and ctl[S.LINES] == 1 and text.length(s, 0) == 0 else 0
    return saved_line if cursor < 0 else cursor


@inner
def _replace(s: Any, top: Any, now: Any, old: Any, redo: bool, place: Any) -> None:
    """Put the `old` saved lines where `now` lines stand."""
    s.ctl[S.LOWEST] = min(s.ctl[S.LOWEST], top)
    s.ctl[S.CHANGE_FIRST] = min(s.ctl[S.CHANGE_FIRST], top)
    s.ctl[S.CHANGE_LAST] = max(s.ctl[S.CHANGE_LAST], top + now)
    if old > now:
        text.insert_lines(s, top + now, old - now)
    elif old < now:
        text.move_gap(s, top + old)
        text.marks_move(s, top + old, old - now)
        s.ctl[S.CHANGE_LAST] += old - now
        for k in range(top + old + s.ctl[S.GAP_SIZE], top + now + s.ctl[S.GAP_SIZE]):
            s.ctl[S.CHARACTERS] -= s.lines[k, 1]
        s.ctl[S.GAP_SIZE] += now - old
        s.ctl[S.LINES] -= now - old
        text.changed(s)
        if s.ctl[S.LINES] == 0:
            text.insert_lines(s, 0, 1)
    for i in range(old):
        k = _place(s, redo, place + i)
        text.set_line(s, top + i, s.log[k, 0], s.log[k, 1])


@inner
def _same(s: Any, redo: bool, i: Any, j: Any) -> bool:
    """Whether saved line `i` of the one log has the characters of saved line `j` of the other."""
    a = _place(s, redo, i)
    b = _place(s, not redo, j)
    if s.log[a, 1] != s.log[b, 1]:
        return False
    if s.log[a, 0] != s.log[b, 0]:
        for k in range(s.log[a, 1]):
            if s.pool[s.log[a, 0] + k] != s.pool[s.log[b, 0] + k]:
                return False
    return True


@inner
def _push(s: Any, redo: bool, i: Any, a: Any, b: Any, c: Any, kind: Any) -> None:
    k = _place(s, redo, i)
    s.log[k, 0] = a
    s.log[k, 1] = b
    s.log[k, 2] = c
    s.log[k, 3] = kind


@inner
def _place(s: Any, redo: bool, i: Any) -> Any:
    """Row of `log` where item `i` of the undo log (or of the redo log, from the back) stands."""
    return s.log.shape[0] - 1 - i if redo else i
