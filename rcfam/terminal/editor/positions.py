"""Places in the text: what stands there, the ones before and after, where the cursor may stand.

The target is the place where a motion leads: ctl[TO_LINE], ctl[TO_COLUMN].
"""

from typing import Any, Final

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_blank, is_word
from rcfam.terminal.editor import text

# Classes of characters, as vim parts words by them; other scripts have classes of their own, above these
BLANK: Final = 0
PUNCTUATION: Final = 1
WORD: Final = 2
_EMOJI: Final = 3
_HIRAGANA: Final = 0x3040
_KATAKANA: Final = 0x30A0
_HAN: Final = 0x4E00
_HANGUL: Final = 0xAC00

_LATIN_1_END: Final = 0x100
_MICRO_SIGN: Final = 0xB5


@inner
def previous(s: Any, line: Any, column: Any) -> Any:
    """The column of the character before, its combining marks passed over."""
    column -= 1
    start = s.lines[text.slot(s.ctl, line), 0]
    while column > 0 and s.widths[s.pool[start + column]] == 0:
        column -= 1
    return max(column, 0)


@inner
def following(s: Any, line: Any, column: Any) -> Any:
    """The column of the character after, at most the line's length."""
    k = text.slot(s.ctl, line)
    total = s.lines[k, 1]
    column += 1
    while column < total and s.widths[s.pool[s.lines[k, 0] + column]] == 0:
        column += 1
    return min(column, total)


@inner
def first_non_blank(s: Any, line: Any) -> Any:
    """The column of the first character that is neither blank nor tab; the last one of a line of blanks."""
    k = text.slot(s.ctl, line)
    start = s.lines[k, 0]
    total = s.lines[k, 1]
    i = 0
    while i < total and is_blank(s.pool[start + i]):
        i += 1
    return i if i < total else max(total - 1, 0)


@inner
def in_indent(s: Any, line: Any, column: Any) -> bool:
    """Whether only blanks stand before `column`."""
    start = s.lines[text.slot(s.ctl, line), 0]
    i = 0
    while i < column and is_blank(s.pool[start + i]):
        i += 1
    return i >= column


@inner
def check_cursor(s: Any) -> None:
    """Outside insert mode the cursor stands on a character."""
    ctl = s.ctl
    if ctl[S.LINE] >= ctl[S.LINES]:
        ctl[S.LINE] = ctl[S.LINES] - 1
    total = text.length(s, ctl[S.LINE])
    if ctl[S.COLUMN] >= total:
        ctl[S.COLUMN] = previous(s, ctl[S.LINE], total) if total > 0 else 0


@inner
def to_first_non_blank(s: Any, line: Any) -> None:
    ctl = s.ctl
    ctl[S.LINE] = min(max(line, 0), ctl[S.LINES] - 1)
    ctl[S.COLUMN] = first_non_blank(s, ctl[S.LINE])
    ctl[S.WANT] = S.HERE


@inner
def character_class(c: Any, big: bool) -> Any:
    """vim's class of a character: BLANK, PUNCTUATION, WORD, more for other scripts. `big`: not blank is one class."""
    if is_blank(c) or c == K.NEWLINE or c == 0 or c == K.NO_BREAK_SPACE:
        return BLANK
    if big:
        return PUNCTUATION
    if c < _LATIN_1_END:
        return WORD if is_word(c) or c == _MICRO_SIGN else PUNCTUATION
    if 0x2000 <= c <= 0x200B or c == 0x3000 or c == 0x202F or c == 0x205F or c == 0x1680:
        return BLANK
    if (
        0x200C <= c <= 0x206F
        or 0x2100 <= c <= 0x23FF
        or 0x2190 <= c <= 0x27FF
        or 0x2900 <= c <= 0x2BFF
        or 0x2E00 <= c <= 0x2E7F
        or 0x3001 <= c <= 0x3020
        or 0xFF01 <= c <= 0xFF0F
    ):
        return PUNCTUATION
    if 0x3040 <= c <= 0x309F:
        return _HIRAGANA
    if 0x30A0 <= c <= 0x30FF:
        return _KATAKANA
    if 0x3300 <= c <= 0x9FFF or 0xF900 <= c <= 0xFAFF or 0x20000 <= c <= 0x2FA1F:
        return _HAN
    if 0xAC00 <= c <= 0xD7A3:
        return _HANGUL
    if 0x1F000 <= c <= 0x1FAFF:
        return _EMOJI
    return WORD


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
