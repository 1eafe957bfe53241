"""Insert and replace mode. Everything typed goes in as it is; arrows move and begin a new undo unit, as in vim.

What the keys did is noted in the region TYPED_TEXT: a count and `.` do it again without the keys.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import budget, indents, pending, text
from rcfam.terminal.editor.columns import column_at
from rcfam.terminal.editor.positions import following, previous
from rcfam.terminal.keys import DELETE, DOWN, END, HOME, LEFT, NAMED, PAGE_DOWN, PAGE_UP, RIGHT, UP


@inner
def _note(s: Any, what: Any) -> None:
    """Note what a key did; too much makes it unrepeatable."""
    n = s.ctl[S.TYPED]
    if 0 <= n < S.REGION:
        s.pool[S.TYPED_TEXT + n] = what
        s.ctl[S.TYPED] = n + 1
    else:
        s.ctl[S.TYPED] = -1


@inner
def type_character(s: Any, character: Any) -> None:
    """Insert one character before the cursor."""
    ctl = s.ctl
    line = ctl[S.LINE]
    over = ctl[S.MODE] == S.REPLACE and ctl[S.COLUMN] < text.length(s, line)
    if not over and not budget.may_grow(s, 1, 0):
        return
    _note(s, character)
    text.save(s, line, 1)
    if ctl[S.MODE] == S.REPLACE and ctl[S.REPLACED] != line + 1:
        # Backspace restores from the line as it was: `save` has made those characters immutable.
        k = text.slot(ctl, line)
        ctl[S.REPLACED] = line + 1
        ctl[S.REPLACED_START] = s.lines[k, 0]
        ctl[S.REPLACED_LENGTH] = s.lines[k, 1]
        ctl[S.REPLACED_COLUMN] = ctl[S.COLUMN]
        text.freeze(s)
    if over:
        start = text.own(s, line, 0)
        s.pool[start + ctl[S.COLUMN]] = character
    else:
        text.insert_character(s, line, ctl[S.COLUMN], character)
    ctl[S.COLUMN] += 1


@inner
def enter(s: Any) -> None:
    ctl = s.ctl
    if not budget.may_grow(s, 0, 1):
        return
    _note(s, S.DID_ENTER)
    ctl[S.REPLACED] = 0
    text.save(s, ctl[S.LINE], 1)
    text.split(s, ctl[S.LINE], ctl[S.COLUMN])
    ctl[S.LINE] += 1
    ctl[S.COLUMN] = 0


@inner
def backspace(s: Any, note: Any) -> None:
    """Backspace, noted as the key that it was typed as."""
    ctl = s.ctl
    if ctl[S.LINE] > 0 or ctl[S.COLUMN] > 0:
        _note(s, note)
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    if column > 0:
        start = s.lines[text.slot(s.ctl, line), 0]
        before = column - 1 if s.widths[s.pool[start + column - 1]] == 0 else previous(s, line, column)
        if ctl[S.MODE] == S.INSERT:
            text.save(s, line, 1)
            text.remove(s, line, before, column - before)
        elif ctl[S.REPLACED] == line + 1 and before >= ctl[S.REPLACED_COLUMN]:
            if before >= ctl[S.REPLACED_LENGTH]:
                text.remove(s, line, before, column - before)
            else:
                start = text.own(s, line, 0)
                s.pool[start + before] = s.pool[ctl[S.REPLACED_START] + before]
        ctl[S.COLUMN] = before
    elif line > 0:
        if ctl[S.MODE] == S.INSERT:
            text.save(s, line - 1, 2)
            ctl[S.COLUMN] = text.length(s, line - 1)
            text.join(s, line - 1)
        else:
            ctl[S.COLUMN] = text.length(s, line - 1)
        ctl[S.LINE] -= 1


@inner
def erase_back(s: Any, word: bool) -> None:
    """Ctrl-W and Ctrl-U: delete a word, or all, before the cursor; both stop once where the insertion began."""
    ctl = s.ctl
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    if column == 0:
        backspace(s, S.DID_WORD if word else S.DID_LINE)
        return
    _note(s, S.DID_WORD if word else S.DID_LINE)
    first = 0
    if word:
        first = column
        while first > 0 and _word_class(text.character(s, line, first - 1)) == 0:
            first -= 1
        kind = _word_class(text.character(s, line, first - 1)) if first > 0 else 0
        while first > 0 and _word_class(text.character(s, line, first - 1)) == kind:
            first -= 1
    if ctl[S.START_LINE] == line and first < ctl[S.START_COLUMN] < column:
        first = ctl[S.START_COLUMN]
    text.save(s, line, 1)
    text.remove(s, line, first, column - first)
    ctl[S.COLUMN] = first


@inner
def _word_class(c: Any) -> Any:
    if c == 32 or c == 9:
        return 0
    return 2 if c == 95 or 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c >= 0xC0 else 1


@inner
def delete(s: Any) -> None:
    ctl = s.ctl
    _note(s, S.DID_DELETE)
    line = ctl[S.LINE]
    column = ctl[S.COLUMN]
    if column < text.length(s, line):
        text.save(s, line, 1)
        text.remove(s, line, column, following(s, line, column) - column)
    elif line + 1 < ctl[S.LINES]:
        text.save(s, line, 2)
        text.join(s, line)


@inner
def _leave_place(s: Any) -> None:
    """The cursor is moved: what was typed is whole, as after Esc, and a count is forgotten (vim's start_arrow)."""
    ctl = s.ctl
    ctl[S.REPLACED] = 0
    text.close_unit(s)
    if not ctl[S.MOVED]:
        pending.finish_change(s)
        ctl[S.DOT_INSERT] = ctl[S.INSERT_FROM]
        ctl[S.INSERT_COUNT] = 1
        ctl[S.MOVED] = 1


@inner
def begin_again(s: Any) -> None:
    """The first key after an arrow: `.` will repeat an `i` and what is typed from here on (vim's stop_arrow)."""
    ctl = s.ctl
    ctl[S.MOVED] = 0
    ctl[S.TYPED] = 0
    ctl[S.SELECTED] = 0
    s.pool[S.KEYS] = 105
    ctl[S.DOT_RECORDING] = ctl[S.INSERT_FROM] = 1


@inner
def arrow(s: Any, key: Any) -> None:
    """Move the cursor in insert mode."""
    ctl = s.ctl
    line = ctl[S.LINE]
    if (
        (key == LEFT and ctl[S.COLUMN] == 0)
        or (key == RIGHT and ctl[S.COLUMN] == text.length(s, line))
        or (key == UP and line == 0)
        or (key == DOWN and line + 1 == ctl[S.LINES])
    ):
        return
    _leave_place(s)
    if key == LEFT:
        ctl[S.COLUMN] = previous(s, line, ctl[S.COLUMN])
        ctl[S.WANT] = S.HERE
    elif key == RIGHT:
        ctl[S.COLUMN] = following(s, line, ctl[S.COLUMN])
        ctl[S.WANT] = S.HERE
    elif key == HOME:
        ctl[S.COLUMN] = 0
        ctl[S.WANT] = 0
    elif key == END:
        ctl[S.COLUMN] = text.length(s, line)
        ctl[S.WANT] = S.STICK
    elif key in (UP, DOWN):
        line += -1 if key == UP else 1
        ctl[S.LINE] = line
        ctl[S.COLUMN] = column_at(s, line, ctl[S.WANT])
    ctl[S.START_LINE] = ctl[S.LINE]
    ctl[S.START_COLUMN] = ctl[S.COLUMN]


@inner
def _literal(s: Any, key: Any) -> bool:
    """A key after Ctrl-V: itself, or a digit of a character's number. False where the key is still to be acted on."""
    ctl = s.ctl
    if ctl[S.LITERAL] == 1:
        if 48 <= key <= 57:
            ctl[S.LITERAL] = 10
            ctl[S.LITERAL_VALUE] = key - 48
            ctl[S.LITERAL_LEFT] = 2
            return True
        if key == 120 or key == 88 or key == 117 or key == 85 or key == 111 or key == 79:
            ctl[S.LITERAL] = 8 if key == 111 or key == 79 else 16
            ctl[S.LITERAL_LEFT] = 8 if key == 85 else (4 if key == 117 else (3 if key == 111 or key == 79 else 2))
            ctl[S.LITERAL_VALUE] = -key
            return True
        ctl[S.LITERAL] = 0
        if key < NAMED:
            type_character(s, 0 if key == 10 else key)
        return True
    base = ctl[S.LITERAL]
    digit = np.int64(99)
    if 48 <= key <= 57:
        digit = key - 48
    elif 97 <= key <= 102:
        digit = key - 87
    elif 65 <= key <= 70:
        digit = key - 55
    value = ctl[S.LITERAL_VALUE]
    if digit < base and not (base == 10 and value * 10 + digit > 255):
        ctl[S.LITERAL_VALUE] = max(value, 0) * base + digit
        ctl[S.LITERAL_LEFT] -= 1
        if ctl[S.LITERAL_LEFT] > 0:
            return True
        ctl[S.LITERAL] = 0
        _type_number(s)
        return True
    ctl[S.LITERAL] = 0
    _type_number(s)
    return False


@inner
def _type_number(s: Any) -> None:
    value = s.ctl[S.LITERAL_VALUE]
    if value < 0:
        value = -value  # no digit came: the letter itself
    if value == 10:
        value = 0
    if value <= 0x10FFFF and not 0xD800 <= value < 0xE000:
        type_character(s, value)


@inner
def press_insert(s: Any, key: Any) -> bool:
    """One key in insert mode; true where the mode ends."""
    ctl = s.ctl
    if ctl[S.MOVED] and (key < NAMED or key == DELETE) and key != 27 and key != 3:
        begin_again(s)
    if ctl[S.LITERAL] and _literal(s, key):
        ctl[S.WANT] = S.HERE
        return False
    if key >= NAMED:
        if key == DELETE:
            delete(s)
        elif key in (PAGE_UP, PAGE_DOWN):
            _leave_place(s)
            ctl[S.ACTION] = S.ACT_SCROLL
            ctl[S.ACTION_KEY] = key
            return False
        else:
            arrow(s, key)
            return False
    elif (key >= 32 and key != 127) or key == 9:
        type_character(s, key)
    elif key == 13 or key == 10:
        enter(s)
    elif key == 127 or key == 8:
        backspace(s, S.DID_BACKSPACE)
    elif (key == 23 or key == 21) and ctl[S.MODE] == S.INSERT:
        erase_back(s, key == 23)
    elif key == 20 or key == 4:
        _note(s, S.DID_INDENT if key == 20 else S.DID_UNINDENT)
        ctl[S.ACTION] = S.ACT_INDENT
        ctl[S.ACTION_KEY] = key
    elif key == 22:
        ctl[S.LITERAL] = 1
        return False
    elif key == 27 or key == 3:
        return True
    ctl[S.WANT] = S.HERE
    return False


@inner
def do_again(s: Any, what: Any) -> None:
    """Do once more what a key did, as noted in TYPED_TEXT."""
    if what < S.DID_ENTER:
        type_character(s, what)
    elif what == S.DID_ENTER:
        enter(s)
    elif what == S.DID_BACKSPACE:
        backspace(s, S.DID_BACKSPACE)
    elif what == S.DID_DELETE:
        delete(s)
    elif what == S.DID_WORD or what == S.DID_LINE:
        erase_back(s, what == S.DID_WORD)
    else:
        made, gone = indents.indent_needs(s, what == S.DID_INDENT)
        if budget.may_grow(s, made - gone, 0):
            indents.indent(s, what == S.DID_INDENT)


@inner
def start(s: Any, key: Any) -> bool:
    """i a I A o O R: put the cursor where the text will go in; false where a new line has no room."""
    ctl = s.ctl
    line = ctl[S.LINE]
    total = text.length(s, line)
    if key == 97:
        if total > 0:
            ctl[S.COLUMN] = following(s, line, ctl[S.COLUMN])
    elif key == 65:
        ctl[S.COLUMN] = total
    elif key == 73:
        column = 0
        while column < total and (text.character(s, line, column) == 32 or text.character(s, line, column) == 9):
            column += 1
        ctl[S.COLUMN] = column
    elif key == 111 or key == 79:
        if key == 111:
            line += 1
        if not budget.may_grow(s, 0, 1):
            return False
        text.save(s, line, 0)
        text.insert_lines(s, line, 1)
        ctl[S.LINE] = line
        ctl[S.COLUMN] = 0
    return True
