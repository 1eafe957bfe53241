"""The editor's text: line table, edits inside a line, and the undo log. Every kernel is O(characters it touches).

Legend: s the State, line and column count from 0, a column is a character (not a cell) of the line.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import state as S

_ENTRY = -1
_UNIT = -2


@inner
def slot(ctl: Any, line: Any) -> Any:
    """Where `line` stands in the table."""
    return line if line < ctl[S.GAP] else line + ctl[S.GAP_SIZE]


@inner
def length(s: Any, line: Any) -> Any:
    """Characters in `line`."""
    return s.lines[slot(s.ctl, line), 1]


@inner
def character(s: Any, line: Any, column: Any) -> Any:
    """The character at (line, column); a newline at the line's end."""
    k = slot(s.ctl, line)
    if column >= s.lines[k, 1]:
        return 10
    return np.int64(s.pool[s.lines[k, 0] + column])


@inner
def touch(s: Any, start: Any) -> None:
    """Forget the rows that show the line at `start`: its characters change in place."""
    for r in range(s.rows.shape[0]):
        if s.rows[r, 0] == start:
            s.rows[r, 0] = S.ROW_UNKNOWN


@inner
def changed(s: Any) -> None:
    """Note that the buffer differs from the file and from the screen."""
    s.ctl[S.MODIFIED] = 1
    s.ctl[S.EMPTY] = 0
    s.ctl[S.CHANGED] = 1


@inner
def _move_gap(s: Any, line: Any) -> None:
    """Bring the gap before `line`, by runs that are no longer than it: a run and its copy never overlap."""
    gap = s.ctl[S.GAP]
    size = s.ctl[S.GAP_SIZE]
    most = max(size, 1)
    while line < gap:
        count = min(gap - line, most)
        gap -= count
        _copy_lines(s.lines[gap : gap + count], s.lines[gap + size : gap + size + count])
    while gap < line:
        count = min(line - gap, most)
        _copy_lines(s.lines[gap + size : gap + size + count], s.lines[gap : gap + count])
        gap += count
    s.ctl[S.GAP] = line


@inner
def _copy_lines(source: Any, target: Any) -> None:
    for k in range(len(source)):
        target[k, 0] = source[k, 0]
        target[k, 1] = source[k, 1]


@inner
def _marks_move(s: Any, line: Any, count: Any) -> None:
    """Marks at and after `line` follow `count` lines that come there, or (negative) go from there with their marks."""
    ctl = s.ctl
    if ctl[S.MARKED] == 0:
        return
    for m in range(S.MARK_TABLE, S.MARK_TABLE + 52, 2):
        if ctl[m] > line:
            ctl[m] = 0 if ctl[m] <= line - count else ctl[m] + count


@inner
def _marks_join(s: Any, line: Any, shift: Any) -> None:
    """Marks in the line after `line` come with it when it is joined, `shift` columns to the right."""
    ctl = s.ctl
    if ctl[S.MARKED] == 0:
        return
    for m in range(S.MARK_TABLE, S.MARK_TABLE + 52, 2):
        if ctl[m] == line + 2:
            ctl[m] = line + 1
            ctl[m + 1] += shift


@inner
def insert_lines(s: Any, line: Any, count: Any) -> None:
    """Make room for `count` lines before `line`: they are empty."""
    _move_gap(s, line)
    _marks_move(s, line, count)
    if s.ctl[S.CHANGE_LAST] >= line:
        s.ctl[S.CHANGE_LAST] += count
    for k in range(line, line + count):
        s.lines[k, 0] = s.ctl[S.POOL_END]
        s.lines[k, 1] = 0
    s.ctl[S.GAP] += count
    s.ctl[S.GAP_SIZE] -= count
    s.ctl[S.LINES] += count
    changed(s)


@inner
def delete_lines(s: Any, line: Any, count: Any) -> None:
    """Remove `count` lines from `line` on. A buffer never has fewer than one line: the last leaves vim's empty
    buffer.
    """
    _move_gap(s, line)
    _marks_move(s, line, -count)
    if s.ctl[S.CHANGE_LAST] > line:
        s.ctl[S.CHANGE_LAST] = max(s.ctl[S.CHANGE_LAST] - count, line)
    s.ctl[S.GAP_SIZE] += count
    s.ctl[S.LINES] -= count
    changed(s)
    if s.ctl[S.LINES] == 0:
        insert_lines(s, 0, 1)
        s.ctl[S.EMPTY] = 1


@inner
def set_line(s: Any, line: Any, start: Any, count: Any) -> None:
    """Let `line` be the `count` characters at `start` of the pool."""
    k = slot(s.ctl, line)
    s.lines[k, 0] = start
    s.lines[k, 1] = count
    if count > s.ctl[S.LONGEST]:
        s.ctl[S.LONGEST] = count
    changed(s)


@inner
def own(s: Any, line: Any, room: Any) -> Any:
    """Make `line` private, last in the pool where `room` characters are to be added; return its start."""
    ctl = s.ctl
    k = slot(s.ctl, line)
    start = s.lines[k, 0]
    count = s.lines[k, 1]
    end = ctl[S.POOL_END]
    if start < ctl[S.MARK] or (room > 0 and start + count != end):
        for i in range(count):
            s.pool[end + i] = s.pool[start + i]
        s.lines[k, 0] = end
        ctl[S.POOL_END] = end + count
        start = end
    else:
        touch(s, start)
    changed(s)
    return start


@inner
def open_hole(s: Any, line: Any, column: Any, count: Any) -> Any:
    """Make room for `count` characters before `column`; return where in the pool to write them."""
    ctl = s.ctl
    start = own(s, line, count)
    k = slot(s.ctl, line)
    total = s.lines[k, 1]
    pool = s.pool
    for i in range(start + total - 1, start + column - 1, -1):
        pool[i + count] = pool[i]
    s.lines[k, 1] = total + count
    ctl[S.POOL_END] = start + total + count
    if total + count > ctl[S.LONGEST]:
        ctl[S.LONGEST] = total + count
    return start + column


@inner
def remove(s: Any, line: Any, column: Any, count: Any) -> None:
    """Remove `count` characters from `column` on."""
    if count <= 0:
        return
    ctl = s.ctl
    k = slot(s.ctl, line)
    total = s.lines[k, 1]
    if column + count >= total or column == 0:
        start = s.lines[k, 0]
        touch(s, start)
        if column == 0:
            s.lines[k, 0] = start + count
        elif start >= ctl[S.MARK] and start + total == ctl[S.POOL_END]:
            ctl[S.POOL_END] = start + column
        s.lines[k, 1] = total - count
        changed(s)
        return
    start = own(s, line, 0)
    pool = s.pool
    for i in range(start + column, start + total - count):
        pool[i] = pool[i + count]
    s.lines[k, 1] = total - count
    if start + total == ctl[S.POOL_END]:
        ctl[S.POOL_END] = start + total - count


@inner
def insert_character(s: Any, line: Any, column: Any, character: Any) -> None:
    s.pool[open_hole(s, line, column, 1)] = character


@inner
def split(s: Any, line: Any, column: Any) -> None:
    """Break `line` before `column`: the rest becomes the next line."""
    k = slot(s.ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    touch(s, start)
    insert_lines(s, line + 1, 1)
    set_line(s, line, start, column)
    set_line(s, line + 1, start + column, total - column)


@inner
def join(s: Any, line: Any) -> None:
    """Append the next line to `line` as it is."""
    ctl = s.ctl
    total = length(s, line)
    k = slot(s.ctl, line + 1)
    start = s.lines[k, 0]
    count = s.lines[k, 1]
    first = s.lines[slot(s.ctl, line), 0]
    if first >= ctl[S.MARK] and first + total == start and start >= ctl[S.MARK]:
        touch(s, first)
        set_line(s, line, first, total + count)
    else:
        place = open_hole(s, line, total, count)
        for i in range(count):
            s.pool[place + i] = s.pool[start + i]
    _marks_join(s, line, total)
    delete_lines(s, line + 1, 1)


@inner
def freeze(s: Any) -> None:
    """From here on every character in the pool is shared: edits copy."""
    s.ctl[S.MARK] = s.ctl[S.POOL_END]


@inner
def _close_entry(s: Any) -> None:
    ctl = s.ctl
    header = ctl[S.ENTRY]
    if header >= 0:
        s.log[header, 2] = s.log[header, 1] + ctl[S.LINES] - ctl[S.ENTRY_LINES]
        ctl[S.ENTRY] = -1


@inner
def save(s: Any, line: Any, count: Any) -> None:
    """Remember `count` lines from `line` on before they change; opens an undo unit where none is open."""
    ctl = s.ctl
    undo = s.log
    ctl[S.LOWEST] = min(ctl[S.LOWEST], line)
    ctl[S.CHANGE_FIRST] = min(ctl[S.CHANGE_FIRST], line)
    ctl[S.CHANGE_LAST] = max(ctl[S.CHANGE_LAST], line + count)
    if ctl[S.UNIT_OPEN] == 0:
        _close_entry(s)
        end = ctl[S.UNDO_END]
        undo[end, 0] = ctl[S.LINE]
        undo[end, 1] = ctl[S.COLUMN]
        ctl[S.SEQUENCE] += 1
        undo[end, 2] = ctl[S.MODIFIED] | ctl[S.EMPTY] << 1 | ctl[S.SEQUENCE] << 2
        undo[end, 3] = _UNIT
        ctl[S.UNDO_END] = end + 1
        ctl[S.UNIT_OPEN] = 1
        ctl[S.REDO_END] = 0
    header = ctl[S.ENTRY]
    if header >= 0:
        top = undo[header, 0]
        now = undo[header, 1] + ctl[S.LINES] - ctl[S.ENTRY_LINES]
        if line >= top and line + count <= top + now:
            return
        _close_entry(s)
    end = ctl[S.UNDO_END]
    for i in range(count):
        k = slot(s.ctl, line + i)
        undo[end + i, 0] = s.lines[k, 0]
        undo[end + i, 1] = s.lines[k, 1]
        undo[end + i, 3] = 0
    end += count
    undo[end, 0] = line
    undo[end, 1] = count
    undo[end, 2] = count
    undo[end, 3] = _ENTRY
    ctl[S.ENTRY] = end
    ctl[S.ENTRY_LINES] = ctl[S.LINES]
    ctl[S.UNDO_END] = end + 1
    freeze(s)


@inner
def close_unit(s: Any) -> None:
    """The next change begins a new undo unit."""
    _close_entry(s)
    s.ctl[S.UNIT_OPEN] = 0


@inner
def _place(s: Any, redo: bool, i: Any) -> Any:
    """Row of `log` where item `i` of the undo log (or of the redo log, from the back) stands."""
    return s.log.shape[0] - 1 - i if redo else i


@inner
def _push(s: Any, redo: bool, i: Any, a: Any, b: Any, c: Any, kind: Any) -> None:
    k = _place(s, redo, i)
    s.log[k, 0] = a
    s.log[k, 1] = b
    s.log[k, 2] = c
    s.log[k, 3] = kind


@inner
def swap_unit(s: Any, redo: bool) -> Any:
    """Undo the last unit (or redo the last undone one): put its lines back and log what they replace.

    Returns the line where the cursor belongs, or -1 where there is none (vim's u_undoredo decides the line);
    ctl[SAVED_LINE] and ctl[SAVED_COLUMN] tell where the cursor stood before the change. Adds to ctl[UNDONE_BEFORE] and
    ctl[UNDONE_AFTER] the lines replaced and put back.
    """
    ctl = s.ctl
    log = s.log
    close_unit(s)
    end = ctl[S.REDO_END] if redo else ctl[S.UNDO_END]
    if end == 0:
        return -1
    first = end - 1
    while log[_place(s, redo, first), 3] != _UNIT:
        first -= log[_place(s, redo, first), 1] + 1
    unit = _place(s, redo, first)
    saved_line = log[unit, 0]
    saved_column = log[unit, 1]
    flags = log[unit, 2]
    out = ctl[S.UNDO_END] if redo else ctl[S.REDO_END]
    _push(s, not redo, out, saved_line, saved_column, ctl[S.MODIFIED] | ctl[S.EMPTY] << 1 | flags & ~3, _UNIT)
    out += 1
    freeze(s)
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
            k = slot(ctl, top + i)
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
        _push(s, not redo, out + now, top, now, old, _ENTRY)
        out += now + 1
        header -= old + 1
    ctl[S.REDO_END if redo else S.UNDO_END] = first
    ctl[S.UNDO_END if redo else S.REDO_END] = out
    ctl[S.SAVED_LINE] = saved_line
    ctl[S.SAVED_COLUMN] = saved_column
    ctl[S.UNDONE] = flags >> 2
    ctl[S.MODIFIED] = flags & 1
    ctl[S.EMPTY] = 1 if flags & 2 and ctl[S.LINES] == 1 and length(s, 0) == 0 else 0
    return saved_line if cursor < 0 else cursor


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
def _replace(s: Any, top: Any, now: Any, old: Any, redo: bool, place: Any) -> None:
    """Put the `old` saved lines where `now` lines stand."""
    s.ctl[S.LOWEST] = min(s.ctl[S.LOWEST], top)
    s.ctl[S.CHANGE_FIRST] = min(s.ctl[S.CHANGE_FIRST], top)
    s.ctl[S.CHANGE_LAST] = max(s.ctl[S.CHANGE_LAST], top + now)
    if old > now:
        insert_lines(s, top + now, old - now)
    elif old < now:
        _move_gap(s, top + old)
        _marks_move(s, top + old, old - now)
        s.ctl[S.CHANGE_LAST] += old - now
        s.ctl[S.GAP_SIZE] += now - old
        s.ctl[S.LINES] -= now - old
        changed(s)
        if s.ctl[S.LINES] == 0:
            insert_lines(s, 0, 1)
    for i in range(old):
        k = _place(s, redo, place + i)
        set_line(s, top + i, s.log[k, 0], s.log[k, 1])
