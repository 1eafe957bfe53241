"""Where the motions of normal mode lead, as vim's search.c and normal.c decide it.

A motion leaves its target in ctl[TO_LINE], ctl[TO_COLUMN] and returns its kind: how an operator takes the characters
between.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_lower
from rcfam.terminal.editor import messages, positions, search, text, word_motions
from rcfam.terminal.editor.columns import column_at, line_height, text_rows
from rcfam.terminal.editor.positions import first_non_blank, following, previous


@inner
def find(s: Any, key: Any, wanted: Any, count: Any, repeat: bool) -> bool:
    """f F t T."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    column = ctl[S.TO_COLUMN]
    ahead = key == K.f or key == K.t
    till = key == K.t or key == K.T
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
        return S.FAILED
    ctl[S.TO_LINE] = target
    ctl[S.TO_COLUMN] = column_at(s, target, ctl[S.WANT])
    ctl[S.TO_WANT] = ctl[S.WANT]
    return S.LINEWISE


@inner
def _to_line(s: Any, target: Any) -> Any:
    ctl = s.ctl
    target = min(max(target, 0), ctl[S.LINES] - 1)
    ctl[S.TO_LINE] = target
    ctl[S.TO_COLUMN] = first_non_blank(s, target)
    return S.LINEWISE


@inner
def begins_paragraph(s: Any, line: Any) -> bool:
    """Whether { and } stop here: an empty line, or one that begins with a form feed."""
    c = text.character(s, line, 0)
    return c == K.NEWLINE or c == K.FORM_FEED


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
                    return S.FAILED
                line -= step
                ctl[S.TO_LINE] = line
                total = text.length(s, line)
                ctl[S.TO_COLUMN] = 0 if step < 0 else total
                if step > 0 and total > 0 and ctl[S.OPERATOR] == 0:
                    ctl[S.TO_COLUMN] = total - 1
                if step > 0 and total > 0 and ctl[S.OPERATOR] != 0:
                    ctl[S.TO_COLUMN] = total - 1
                    return S.INCLUSIVE
                return S.EXCLUSIVE
    ctl[S.TO_LINE] = line
    ctl[S.TO_COLUMN] = 0
    return S.EXCLUSIVE


@inner
def _partner(c: Any) -> Any:
    """The bracket that goes with `c`, negative where it is to the left, 0 where `c` is none."""
    if c == K.LEFT_PAREN:
        return K.RIGHT_PAREN
    if c == K.LEFT_BRACKET:
        return K.RIGHT_BRACKET
    if c == K.LEFT_BRACE:
        return K.RIGHT_BRACE
    if c == K.RIGHT_PAREN:
        return -K.LEFT_PAREN
    if c == K.RIGHT_BRACKET:
        return -K.LEFT_BRACKET
    if c == K.RIGHT_BRACE:
        return -K.LEFT_BRACE
    return 0


@inner
def matching(s: Any) -> bool:
    """%: from the first bracket at or after the cursor to the one that matches it."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    while ctl[S.TO_COLUMN] < total and _partner(positions.here(s)) == 0:
        ctl[S.TO_COLUMN] += 1
    if ctl[S.TO_COLUMN] >= total:
        return False
    opened = positions.here(s)
    wanted = _partner(opened)
    depth = 0
    while True:
        c = positions.here(s)
        if c == opened:
            depth += 1
        elif c == abs(wanted):
            depth -= 1
            if depth == 0:
                return True
        if (positions.forward(s) if wanted > 0 else positions.backward(s)) == -1:
            return False


@inner
def _horizontal(s: Any, key: Any, count: Any) -> Any:
    """h l Left Right Backspace Space 0 ^ $ | Home End _."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    if key == K.h or key == K.LEFT:
        if ctl[S.TO_COLUMN] == 0:
            return S.EXCLUSIVE if ctl[S.OPERATOR] != 0 else S.FAILED
        for _ in range(min(count, ctl[S.TO_COLUMN])):
            ctl[S.TO_COLUMN] = previous(s, line, ctl[S.TO_COLUMN])
        return S.EXCLUSIVE
    if key == K.l or key == K.RIGHT:
        pending = ctl[S.OPERATOR] != 0
        if not pending and (total == 0 or (following(s, line, ctl[S.TO_COLUMN]) >= total and ctl[S.MODE] != S.VISUAL)):
            return S.FAILED
        for _ in range(min(count, total)):
            after = following(s, line, ctl[S.TO_COLUMN])
            if after >= total and not pending:
                break
            ctl[S.TO_COLUMN] = after
        return S.EXCLUSIVE
    if key == K.BACKSPACE or key == K.CTRL_H:
        for _ in range(count):
            if ctl[S.TO_COLUMN] > 0:
                ctl[S.TO_COLUMN] = previous(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN])
            elif ctl[S.TO_LINE] > 0:
                ctl[S.TO_LINE] -= 1
                ctl[S.TO_COLUMN] = max(text.length(s, ctl[S.TO_LINE]) - (1 if ctl[S.OPERATOR] == 0 else 0), 0)
            else:
                return S.EXCLUSIVE
        return S.EXCLUSIVE
    if key == K.SPACE:
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
        return S.EXCLUSIVE
    if key == K.ZERO or key == K.HOME:
        ctl[S.TO_COLUMN] = 0
        return S.EXCLUSIVE
    if key == K.CARET:
        ctl[S.TO_COLUMN] = first_non_blank(s, line)
        return S.EXCLUSIVE
    if key == K.BAR:
        ctl[S.TO_COLUMN] = min(column_at(s, line, count - 1), max(total - 1, 0))
        ctl[S.TO_WANT] = count - 1
        return S.EXCLUSIVE
    if key == K.DOLLAR or key == K.END:
        if line + count > ctl[S.LINES]:
            return S.FAILED
        ctl[S.TO_LINE] = line + count - 1
        # A selection up to `$` takes the line's end with it.
        past = 0 if ctl[S.MODE] == S.VISUAL and ctl[S.VISUAL_KIND] == S.SELECT_CHARACTERS else 1
        ctl[S.TO_COLUMN] = max(text.length(s, line + count - 1) - past, 0)
        ctl[S.TO_WANT] = S.STICK
        return S.INCLUSIVE
    return S.NO_MOTION


@inner
def _vertical(s: Any, key: Any, count: Any, counted: bool) -> Any:
    """j k Up Down Enter + - _ G H M L Ctrl-N Ctrl-P Ctrl-J."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    if key == K.j or key == K.DOWN or key == K.CTRL_N or key == K.CTRL_J:
        return _lines(
            s, min(line + count, ctl[S.LINES] - 1) if line + 1 < ctl[S.LINES] and ctl[S.OPERATOR] == 0 else line + count
        )
    if key == K.k or key == K.UP or key == K.CTRL_P:
        return _lines(s, max(line - count, 0) if line > 0 and ctl[S.OPERATOR] == 0 else line - count)
    if key == K.ENTER or key == K.PLUS:
        if line + count >= ctl[S.LINES] and (line + 1 == ctl[S.LINES] or ctl[S.OPERATOR] != 0):
            return S.FAILED
        return _to_line(s, line + count)
    if key == K.MINUS:
        if line - count < 0 and (line == 0 or ctl[S.OPERATOR] != 0):
            return S.FAILED
        return _to_line(s, line - count)
    if key == K.UNDERSCORE:
        return S.FAILED if line + count > ctl[S.LINES] else _to_line(s, line + count - 1)
    if key == K.G:
        return _to_line(s, count - 1 if counted else ctl[S.LINES] - 1)
    bottom = max(min(ctl[S.BOTTOM], ctl[S.LINES]) - 1, ctl[S.TOP])
    if key == K.H:
        return _to_line(s, min(ctl[S.TOP] + count - 1, bottom))
    if key == K.L:
        return _to_line(s, max(bottom - count + 1, ctl[S.TOP]))
    if key == K.M:
        used = 0
        rows = text_rows(s)
        shown = 0
        for i in range(ctl[S.TOP], bottom + 1):
            shown += line_height(s, i)
        half = (min(shown, rows) + 1) // 2 if bottom + 1 >= ctl[S.LINES] and shown < rows else (rows + 1) // 2
        target = ctl[S.TOP]
        while target < bottom:
            used += line_height(s, target)
            if used >= half:
                break
            target += 1
        return _to_line(s, target)
    return S.NO_MOTION


@inner
def motion(s: Any, key: Any, count: Any, counted: bool) -> Any:
    """The motion of one key from the cursor, as many times as `count`; `counted` tells whether a count was typed."""
    ctl = s.ctl
    ctl[S.TO_LINE] = ctl[S.LINE]
    ctl[S.TO_COLUMN] = ctl[S.COLUMN]
    ctl[S.TO_WANT] = S.HERE
    if key == K.w or key == K.b or key == K.e or key == K.W or key == K.B or key == K.E:
        return word_motions.words(s, key, count)
    kind = _horizontal(s, key, count)
    if kind == S.NO_MOTION:
        kind = _vertical(s, key, count, counted)
    if kind != S.NO_MOTION:
        return kind
    if key == K.LEFT_BRACE or key == K.RIGHT_BRACE:
        return _paragraph(s, count, 1 if key == K.RIGHT_BRACE else -1)
    if key == K.PERCENT:
        if counted:
            return _to_line(s, (count * ctl[S.LINES] + 99) // 100 - 1)
        return S.INCLUSIVE if matching(s) else S.FAILED
    if key == K.SEMICOLON or key == K.COMMA:
        if ctl[S.FIND_KEY] == 0:
            return S.FAILED
        f = ctl[S.FIND_KEY] if key == K.SEMICOLON else ctl[S.FIND_KEY] ^ K.CASE_BIT
        moved = find(s, f, ctl[S.FIND_CHARACTER], count, True)
        return (S.INCLUSIVE if f >= K.a else S.EXCLUSIVE) if moved else S.FAILED
    if key == K.n or key == K.N:
        return S.EXCLUSIVE if search.again(s, key == K.N, count) else S.FAILED
    if key == K.STAR or key == K.HASH:
        return S.EXCLUSIVE if search.word_under_cursor(s, key == K.HASH, count) else S.FAILED
    return S.NO_MOTION


@inner
def motion_after(s: Any, lead: Any, key: Any, count: Any, counted: bool) -> Any:
    """A motion of two keys: f F t T with its character, g and ` ' with theirs."""
    ctl = s.ctl
    ctl[S.TO_LINE] = ctl[S.LINE]
    ctl[S.TO_COLUMN] = ctl[S.COLUMN]
    ctl[S.TO_WANT] = S.HERE
    if lead == K.f or lead == K.t or lead == K.F or lead == K.T:
        ctl[S.FIND_KEY] = lead
        ctl[S.FIND_CHARACTER] = key
        return (S.INCLUSIVE if lead >= K.a else S.EXCLUSIVE) if find(s, lead, np.int64(key), count, False) else S.FAILED
    if lead == K.g:
        if key == K.g:
            return _to_line(s, count - 1 if counted else 0)
        if key == K.e or key == K.E:
            moved = word_motions.word_end_backward(s, count, key == K.E)
            return S.INCLUSIVE if moved else word_motions.as_far(s)
        if key == K.UNDERSCORE:
            kind = _horizontal(s, K.DOLLAR, count)
            line = ctl[S.TO_LINE]
            while (
                ctl[S.TO_COLUMN] > 0
                and positions.character_class(text.character(s, line, ctl[S.TO_COLUMN]), True) == positions.BLANK
            ):
                ctl[S.TO_COLUMN] -= 1
            ctl[S.TO_WANT] = S.HERE
            return kind
    if (lead == K.QUOTE or lead == K.BACKQUOTE) and is_lower(key):
        place = S.MARK_TABLE + 2 * (key - K.a)
        if ctl[place] == 0 or ctl[place] > ctl[S.LINES]:
            messages.say(s, messages.NO_MARK)
            return S.FAILED
        if lead == K.QUOTE:
            return _to_line(s, ctl[place] - 1)
        ctl[S.TO_LINE] = ctl[place] - 1
        ctl[S.TO_COLUMN] = min(ctl[place + 1], max(text.length(s, ctl[S.TO_LINE]) - 1, 0))
        return S.EXCLUSIVE
    return S.NO_MOTION
