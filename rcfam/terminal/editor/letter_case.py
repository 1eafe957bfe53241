"""Upper and lower case: ~ gU gu g~."""

from typing import Any, Final

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_lower, is_upper
from rcfam.terminal.editor import text
from rcfam.terminal.editor.positions import check_cursor

_CYRILLIC_STEP: Final = 0x50  # between the cases of U+0400 to U+040F


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
    change_case(s, line, ctl[S.COLUMN], end, S.OP_SWAP_CASE)
    text.changed(s)
    ctl[S.COLUMN] = end
    ctl[S.WANT] = S.HERE
    check_cursor(s)
    return True


@inner
def change_case(s: Any, line: Any, first: Any, last: Any, how: Any) -> None:
    """~, gU, gu on the characters first:last of a line."""
    differs = False
    for column in range(first, last):
        c = text.character(s, line, column)
        if changed(c, how) != c:
            differs = True
    if not differs:
        return
    start = text.own(s, line, 0)
    for i in range(start + first, start + last):
        s.pool[i] = changed(int(s.pool[i]), how)


@inner
def changed(c: Any, how: Any) -> Any:
    """`c` in the other case (OP_SWAP_CASE), upper (OP_UPPER) or lower (OP_LOWER) case."""
    lower = (
        is_lower(c) or (0xE0 <= c <= 0xFE and c != 0xF7) or (0x3B1 <= c <= 0x3C9 and c != 0x3C2) or 0x430 <= c <= 0x44F
    )
    upper = (
        is_upper(c) or (0xC0 <= c <= 0xDE and c != 0xD7) or (0x391 <= c <= 0x3A9 and c != 0x3A2) or 0x410 <= c <= 0x42F
    )
    if lower and how != S.OP_LOWER:
        return c - K.CASE_BIT
    if upper and how != S.OP_UPPER:
        return c + K.CASE_BIT
    if 0x450 <= c <= 0x45F and how != S.OP_LOWER:
        return c - _CYRILLIC_STEP
    if 0x400 <= c <= 0x40F and how != S.OP_UPPER:
        return c + _CYRILLIC_STEP
    return c
