"""Changes that span nothing: p P J gJ r ~, and r on a selection."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_blank
from rcfam.terminal.editor import budget, letter_case, messages, text
from rcfam.terminal.editor.positions import check_cursor, following, previous, to_first_non_blank


@inner
def edit(s: Any, key: Any, count: Any) -> None:
    """p P J ~, and gJ as g: the changes that span nothing."""
    if key == K.p or key == K.P:
        put(s, key == K.P, count)
    elif key == K.J or key == K.g:
        join_lines(s, s.ctl[S.LINE], count, key == K.J)
    else:
        letter_case.toggle(s, count)


@inner
def put_needs(s: Any, count: Any) -> tuple[Any, Any, Any]:
    """By how many characters and lines the text grows when the register is put so often, and what that takes of the
    pool.
    """
    ctl = s.ctl
    lines = ctl[S.REGISTER_LINES]
    size = 0
    for i in range(lines):
        size += s.register[i, 1]
    if ctl[S.REGISTER_KIND] == 1:
        return count * size, count * lines, 0
    return count * size, count * max(lines - 1, 0), count * size if lines == 1 else 2 * size


@inner
def put(s: Any, before: bool, count: Any) -> bool:
    """p and P; false where there is nothing to put. There is room for it."""
    ctl = s.ctl
    lines = ctl[S.REGISTER_LINES]
    if lines == 0:
        text.save(s, ctl[S.LINE], 0)  # vim, too, counts this as a change
        messages.say(s, messages.NO_REGISTER)
        return False
    line = ctl[S.LINE]
    if ctl[S.REGISTER_KIND] == 1:
        _put_lines(s, line if before else line + 1, count)
        return True
    column = ctl[S.COLUMN]
    total = text.length(s, line)
    if not before and total > 0:
        column = following(s, line, column)
    text.save(s, line, 1)
    ctl[S.WANT] = S.HERE
    if lines > 1:
        _put_across(s, line, column, count)
        messages.say_count(s, messages.MORE, count * (lines - 1))
        return True
    size = s.register[0, 1]
    if size > 0:
        place = text.open_hole(s, line, column, count * size)
        for j in range(count):
            for i in range(size):
                s.pool[place + j * size + i] = s.pool[s.register[0, 0] + i]
        ctl[S.COLUMN] = previous(s, line, column + count * size)
    return True


@inner
def _put_across(s: Any, line: Any, column: Any, count: Any) -> None:
    """Put characters of several lines before `column`. Where one copy ends and the next begins they share a line, which
    stands in the pool once for all copies.
    """
    ctl = s.ctl
    last = ctl[S.REGISTER_LINES] - 1
    text.split(s, line, column)
    _append(s, line, 0)
    text.insert_lines(s, line + 1, count * last - 1)
    joint = ctl[S.POOL_END]
    joined = s.register[last, 1] + s.register[0, 1]
    if count > 1:
        for i in range(joined):
            inside = i - s.register[last, 1]
            s.pool[joint + i] = s.pool[s.register[last, 0] + i if inside < 0 else s.register[0, 0] + inside]
        ctl[S.POOL_END] = joint + joined
    for j in range(count):
        for i in range(1, last):
            text.set_line(s, line + j * last + i, s.register[i, 0], s.register[i, 1])
        if j < count - 1:
            text.set_line(s, line + (j + 1) * last, joint, joined)
    at = line + count * last
    size = s.register[last, 1]
    hole = text.open_hole(s, at, 0, size) if size > 0 else 0
    for i in range(size):
        s.pool[hole + i] = s.pool[s.register[last, 0] + i]
    text.freeze(s)
    ctl[S.LINE] = line
    ctl[S.COLUMN] = column
    check_cursor(s)


@inner
def _append(s: Any, line: Any, entry: Any) -> None:
    """Add the characters of a register entry at a line's end."""
    size = s.register[entry, 1]
    if size == 0:
        return
    place = text.open_hole(s, line, text.length(s, line), size)
    for i in range(size):
        s.pool[place + i] = s.pool[s.register[entry, 0] + i]


@inner
def _put_lines(s: Any, line: Any, count: Any) -> None:
    ctl = s.ctl
    lines = ctl[S.REGISTER_LINES]
    text.save(s, line, 0)
    text.freeze(s)
    text.insert_lines(s, line, count * lines)
    for j in range(count):
        for i in range(lines):
            text.set_line(s, line + j * lines + i, s.register[i, 0], s.register[i, 1])
    to_first_non_blank(s, line)
    messages.say_count(s, messages.MORE, count * lines)


@inner
def join_lines(s: Any, line: Any, count: Any, spaces: bool) -> bool:
    """J and gJ: join `count` lines; false where there are fewer."""
    ctl = s.ctl
    if line + 1 >= ctl[S.LINES]:
        if count > 2:
            text.save(s, line, 1)
            ctl[S.COLUMN] = 0
            ctl[S.WANT] = S.HERE
        return False
    count = max(count, 2)
    count = min(count, ctl[S.LINES] - line)
    text.save(s, line, count)
    column = 0
    for _ in range(count - 1):
        total = text.length(s, line)
        skip = 0
        other = text.length(s, line + 1)
        if spaces:
            while skip < other and is_blank(text.character(s, line + 1, skip)):
                skip += 1
            text.remove(s, line + 1, 0, skip)
        last = text.character(s, line, total - 1) if total > 0 else K.SPACE
        gap = spaces and skip < other and total > 0 and last != K.SPACE and last != K.TAB
        if gap and text.character(s, line + 1, 0) == K.RIGHT_PAREN:
            gap = False
        column = total
        if gap:
            text.insert_character(s, line, total, K.SPACE)
        text.join(s, line)
    ctl[S.COLUMN] = column
    ctl[S.WANT] = S.HERE
    check_cursor(s)
    return True


@inner
def replace(s: Any, character: Any, count: Any) -> bool:
    """r: replace `count` characters; false where the line has fewer after the cursor."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    end = column
    if count > text.length(s, line) - column:
        return False
    for _ in range(count):
        if end >= text.length(s, line):
            return False
        end = following(s, line, end)
    if character == K.ENTER and not budget.may_grow(s, column - end, 1):
        return False
    text.save(s, line, 1)
    if character == K.ENTER:
        text.remove(s, line, column, end - column)
        text.split(s, line, column)
        ctl[S.LINE] = line + 1
        ctl[S.COLUMN] = 0
        ctl[S.WANT] = S.HERE
        messages.say(s, messages.MODE)
        return True
    if end - column != count:
        text.remove(s, line, column, end - column - count)
    start = text.own(s, line, 0)
    for i in range(count):
        s.pool[start + column + i] = character
    ctl[S.COLUMN] = column + count - 1
    ctl[S.WANT] = S.HERE
    return True


@inner
def replace_selection(s: Any, key: Any) -> None:
    """r in visual mode: every selected character becomes `key`."""
    ctl = s.ctl
    first = ctl[S.FROM_LINE]
    last = ctl[S.TO_LINE]
    lines = ctl[S.VISUAL_KIND] == S.SELECT_LINES
    if key >= K.SPACE:
        text.save(s, first, last - first + 1)
        for line in range(first, last + 1):
            total = text.length(s, line)
            begin = ctl[S.FROM_COLUMN] if line == first and not lines else 0
            end = min(ctl[S.TO_COLUMN] + 1, total) if line == last and not lines else total
            start = text.own(s, line, 0)
            for i in range(start + begin, start + end):
                s.pool[i] = key
        text.changed(s)
    ctl[S.LINE] = first
    ctl[S.COLUMN] = 0 if lines else ctl[S.FROM_COLUMN]
    ctl[S.WANT] = S.HERE
