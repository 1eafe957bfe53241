"""The editor's text: line table, edits inside a line, and the undo log. Every kernel is O(characters it touches).

Legend: s the State, line and column count from 0, a column is a character (not a cell) of the line.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S

ENTRY = -1  # rows of the log that head saved lines, and those that head a unit of such entries
UNIT = -2


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
        return K.NEWLINE
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
def move_gap(s: Any, line: Any) -> None:
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
def marks_move(s: Any, line: Any, count: Any) -> None:
    """Marks at and after `line` follow `count` lines that come there, or (negative) go from there with their marks."""
    ctl = s.ctl
    if ctl[S.MARKED] == 0:
        return
    for m in range(S.MARK_TABLE, S.SCALARS, 2):
        if ctl[m] > line:
            ctl[m] = 0 if ctl[m] <= line - count else ctl[m] + count


@inner
def _marks_join(s: Any, line: Any, shift: Any) -> None:
    """Marks in the line after `line` come with it when it is joined, `shift` columns to the right."""
    ctl = s.ctl
    if ctl[S.MARKED] == 0:
        return
    for m in range(S.MARK_TABLE, S.SCALARS, 2):
        if ctl[m] == line + 2:
            ctl[m] = line + 1
            ctl[m + 1] += shift


@inner
def insert_lines(s: Any, line: Any, count: Any) -> None:
    """Make room for `count` lines before `line`: they are empty."""
    move_gap(s, line)
    marks_move(s, line, count)
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
    move_gap(s, line)
    marks_move(s, line, -count)
    if s.ctl[S.CHANGE_LAST] > line:
        s.ctl[S.CHANGE_LAST] = max(s.ctl[S.CHANGE_LAST] - count, line)
    for k in range(s.ctl[S.GAP] + s.ctl[S.GAP_SIZE], s.ctl[S.GAP] + s.ctl[S.GAP_SIZE] + count):
        s.ctl[S.CHARACTERS] -= s.lines[k, 1]
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
    s.ctl[S.CHARACTERS] += count - s.lines[k, 1]
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
    ctl[S.CHARACTERS] += count
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
    ctl[S.CHARACTERS] -= count
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
def _forget(s: Any) -> None:
    """Drop the oldest undo units where there are more than 'undolevels' or more saved lines than the limit."""
    ctl = s.ctl
    first = ctl[S.UNDO_FIRST]
    while ctl[S.UNDO_UNITS] > 1 and (
        ctl[S.UNDO_UNITS] > ctl[S.MOST_UNITS] + 1 or ctl[S.UNDO_END] - first > ctl[S.MOST_SAVED]
    ):
        first += 1
        while s.log[first, 3] != UNIT:
            first += 1
        ctl[S.UNDO_UNITS] -= 1
    ctl[S.UNDO_FIRST] = first


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
        undo[end, 3] = UNIT
        ctl[S.UNDO_END] = end + 1
        ctl[S.UNDO_UNITS] += 1
        ctl[S.UNIT_OPEN] = 1
        ctl[S.REDO_END] = 0
        _forget(s)
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
    undo[end, 3] = ENTRY
    ctl[S.ENTRY] = end
    ctl[S.ENTRY_LINES] = ctl[S.LINES]
    ctl[S.UNDO_END] = end + 1
    freeze(s)


@inner
def close_unit(s: Any) -> None:
    """The next change begins a new undo unit."""
    _close_entry(s)
    s.ctl[S.UNIT_OPEN] = 0
