"""Places in the text: what stands there, the ones before and after, where the cursor may stand.

The target is the place where a motion leads: ctl[TO_LINE], ctl[TO_COLUMN].
"""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import text


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
