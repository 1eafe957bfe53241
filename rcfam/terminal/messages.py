"""What the editor says on its last line. Kernels note a message's number; it is drawn once, at the end of the key."""

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import attributes as A
from rcfam.terminal import state as S

NOTHING: Final = 0
MODE: Final = 1  # -- INSERT -- and its kind, or a blank line
FEWER: Final = 2  # from here to SHIFTED_LEFT a count stands before the text
MORE: Final = 3
YANKED: Final = 4
SHIFTED_RIGHT: Final = 5
SHIFTED_LEFT: Final = 6
OLDEST: Final = 7
NEWEST: Final = 8
NOT_FOUND: Final = 9  # the pattern stands after the text
NO_PATTERN: Final = 10
HIT_BOTTOM: Final = 11
HIT_TOP: Final = 12
PATTERN: Final = 13  # the pattern, after / or ?
_INSERT: Final = 14
_REPLACE: Final = 15
_VISUAL: Final = 16
_VISUAL_LINE: Final = 17

_WORDS: Final = (
    b"",
    b"",
    b" fewer lines",
    b" more lines",
    b" lines yanked",
    b" lines >ed 1 time",
    b" lines <ed 1 time",
    b"Already at oldest change",
    b"Already at newest change",
    b"E486: Pattern not found: ",
    b"E35: No previous regular expression",
    b"search hit BOTTOM, continuing at TOP",
    b"search hit TOP, continuing at BOTTOM",
    b"",
    b"-- INSERT --",
    b"-- REPLACE --",
    b"-- VISUAL --",
    b"-- VISUAL LINE --",
)
_TEXT: Final = np.frombuffer(b"".join(_WORDS), dtype=np.uint8).astype(np.uint32)
_ENDS: Final = np.cumsum([len(words) for words in _WORDS])
_REPORT: Final = 2  # vim's 'report': no more lines than this go unmentioned


@inner
def say(s: Any, number: Any) -> None:
    """Note what the last line shows when the key is done."""
    s.ctl[S.MESSAGE] = number


@inner
def say_count(s: Any, number: Any, count: Any) -> None:
    """The same with a count, where it is worth a word."""
    if count > _REPORT:
        s.ctl[S.MESSAGE] = number
        s.ctl[S.MESSAGE_COUNT] = count


@inner
def clear(s: Any) -> None:
    """Blank the editor's last line."""
    row = s.cells.shape[0] - 2
    for x in range(s.cells.shape[1]):
        s.cells[row, x] = 32
    s.dirty[row] = 1


@inner
def _mode_words(ctl: Any) -> Any:
    mode = ctl[S.MODE]
    if mode == S.INSERT:
        return _INSERT
    if mode == S.REPLACE:
        return _REPLACE
    if mode == S.VISUAL:
        return _VISUAL_LINE if ctl[S.VISUAL_KIND] == 86 else _VISUAL
    return NOTHING


@inner
def draw(s: Any) -> None:
    """Show the noted message."""
    ctl = s.ctl
    number = ctl[S.MESSAGE]
    ctl[S.MESSAGE] = NOTHING
    clear(s)
    row = s.cells.shape[0] - 2
    limit = s.cells.shape[1] - 1
    attribute = 0
    x = 0
    if number == MODE:
        number = _mode_words(ctl)
        attribute = A.MODE
    elif number in (NOT_FOUND, NO_PATTERN):
        attribute = A.ERROR
    elif number in (HIT_BOTTOM, HIT_TOP):
        attribute = A.WARNING
    elif number == PATTERN:
        s.cells[row, 0] = 63 if ctl[S.MESSAGE_COUNT] else 47
        x = 1
    elif FEWER <= number <= SHIFTED_LEFT:
        digits = 1
        while ctl[S.MESSAGE_COUNT] >= 10**digits:
            digits += 1
        for i in range(digits):
            s.cells[row, digits - 1 - i] = 48 + ctl[S.MESSAGE_COUNT] // 10**i % 10
        x = digits
    for i in range(_ENDS[number - 1] if number > 0 else 0, _ENDS[number]):
        if x < limit:
            s.cells[row, x] = np.uint32(attribute << 21) | _TEXT[i]
            x += 1
    if number in (PATTERN, NOT_FOUND):
        for i in range(ctl[S.SEARCHED_LENGTH]):
            if x < limit and s.widths[s.pool[S.SEARCHED + i]] == 1:
                s.cells[row, x] = np.uint32(attribute << 21) | s.pool[S.SEARCHED + i]
                x += 1
