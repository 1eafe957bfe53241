"""What an operator does to the characters or lines that a motion spans, and what p, J, r and ~ do.

Follows vim's ops.c: where the cursor ends, what counts as whole lines, and which lines one undo unit saves.
"""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import draw, messages, text
from rcfam.terminal import state as S
from rcfam.terminal.insert import following, previous
from rcfam.terminal.motions import EXCLUSIVE, INCLUSIVE, LINEWISE, first_non_blank, in_indent
from rcfam.terminal.normal import check_cursor


@inner
def to_first_non_blank(s: Any, line: Any) -> None:
    ctl = s.ctl
    ctl[S.LINE] = min(max(line, 0), ctl[S.LINES] - 1)
    ctl[S.COLUMN] = first_non_blank(s, ctl[S.LINE])
    ctl[S.WANT] = S.HERE


@inner
def yank_lines(s: Any, first: Any, count: Any) -> None:
    """Point the register at whole lines."""
    text.freeze(s)
    for i in range(count):
        k = text.slot(s.ctl, first + i)
        s.register[i, 0] = s.lines[k, 0]
        s.register[i, 1] = s.lines[k, 1]
    s.ctl[S.REGISTER_LINES] = count
    s.ctl[S.REGISTER_KIND] = 1
    s.ctl[S.YANKED] = 1


@inner
def _yank_span(s: Any, line: Any, column: Any, last: Any, end: Any) -> None:
    """Point the register at the characters from (line, column) up to (last, end), excluded."""
    ctl = s.ctl
    text.freeze(s)
    for i in range(last - line + 1):
        k = text.slot(ctl, line + i)
        begin = column if i == 0 else 0
        stop = end if line + i == last else s.lines[k, 1]
        s.register[i, 0] = s.lines[k, 0] + begin
        s.register[i, 1] = max(stop - begin, 0)
    ctl[S.REGISTER_LINES] = last - line + 1
    ctl[S.REGISTER_KIND] = 0
    ctl[S.YANKED] = 1


@inner
def delete_span(s: Any, line: Any, column: Any, last: Any, end: Any) -> None:
    """Delete from (line, column) up to (last, end), excluded, joining the ends; saved for undo."""
    text.save(s, line, last - line + 1)
    if line == last:
        text.remove(s, line, column, end - column)
        return
    total = text.length(s, line)
    text.remove(s, line, column, total - column)
    if last - line > 1:
        text.delete_lines(s, line + 1, last - line - 1)
    text.remove(s, line + 1, 0, end)
    text.join(s, line)


@inner
def shift(s: Any, line: Any, right: bool, times: Any) -> None:
    """> or <: change the indent of a line by shiftwidth, as vim rewrites it with tabs and spaces."""
    ctl = s.ctl
    k = text.slot(ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    if total == 0:
        return
    blanks = 0
    width = 0
    tabstop = ctl[S.TABSTOP]
    while blanks < total and (s.pool[start + blanks] == 32 or s.pool[start + blanks] == 9):
        width += 1 if s.pool[start + blanks] == 32 else tabstop - width % tabstop
        blanks += 1
    by = ctl[S.SHIFTWIDTH] * times
    set_indent(s, line, blanks, max(width + (by if right else -by), 0))


@inner
def set_indent(s: Any, line: Any, blanks: Any, width: Any) -> None:
    """Replace the first `blanks` characters of a line by an indent of `width` cells."""
    ctl = s.ctl
    tabs = 0 if ctl[S.EXPANDTAB] else width // ctl[S.TABSTOP]
    spaces = width - tabs * ctl[S.TABSTOP]
    text.remove(s, line, 0, blanks)
    if tabs + spaces == 0:
        return
    place = text.open_hole(s, line, 0, tabs + spaces)
    for i in range(tabs + spaces):
        s.pool[place + i] = 9 if i < tabs else 32


@inner
def indent(s: Any, right: bool) -> None:
    """Ctrl-T, Ctrl-D in insert mode: to the next or the last multiple of shiftwidth; the cursor stays on its text."""
    ctl = s.ctl
    line = ctl[S.LINE]
    blanks = 0
    while blanks < text.length(s, line) and (
        text.character(s, line, blanks) == 32 or text.character(s, line, blanks) == 9
    ):
        blanks += 1
    width = draw.virtual(s, line, blanks)
    by = ctl[S.SHIFTWIDTH]
    new = (width // by + 1) * by if right else max(width - 1, 0) // by * by
    left = width - draw.virtual(s, line, min(ctl[S.COLUMN], blanks))
    text.save(s, line, 1)
    total = text.length(s, line)
    set_indent(s, line, blanks, new)
    if left == 0:
        ctl[S.COLUMN] = max(ctl[S.COLUMN] + text.length(s, line) - total, 0)
    else:
        ctl[S.COLUMN] = draw.column_at(s, line, max(new - left, 0))


@inner
def _toggled(c: Any, how: Any) -> Any:
    """`c` in the other case (126), upper (85) or lower (117) case."""
    lower = (
        97 <= c <= 122
        or (0xE0 <= c <= 0xFE and c != 0xF7)
        or (0x3B1 <= c <= 0x3C9 and c != 0x3C2)
        or 0x430 <= c <= 0x44F
    )
    upper = (
        65 <= c <= 90
        or (0xC0 <= c <= 0xDE and c != 0xD7)
        or (0x391 <= c <= 0x3A9 and c != 0x3A2)
        or 0x410 <= c <= 0x42F
    )
    if lower and how != 117:
        return c - 32
    if upper and how != 85:
        return c + 32
    if 0x450 <= c <= 0x45F and how != 117:
        return c - 80
    if 0x400 <= c <= 0x40F and how != 85:
        return c + 80
    return c


@inner
def change_case(s: Any, line: Any, first: Any, last: Any, how: Any) -> None:
    """~, gU, gu on the characters first:last of a line."""
    differs = False
    for column in range(first, last):
        c = text.character(s, line, column)
        if _toggled(c, how) != c:
            differs = True
    if not differs:
        return
    start = text.own(s, line, 0)
    for i in range(start + first, start + last):
        s.pool[i] = _toggled(int(s.pool[i]), how)


@inner
def _operate_lines(s: Any, operator: Any, first: Any, last: Any) -> bool:
    """An operator on whole lines; true where insert mode begins."""
    ctl = s.ctl
    count = last - first + 1
    if operator == 121:
        yank_lines(s, first, count)
        messages.say_count(s, messages.YANKED, count)
        return False
    if operator == 100 or operator == 99:
        yank_lines(s, first, count)
    text.save(s, first, count)
    if operator == 100:
        text.delete_lines(s, first, count)
        to_first_non_blank(s, first)
        messages.say_count(s, messages.FEWER, count)
        return False
    if operator == 99:
        if count > 1:
            text.delete_lines(s, first + 1, count - 1)
        text.remove(s, first, 0, text.length(s, first))
        text.changed(s)
        ctl[S.LINE] = first
        ctl[S.COLUMN] = 0
        return True
    for line in range(first, last + 1):
        if operator == 62 or operator == 60:
            shift(s, line, operator == 62, ctl[S.SHIFT_TIMES])
        else:
            change_case(s, line, 0, text.length(s, line), operator)
    if operator == 62 or operator == 60:
        if not ctl[S.EMPTY]:
            text.changed(s)
        to_first_non_blank(s, first)
        if operator == 62:
            messages.say_count(s, messages.SHIFTED_RIGHT, count)
        else:
            messages.say_count(s, messages.SHIFTED_LEFT, count)
    else:
        ctl[S.LINE] = first
        if ctl[S.VISUAL_DONE]:
            ctl[S.COLUMN] = 0
        check_cursor(s)
        ctl[S.WANT] = S.HERE
        messages.say_count(s, messages.CHANGED, count)
    return False


@inner
def operate(s: Any) -> bool:
    """Run the operator over its span, FROM to TO, of a motion of kind ctl[SPAN_KIND]; true where insert mode begins.

    An exclusive motion that ends at a line's start ends on the line before, and covers whole lines where it also
    begins in the indent (vim's o_v rules).
    """
    ctl = s.ctl
    operator = ctl[S.OPERATOR]
    kind = ctl[S.SPAN_KIND]
    line = ctl[S.FROM_LINE]
    column = ctl[S.FROM_COLUMN]
    last = ctl[S.TO_LINE]
    end = ctl[S.TO_COLUMN]
    ctl[S.LINE] = line
    ctl[S.COLUMN] = column
    if operator == 100 and ctl[S.EMPTY]:
        return False
    if kind == EXCLUSIVE and end == 0 and last > line and not ctl[S.VISUAL_DONE]:
        last -= 1
        if in_indent(s, line, column):
            kind = LINEWISE
        else:
            end = text.length(s, last)
    elif kind == INCLUSIVE:
        end = following(s, last, end) if end < text.length(s, last) else text.length(s, last)
    if kind != LINEWISE and operator == 100 and last > line and not ctl[S.VISUAL_DONE] and in_indent(s, line, column):
        rest = end
        while rest < text.length(s, last) and (
            text.character(s, last, rest) == 32 or text.character(s, last, rest) == 9
        ):
            rest += 1
        if rest == text.length(s, last):
            kind = LINEWISE
    if operator == 62 or operator == 60:
        kind = LINEWISE
    if kind == LINEWISE:
        if operator == 121:
            if ctl[S.VISUAL_DONE]:
                ctl[S.WANT] = S.HERE
            check_cursor(s)
        return _operate_lines(s, operator, line, last)
    ctl[S.WANT] = S.HERE
    if operator == 121:
        _yank_span(s, line, column, last, end)
        messages.say_count(s, messages.YANKED, last - line + 1)
        check_cursor(s)
        return False
    if operator == 100 or operator == 99:
        if line == last and end <= column:
            if operator == 99 or kind == EXCLUSIVE:
                text.save(s, line, 1)  # vim, too, lets `u` undo a deletion of nothing, but not of an empty line's `D`
            return operator == 99
        _yank_span(s, line, column, last, end)
        delete_span(s, line, column, last, end)
        if operator == 99:
            return True
        messages.say_count(s, messages.FEWER, last - line)
        check_cursor(s)
        return False
    text.save(s, line, last - line + 1)
    for i in range(line, last + 1):
        begin = column if i == line else 0
        stop = end if i == last else text.length(s, i)
        change_case(s, i, begin, stop, operator)
    text.changed(s)
    messages.say_count(s, messages.CHANGED, last - line + 1)
    return False


@inner
def put(s: Any, before: bool, count: Any) -> bool:
    """p and P; false where there is nothing to put or no room for it."""
    ctl = s.ctl
    lines = ctl[S.REGISTER_LINES]
    if lines == 0:
        text.save(s, ctl[S.LINE], 0)  # vim, too, counts this as a change
        messages.say(s, messages.NO_REGISTER)
        return False
    size = 0
    for i in range(lines):
        size += s.register[i, 1]
    room = s.pool.shape[0] - ctl[S.POOL_END] - 2 * ctl[S.LONGEST] - S.SPARE_CHARACTERS // 2
    if count * lines + S.SPARE_LINES // 2 > ctl[S.GAP_SIZE] or count * size > room:
        return False
    line = ctl[S.LINE]
    if ctl[S.REGISTER_KIND] == 1:
        _put_lines(s, line if before else line + 1, count)
        return True
    column = ctl[S.COLUMN]
    total = text.length(s, line)
    if not before and total > 0:
        column = following(s, line, column)
    if lines == 1:
        text.save(s, line, 1)
        if size == 0:
            return True
        place = text.open_hole(s, line, column, count * size)
        for j in range(count):
            for i in range(size):
                s.pool[place + j * size + i] = s.pool[s.register[0, 0] + i]
        ctl[S.COLUMN] = previous(s, line, column + count * size)
        ctl[S.WANT] = S.HERE
        return True
    text.save(s, line, 1)
    at = line
    place = column
    for _ in range(count):
        text.split(s, at, place)
        _append(s, at, 0)
        text.insert_lines(s, at + 1, lines - 2)
        for i in range(1, lines - 1):
            text.set_line(s, at + i, s.register[i, 0], s.register[i, 1])
        at += lines - 1
        k = lines - 1
        place = s.register[k, 1]
        hole = text.open_hole(s, at, 0, place) if place > 0 else 0
        for i in range(place):
            s.pool[hole + i] = s.pool[s.register[k, 0] + i]
    text.freeze(s)
    ctl[S.LINE] = line
    ctl[S.COLUMN] = column
    ctl[S.WANT] = S.HERE
    check_cursor(s)
    messages.say_count(s, messages.MORE, count * (lines - 1))
    return True


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
            while skip < other and (text.character(s, line + 1, skip) == 32 or text.character(s, line + 1, skip) == 9):
                skip += 1
            text.remove(s, line + 1, 0, skip)
        last = text.character(s, line, total - 1) if total > 0 else 32
        gap = spaces and skip < other and total > 0 and last != 32 and last != 9
        if gap and text.character(s, line + 1, 0) == 41:
            gap = False
        column = total
        if gap:
            text.insert_character(s, line, total, 32)
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
    for _ in range(count):
        if end >= text.length(s, line):
            return False
        end = following(s, line, end)
    text.save(s, line, 1)
    if character == 13:
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
def toggle(s: Any, count: Any) -> bool:
    """~: change the case of `count` characters and move right."""
    ctl = s.ctl
    line = ctl[S.LINE]
    total = text.length(s, line)
    if total == 0:
        return False
    end = min(ctl[S.COLUMN] + count, total)
    text.save(s, line, 1)
    change_case(s, line, ctl[S.COLUMN], end, 126)
    text.changed(s)
    ctl[S.COLUMN] = end
    ctl[S.WANT] = S.HERE
    check_cursor(s)
    return True


@inner
def edit(s: Any, key: Any, count: Any) -> None:
    """p P J ~, and gJ as g: the changes that span nothing."""
    if key == 112 or key == 80:
        put(s, key == 80, count)
    elif key == 74 or key == 103:
        join_lines(s, s.ctl[S.LINE], count, key == 74)
    else:
        toggle(s, count)


@inner
def replace_selection(s: Any, key: Any) -> None:
    """r in visual mode: every selected character becomes `key`."""
    ctl = s.ctl
    first = ctl[S.FROM_LINE]
    last = ctl[S.TO_LINE]
    lines = ctl[S.VISUAL_KIND] == 86
    if key >= 32:
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
