"""An insertion done again: what a count and `.` ask for, as one operation on the text where its keys allow that."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import budget, insert, operators, text, window
from rcfam.terminal.editor.columns import text_rows
from rcfam.terminal.editor.positions import following


@inner
def insert_text(s: Any, codes: Any, back: Any, ahead: Any, over: bool) -> None:
    """Insert characters and DID_ENTERs at the cursor, after `back` Backspaces and with `ahead` Deletes.

    With `over` characters replace those after the cursor. There is room for all of it.
    """
    ctl = s.ctl
    before = ctl[S.LINE]
    ctl[S.REPLACED] = 0
    _erase_back(s, back)
    _erase_ahead(s, ahead)
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    lines = 0
    for i in range(len(codes)):
        lines += codes[i] == S.DID_ENTER
    text.save(s, line, 1)
    taken = min(len(codes) - lines, text.length(s, line) - column) if over else 0
    if lines == 0 and taken == 0:
        place = text.open_hole(s, line, column, len(codes))
        for i in range(len(codes)):
            s.pool[place + i] = codes[i]
        ctl[S.COLUMN] = column + len(codes)
    else:
        _insert_lines(s, codes, lines, taken)
    ctl[S.WANT] = S.HERE
    _follow(s, before)


@inner
def _insert_lines(s: Any, codes: Any, lines: Any, taken: Any) -> None:
    """Write the cursor's line anew, with what is inserted, as `lines` more lines; `taken` characters go."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    k = text.slot(ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    text.insert_lines(s, line + 1, lines)
    pool = s.pool
    first = ctl[S.POOL_END]
    end = first + column
    for i in range(column):
        pool[first + i] = pool[start + i]
    for i in range(len(codes)):
        if codes[i] == S.DID_ENTER:
            text.set_line(s, line, first, end - first)
            line += 1
            first = end
        else:
            pool[end] = codes[i]
            end += 1
    ctl[S.LINE] = line
    ctl[S.COLUMN] = end - first
    for i in range(start + column + taken, start + total):
        pool[end] = pool[i]
        end += 1
    text.set_line(s, line, first, end - first)
    ctl[S.POOL_END] = end


@inner
def _erase_back(s: Any, count: Any) -> None:
    """So many Backspaces, line ends counted as one."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    while count > column and line > 0:
        count -= column + 1
        line -= 1
        column = text.length(s, line)
    column = max(column - count, 0)
    if line != ctl[S.LINE] or column != ctl[S.COLUMN]:
        operators.delete_span(s, line, column, ctl[S.LINE], ctl[S.COLUMN])
        ctl[S.LINE] = line
        ctl[S.COLUMN] = column


@inner
def _erase_ahead(s: Any, count: Any) -> None:
    """So many Deletes."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    while count > 0:
        count -= 1
        if column < text.length(s, line):
            column = following(s, line, column)
        elif line + 1 < ctl[S.LINES]:
            line += 1
            column = 0
        else:
            break
    if line != ctl[S.LINE] or column != ctl[S.COLUMN]:
        operators.delete_span(s, ctl[S.LINE], ctl[S.COLUMN], line, column)


@inner
def _follow(s: Any, before: Any) -> None:
    """Scroll as if the cursor had come down from line `before` line by line."""
    ctl = s.ctl
    line = ctl[S.LINE]
    for at in range(max(before, line - 2 * text_rows(s)), line):
        ctl[S.LINE] = at
        window.follow_cursor(s)
    ctl[S.LINE] = line


@inner
def one_by_one(s: Any, opened: Any, typed: Any, first: Any, last: Any) -> Any:
    """Do steps first:last of a repetition, each once: a repetition is an Enter where `opened`, then the `typed` things
    noted in TYPED_TEXT.

    Returns the step that lacks room or is beyond the key's work, `last` where all is done or no more would change.
    """
    ctl = s.ctl
    ctl[S.TYPED] = -1  # nothing is noted meanwhile
    steps = opened + typed
    seen = 0
    step = first
    while step < last:
        at = step % steps
        if at == 0:
            now = _fingerprint(s)
            if step > first and now == seen:
                step = last
                break
            seen = now
        if not budget.has_room(s, 0, 0) or s.log.shape[0] - ctl[S.UNDO_END] - ctl[S.REDO_END] < S.SPARE_LOG:
            break
        what = S.DID_ENTER if at < opened else np.int64(s.pool[S.TYPED_TEXT + at - opened])
        size = text.length(s, ctl[S.LINE])
        if not budget.work(s, 16 + (4 * size if what > S.DID_LINE else size // 4)):
            break
        insert.do_again(s, what)
        step += 1
    ctl[S.TYPED] = typed
    ctl[S.WANT] = S.HERE
    return step


@inner
def _fingerprint(s: Any) -> Any:
    """A number that tells the text near the cursor, and the cursor, from what they were."""
    ctl = s.ctl
    found = ctl[S.LINES] * 31 + ctl[S.CHARACTERS]
    found = (found * 31 + ctl[S.LINE]) * 31 + ctl[S.COLUMN]
    for line in range(max(ctl[S.LINE] - 1, 0), ctl[S.LINE] + 1):
        for column in range(text.length(s, line)):
            found = found * 1_000_003 + text.character(s, line, column)
    return found
