"""Insert and replace mode. Everything typed goes in as it is; arrows move and begin a new undo unit, as in vim.

What the keys did is noted in the region TYPED_TEXT: a count and `.` do it again without the keys.
"""

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_blank, is_digit, is_word
from rcfam.terminal.editor import budget, indents, pending, positions, text
from rcfam.terminal.editor.columns import column_at
from rcfam.terminal.editor.positions import following, previous

# Bases of the numbers that may follow Ctrl-V
_OCTAL: Final = 8
_DECIMAL: Final = 10
_HEXADECIMAL: Final = 16
_LARGEST_DECIMAL: Final = 255


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
    if is_blank(c):
        return positions.BLANK
    return positions.WORD if is_word(c) else positions.PUNCTUATION


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
    s.pool[S.KEYS] = K.i
    ctl[S.DOT_RECORDING] = ctl[S.INSERT_FROM] = 1


@inner
def arrow(s: Any, key: Any) -> None:
    """Move the cursor in insert mode."""
    ctl = s.ctl
    line = ctl[S.LINE]
    if (
        (key == K.LEFT and ctl[S.COLUMN] == 0)
        or (key == K.RIGHT and ctl[S.COLUMN] == text.length(s, line))
        or (key == K.UP and line == 0)
        or (key == K.DOWN and line + 1 == ctl[S.LINES])
    ):
        return
    _leave_place(s)
    if key == K.LEFT:
        ctl[S.COLUMN] = previous(s, line, ctl[S.COLUMN])
        ctl[S.WANT] = S.HERE
    elif key == K.RIGHT:
        ctl[S.COLUMN] = following(s, line, ctl[S.COLUMN])
        ctl[S.WANT] = S.HERE
    elif key == K.HOME:
        ctl[S.COLUMN] = 0
        ctl[S.WANT] = 0
    elif key == K.END:
        ctl[S.COLUMN] = text.length(s, line)
        ctl[S.WANT] = S.STICK
    elif key in (K.UP, K.DOWN):
        line += -1 if key == K.UP else 1
        ctl[S.LINE] = line
        ctl[S.COLUMN] = column_at(s, line, ctl[S.WANT])
    ctl[S.START_LINE] = ctl[S.LINE]
    ctl[S.START_COLUMN] = ctl[S.COLUMN]


@inner
def _literal(s: Any, key: Any) -> bool:
    """A key after Ctrl-V: itself, or a digit of a character's number. False where the key is still to be acted on."""
    ctl = s.ctl
    if ctl[S.LITERAL] == 1:
        if is_digit(key):
            ctl[S.LITERAL] = _DECIMAL
            ctl[S.LITERAL_VALUE] = key - K.ZERO
            ctl[S.LITERAL_LEFT] = 2
            return True
        if key == K.x or key == K.X or key == K.u or key == K.U or key == K.o or key == K.O:
            ctl[S.LITERAL] = _OCTAL if key == K.o or key == K.O else _HEXADECIMAL
            ctl[S.LITERAL_LEFT] = 8 if key == K.U else (4 if key == K.u else (3 if key == K.o or key == K.O else 2))
            ctl[S.LITERAL_VALUE] = -key
            return True
        ctl[S.LITERAL] = 0
        if key < K.NAMED:
            type_character(s, 0 if key == K.CTRL_J else key)
        return True
    base = ctl[S.LITERAL]
    digit = np.int64(_HEXADECIMAL)  # no digit
    if is_digit(key):
        digit = key - K.ZERO
    elif K.a <= key <= K.f:
        digit = key - K.a + 10
    elif K.A <= key <= K.F:
        digit = key - K.A + 10
    value = ctl[S.LITERAL_VALUE]
    if digit < base and not (base == _DECIMAL and value * _DECIMAL + digit > _LARGEST_DECIMAL):
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
    if value == K.NEWLINE:
        value = 0
    if value <= K.LAST_CHARACTER and not K.SURROGATES <= value < K.SURROGATES_END:
        type_character(s, value)


@inner
def press_insert(s: Any, key: Any) -> bool:
    """One key in insert mode; true where the mode ends."""
    ctl = s.ctl
    if ctl[S.MOVED] and (key < K.NAMED or key == K.DELETE) and key != K.ESCAPE and key != K.CTRL_C:
        begin_again(s)
    if ctl[S.LITERAL] and _literal(s, key):
        ctl[S.WANT] = S.HERE
        return False
    if key >= K.NAMED:
        if key == K.DELETE:
            delete(s)
        elif key in (K.PAGE_UP, K.PAGE_DOWN):
            _leave_place(s)
            ctl[S.ACTION] = S.ACT_SCROLL
            ctl[S.ACTION_KEY] = key
            return False
        else:
            arrow(s, key)
            return False
    elif (key >= K.SPACE and key != K.BACKSPACE) or key == K.TAB:
        type_character(s, key)
    elif key == K.ENTER or key == K.CTRL_J:
        enter(s)
    elif key == K.BACKSPACE or key == K.CTRL_H:
        backspace(s, S.DID_BACKSPACE)
    elif (key == K.CTRL_W or key == K.CTRL_U) and ctl[S.MODE] == S.INSERT:
        erase_back(s, key == K.CTRL_W)
    elif key == K.CTRL_T or key == K.CTRL_D:
        _note(s, S.DID_INDENT if key == K.CTRL_T else S.DID_UNINDENT)
        ctl[S.ACTION] = S.ACT_INDENT
        ctl[S.ACTION_KEY] = key
    elif key == K.CTRL_V:
        ctl[S.LITERAL] = 1
        return False
    elif key == K.ESCAPE or key == K.CTRL_C:
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
    if key == K.a:
        if total > 0:
            ctl[S.COLUMN] = following(s, line, ctl[S.COLUMN])
    elif key == K.A:
        ctl[S.COLUMN] = total
    elif key == K.I:
        column = 0
        while column < total and is_blank(text.character(s, line, column)):
            column += 1
        ctl[S.COLUMN] = column
    elif key == K.o or key == K.O:
        if key == K.o:
            line += 1
        if not budget.may_grow(s, 0, 1):
            return False
        text.save(s, line, 0)
        text.insert_lines(s, line, 1)
        ctl[S.LINE] = line
        ctl[S.COLUMN] = 0
    return True
