"""Where the motions of normal mode lead, as vim's search.c and normal.c decide it.

A motion leaves its target in ctl[TO_LINE], ctl[TO_COLUMN] and returns its kind: how an operator takes the characters
between.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import draw, messages, search, text
from rcfam.terminal import state as S
from rcfam.terminal.insert import following, previous
from rcfam.terminal.keys import DOWN, END, HOME, LEFT, RIGHT, UP

NONE = -1  # the key is no motion
FAILED = 0
EXCLUSIVE = 1
INCLUSIVE = 2
LINEWISE = 3
TO_END = 4  # from the cursor to the end of a line, which stays (D, C)


@inner
def character_class(c: Any, big: bool) -> Any:
    """vim's class of a character: 0 blank, 1 punctuation, 2 word, more for other scripts."""
    if c == 32 or c == 9 or c == 10 or c == 0 or c == 0xA0:
        return 0
    if big:
        return 1
    if c < 0x80:
        return 2 if c == 95 or 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 else 1
    if c < 0x100:
        return 2 if c >= 0xC0 or c == 0xB5 else 1
    if 0x2000 <= c <= 0x200B or c == 0x3000 or c == 0x202F or c == 0x205F or c == 0x1680:
        return 0
    if (
        0x200C <= c <= 0x206F
        or 0x2100 <= c <= 0x23FF
        or 0x2190 <= c <= 0x27FF
        or 0x2900 <= c <= 0x2BFF
        or 0x2E00 <= c <= 0x2E7F
        or 0x3001 <= c <= 0x3020
        or 0xFF01 <= c <= 0xFF0F
    ):
        return 1
    if 0x3040 <= c <= 0x309F:
        return 0x3040
    if 0x30A0 <= c <= 0x30FF:
        return 0x30A0
    if 0x3300 <= c <= 0x9FFF or 0xF900 <= c <= 0xFAFF or 0x20000 <= c <= 0x2FA1F:
        return 0x4E00
    if 0xAC00 <= c <= 0xD7A3:
        return 0xAC00
    if 0x1F000 <= c <= 0x1FAFF:
        return 3
    return 2


@inner
def here(s: Any) -> Any:
    """The character at the target; a newline past the line's end."""
    return text.character(s, s.ctl[S.TO_LINE], s.ctl[S.TO_COLUMN])


@inner
def class_here(s: Any, big: bool) -> Any:
    return character_class(here(s), big)


@inner
def forward(s: Any) -> Any:
    """vim's inc(): 0 moved, 2 onto the line's end, 1 to the next line, -1 at the end of the text."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    if ctl[S.TO_COLUMN] < total:
        ctl[S.TO_COLUMN] = following(s, line, ctl[S.TO_COLUMN])
        return 2 if ctl[S.TO_COLUMN] == total else 0
    if line + 1 < ctl[S.LINES]:
        ctl[S.TO_LINE] = line + 1
        ctl[S.TO_COLUMN] = 0
        return 1
    return -1


@inner
def backward(s: Any) -> Any:
    """vim's dec(): 0 moved, 1 to the end of the line before, -1 at the start of the text."""
    ctl = s.ctl
    if ctl[S.TO_COLUMN] > 0:
        ctl[S.TO_COLUMN] = previous(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN])
        return 0
    if ctl[S.TO_LINE] > 0:
        ctl[S.TO_LINE] -= 1
        ctl[S.TO_COLUMN] = text.length(s, ctl[S.TO_LINE])
        return 1
    return -1


@inner
def on_empty_line(s: Any) -> bool:
    return text.length(s, s.ctl[S.TO_LINE]) == 0


@inner
def word_forward(s: Any, count: Any, big: bool, stop_at_end: bool) -> bool:
    ctl = s.ctl
    while count > 0:
        count -= 1
        kind = class_here(s, big)
        last_line = ctl[S.TO_LINE] == ctl[S.LINES] - 1
        i = forward(s)
        if i == -1 or (i >= 1 and last_line):
            return False
        if i >= 1 and stop_at_end and count == 0:
            return True
        if kind != 0:
            while class_here(s, big) == kind:
                i = forward(s)
                if i == -1 or (i >= 1 and stop_at_end and count == 0):
                    return True
        while class_here(s, big) == 0:
            if on_empty_line(s):
                break
            i = forward(s)
            if i == -1 or (i >= 1 and last_line):
                return True
    return True


@inner
def word_backward(s: Any, count: Any, big: bool) -> bool:
    while count > 0:
        count -= 1
        if backward(s) == -1:
            return False
        empty = False
        while class_here(s, big) == 0:
            if on_empty_line(s):
                empty = True
                break
            if backward(s) == -1:
                return True
        if empty:
            continue
        kind = class_here(s, big)
        while class_here(s, big) == kind:
            if backward(s) == -1:
                return True
        forward(s)
    return True


@inner
def word_end(s: Any, count: Any, big: bool, stop: bool, stop_on_empty: bool) -> bool:
    while count > 0:
        count -= 1
        kind = class_here(s, big)
        if forward(s) == -1:
            return False
        if class_here(s, big) == kind and kind != 0:
            while class_here(s, big) == kind:
                if forward(s) == -1:
                    return False
        elif not stop or kind == 0:
            empty = False
            while class_here(s, big) == 0:
                if stop_on_empty and on_empty_line(s):
                    empty = True
                    break
                if forward(s) == -1:
                    return False
            if empty:
                stop = False
                continue
            kind = class_here(s, big)
            while class_here(s, big) == kind:
                if forward(s) == -1:
                    return False
        backward(s)
        stop = False
    return True


@inner
def word_end_backward(s: Any, count: Any, big: bool) -> bool:
    """ge: back to the end of the word before."""
    while count > 0:
        count -= 1
        kind = class_here(s, big)
        if backward(s) == -1:
            return False
        if kind != 0:
            while class_here(s, big) == kind:
                if backward(s) == -1:
                    return True
        while class_here(s, big) == 0:
            if on_empty_line(s):
                break
            if backward(s) == -1:
                return True
    return True


@inner
def first_non_blank(s: Any, line: Any) -> Any:
    """The column of the first character that is neither blank nor tab; the last one of a line of blanks."""
    k = text.slot(s.ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    i = 0
    while i < total and (s.pool[start + i] == 32 or s.pool[start + i] == 9):
        i += 1
    return i if i < total else max(total - 1, 0)


@inner
def in_indent(s: Any, line: Any, column: Any) -> bool:
    """Whether only blanks stand before `column`."""
    start = s.lines[text.slot(s.ctl, line), 0]
    i = 0
    while i < column and (s.pool[start + i] == 32 or s.pool[start + i] == 9):
        i += 1
    return i >= column


@inner
def find(s: Any, key: Any, wanted: Any, count: Any, repeat: bool) -> bool:
    """f F t T."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    column = ctl[S.TO_COLUMN]
    ahead = key == 102 or key == 116
    till = key == 116 or key == 84
    first = True
    while count > 0:
        count -= 1
        while True:
            column = following(s, line, column) if ahead else previous(s, line, column) if column > 0 else -1
            if column < 0 or column >= total:
                return False
            found = text.character(s, line, column) == wanted
            if found and not (first and repeat and till and abs(column - ctl[S.TO_COLUMN]) == 1 and count == 0):
                break
            first = False
        first = False
    if till:
        column = previous(s, line, column) if ahead else following(s, line, column)
    ctl[S.TO_COLUMN] = column
    return True


@inner
def _lines(s: Any, target: Any) -> Any:
    """A motion to another line in the wanted column."""
    ctl = s.ctl
    if target < 0 or target >= ctl[S.LINES]:
        return FAILED
    ctl[S.TO_LINE] = target
    ctl[S.TO_COLUMN] = draw.column_at(s, target, ctl[S.WANT])
    ctl[S.TO_WANT] = ctl[S.WANT]
    return LINEWISE


@inner
def _to_line(s: Any, target: Any) -> Any:
    ctl = s.ctl
    target = min(max(target, 0), ctl[S.LINES] - 1)
    ctl[S.TO_LINE] = target
    ctl[S.TO_COLUMN] = first_non_blank(s, target)
    return LINEWISE


@inner
def begins_paragraph(s: Any, line: Any) -> bool:
    """Whether { and } stop here: an empty line, or one that begins with a form feed."""
    c = text.character(s, line, 0)
    return c == 10 or c == 12


@inner
def _paragraph(s: Any, count: Any, step: Any) -> Any:
    """{ and }: to the next empty line after or before text."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    while count > 0:
        count -= 1
        inside = False
        moved = False
        while True:
            if moved and inside and begins_paragraph(s, line):
                break
            if text.length(s, line) > 0:
                inside = True
            line += step
            moved = True
            if line < 0 or line >= ctl[S.LINES]:
                if count > 0:
                    return FAILED
                line -= step
                ctl[S.TO_LINE] = line
                total = text.length(s, line)
                ctl[S.TO_COLUMN] = 0 if step < 0 else total
                if step > 0 and total > 0 and ctl[S.OPERATOR] == 0:
                    ctl[S.TO_COLUMN] = total - 1
                if step > 0 and total > 0 and ctl[S.OPERATOR] != 0:
                    ctl[S.TO_COLUMN] = total - 1
                    return INCLUSIVE
                return EXCLUSIVE
    ctl[S.TO_LINE] = line
    ctl[S.TO_COLUMN] = 0
    return EXCLUSIVE


@inner
def _partner(c: Any) -> Any:
    """The bracket that goes with `c`, negative where it is to the left, 0 where `c` is none."""
    if c == 40:
        return 41
    if c == 91:
        return 93
    if c == 123:
        return 125
    if c == 41:
        return -40
    if c == 93:
        return -91
    if c == 125:
        return -123
    return 0


@inner
def matching(s: Any) -> bool:
    """%: from the first bracket at or after the cursor to the one that matches it."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    while ctl[S.TO_COLUMN] < total and _partner(here(s)) == 0:
        ctl[S.TO_COLUMN] += 1
    if ctl[S.TO_COLUMN] >= total:
        return False
    opened = here(s)
    wanted = _partner(opened)
    depth = 0
    while True:
        c = here(s)
        if c == opened:
            depth += 1
        elif c == abs(wanted):
            depth -= 1
            if depth == 0:
                return True
        if (forward(s) if wanted > 0 else backward(s)) == -1:
            return False


@inner
def _horizontal(s: Any, key: Any, count: Any) -> Any:
    """h l Left Right Backspace Space 0 ^ $ | Home End _."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    if key == 104 or key == LEFT:
        if ctl[S.TO_COLUMN] == 0:
            return EXCLUSIVE if ctl[S.OPERATOR] != 0 else FAILED
        for _ in range(min(count, ctl[S.TO_COLUMN])):
            ctl[S.TO_COLUMN] = previous(s, line, ctl[S.TO_COLUMN])
        return EXCLUSIVE
    if key == 108 or key == RIGHT:
        pending = ctl[S.OPERATOR] != 0
        if not pending and (total == 0 or (following(s, line, ctl[S.TO_COLUMN]) >= total and ctl[S.MODE] != S.VISUAL)):
            return FAILED
        for _ in range(min(count, total)):
            after = following(s, line, ctl[S.TO_COLUMN])
            if after >= total and not pending:
                break
            ctl[S.TO_COLUMN] = after
        return EXCLUSIVE
    if key == 127 or key == 8:
        for _ in range(count):
            if ctl[S.TO_COLUMN] > 0:
                ctl[S.TO_COLUMN] = previous(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN])
            elif ctl[S.TO_LINE] > 0:
                ctl[S.TO_LINE] -= 1
                ctl[S.TO_COLUMN] = max(text.length(s, ctl[S.TO_LINE]) - (1 if ctl[S.OPERATOR] == 0 else 0), 0)
            else:
                return EXCLUSIVE
        return EXCLUSIVE
    if key == 32:
        for _ in range(count):
            after = following(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN])
            size = text.length(s, ctl[S.TO_LINE])
            if after < size or (ctl[S.OPERATOR] != 0 and after == size and size > 0):
                ctl[S.TO_COLUMN] = after
            elif ctl[S.TO_LINE] + 1 < ctl[S.LINES]:
                ctl[S.TO_LINE] += 1
                ctl[S.TO_COLUMN] = 0
            else:
                break
        return EXCLUSIVE
    if key == 48 or key == HOME:
        ctl[S.TO_COLUMN] = 0
        return EXCLUSIVE
    if key == 94:
        ctl[S.TO_COLUMN] = first_non_blank(s, line)
        return EXCLUSIVE
    if key == 124:
        ctl[S.TO_COLUMN] = min(draw.column_at(s, line, count - 1), max(total - 1, 0))
        ctl[S.TO_WANT] = count - 1
        return EXCLUSIVE
    if key == 36 or key == END:
        if line + count > ctl[S.LINES]:
            return FAILED
        ctl[S.TO_LINE] = line + count - 1
        # A selection up to `$` takes the line's end with it.
        past = 0 if ctl[S.MODE] == S.VISUAL and ctl[S.VISUAL_KIND] == 118 else 1
        ctl[S.TO_COLUMN] = max(text.length(s, line + count - 1) - past, 0)
        ctl[S.TO_WANT] = S.STICK
        return INCLUSIVE
    return NONE


@inner
def _vertical(s: Any, key: Any, count: Any, counted: bool) -> Any:
    """j k Up Down Enter + - _ G H M L Ctrl-N Ctrl-P Ctrl-J."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    if key == 106 or key == DOWN or key == 14 or key == 10:
        return _lines(
            s, min(line + count, ctl[S.LINES] - 1) if line + 1 < ctl[S.LINES] and ctl[S.OPERATOR] == 0 else line + count
        )
    if key == 107 or key == UP or key == 16:
        return _lines(s, max(line - count, 0) if line > 0 and ctl[S.OPERATOR] == 0 else line - count)
    if key == 13 or key == 43:
        if line + count >= ctl[S.LINES] and (line + 1 == ctl[S.LINES] or ctl[S.OPERATOR] != 0):
            return FAILED
        return _to_line(s, line + count)
    if key == 45:
        if line - count < 0 and (line == 0 or ctl[S.OPERATOR] != 0):
            return FAILED
        return _to_line(s, line - count)
    if key == 95:
        return FAILED if line + count > ctl[S.LINES] else _to_line(s, line + count - 1)
    if key == 71:
        return _to_line(s, count - 1 if counted else ctl[S.LINES] - 1)
    bottom = max(min(ctl[S.BOTTOM], ctl[S.LINES]) - 1, ctl[S.TOP])
    if key == 72:
        return _to_line(s, min(ctl[S.TOP] + count - 1, bottom))
    if key == 76:
        return _to_line(s, max(bottom - count + 1, ctl[S.TOP]))
    if key == 77:
        used = 0
        rows = draw.text_rows(s)
        shown = 0
        for i in range(ctl[S.TOP], bottom + 1):
            shown += draw.line_height(s, i)
        half = (min(shown, rows) + 1) // 2 if bottom + 1 >= ctl[S.LINES] and shown < rows else (rows + 1) // 2
        target = ctl[S.TOP]
        while target < bottom:
            used += draw.line_height(s, target)
            if used >= half:
                break
            target += 1
        return _to_line(s, target)
    return NONE


@inner
def _words(s: Any, key: Any, count: Any) -> Any:
    """w b e W B E, with what vim makes of dw and cw at a line's end."""
    ctl = s.ctl
    big = key < 97
    key |= 32
    if key == 98:
        return EXCLUSIVE if word_backward(s, count, big) else _as_far(s)
    if key == 119 and ctl[S.OPERATOR] == 99 and text.length(s, ctl[S.TO_LINE]) > 0 and class_here(s, big) != 0:
        word_end(s, count, big, True, False)
        return INCLUSIVE
    if key == 101:
        moved = word_end(s, count, big, False, False)
        _back_from_end(s)
        return INCLUSIVE if moved or ctl[S.OPERATOR] != 0 or ctl[S.TO_COLUMN] != ctl[S.COLUMN] else FAILED
    moved = word_forward(s, count, big, ctl[S.OPERATOR] != 0)
    if ctl[S.OPERATOR] == 0:
        same = ctl[S.TO_LINE] == ctl[S.LINE] and ctl[S.TO_COLUMN] == ctl[S.COLUMN]
        _back_from_end(s)
        if not moved and (same or (ctl[S.TO_LINE] == ctl[S.LINE] and ctl[S.TO_COLUMN] == ctl[S.COLUMN])):
            return FAILED
        return EXCLUSIVE
    return EXCLUSIVE


@inner
def _as_far(s: Any) -> Any:
    """A motion back that met the text's start: the cursor goes as far as it came, an operator is given up."""
    ctl = s.ctl
    ctl[S.LINE] = ctl[S.TO_LINE]
    ctl[S.COLUMN] = ctl[S.TO_COLUMN]
    ctl[S.WANT] = S.HERE
    return FAILED


@inner
def _back_from_end(s: Any) -> None:
    """The cursor never rests past a line's last character."""
    ctl = s.ctl
    total = text.length(s, ctl[S.TO_LINE])
    if ctl[S.TO_COLUMN] >= total and total > 0:
        ctl[S.TO_COLUMN] = previous(s, ctl[S.TO_LINE], total)


@inner
def motion(s: Any, key: Any, count: Any, counted: bool) -> Any:
    """The motion of one key from the cursor, as many times as `count`; `counted` tells whether a count was typed."""
    ctl = s.ctl
    ctl[S.TO_LINE] = ctl[S.LINE]
    ctl[S.TO_COLUMN] = ctl[S.COLUMN]
    ctl[S.TO_WANT] = S.HERE
    if key == 119 or key == 98 or key == 101 or key == 87 or key == 66 or key == 69:
        return _words(s, key, count)
    kind = _horizontal(s, key, count)
    if kind == NONE:
        kind = _vertical(s, key, count, counted)
    if kind != NONE:
        return kind
    if key == 123 or key == 125:
        return _paragraph(s, count, 1 if key == 125 else -1)
    if key == 37:
        if counted:
            return _to_line(s, (count * ctl[S.LINES] + 99) // 100 - 1)
        return INCLUSIVE if matching(s) else FAILED
    if key == 59 or key == 44:
        if ctl[S.FIND_KEY] == 0:
            return FAILED
        f = ctl[S.FIND_KEY] if key == 59 else ctl[S.FIND_KEY] ^ 32
        moved = find(s, f, ctl[S.FIND_CHARACTER], count, True)
        return (INCLUSIVE if f >= 97 else EXCLUSIVE) if moved else FAILED
    if key == 110 or key == 78:
        return EXCLUSIVE if search.again(s, key == 78, count) else FAILED
    if key == 42 or key == 35:
        return EXCLUSIVE if search.word_under_cursor(s, key == 35, count) else FAILED
    return NONE


@inner
def motion_after(s: Any, lead: Any, key: Any, count: Any, counted: bool) -> Any:
    """A motion of two keys: f F t T with its character, g and ` ' with theirs."""
    ctl = s.ctl
    ctl[S.TO_LINE] = ctl[S.LINE]
    ctl[S.TO_COLUMN] = ctl[S.COLUMN]
    ctl[S.TO_WANT] = S.HERE
    if lead == 102 or lead == 116 or lead == 70 or lead == 84:
        ctl[S.FIND_KEY] = lead
        ctl[S.FIND_CHARACTER] = key
        return (INCLUSIVE if lead >= 97 else EXCLUSIVE) if find(s, lead, np.int64(key), count, False) else FAILED
    if lead == 103:
        if key == 103:
            return _to_line(s, count - 1 if counted else 0)
        if key == 101 or key == 69:
            moved = word_end_backward(s, count, key == 69)
            return INCLUSIVE if moved else _as_far(s)
        if key == 95:
            kind = _horizontal(s, 36, count)
            line = ctl[S.TO_LINE]
            while ctl[S.TO_COLUMN] > 0 and character_class(text.character(s, line, ctl[S.TO_COLUMN]), True) == 0:
                ctl[S.TO_COLUMN] -= 1
            ctl[S.TO_WANT] = S.HERE
            return kind
    if (lead == 39 or lead == 96) and 97 <= key <= 122:
        place = S.MARK_TABLE + 2 * (key - 97)
        if ctl[place] == 0 or ctl[place] > ctl[S.LINES]:
            messages.say(s, messages.NO_MARK)
            return FAILED
        if lead == 39:
            return _to_line(s, ctl[place] - 1)
        ctl[S.TO_LINE] = ctl[place] - 1
        ctl[S.TO_COLUMN] = min(ctl[place + 1], max(text.length(s, ctl[S.TO_LINE]) - 1, 0))
        return EXCLUSIVE
    return NONE
