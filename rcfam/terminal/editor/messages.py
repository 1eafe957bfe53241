"""What the editor says on its last line. Kernels note a message's number; it is drawn once, at the end of the key."""

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import attributes as A
from rcfam.terminal import glyphs
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal import widths as W
from rcfam.terminal.cells import BLANK, GLYPH_BITS

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
NO_LINES: Final = 14
CHANGED: Final = 15
UNDONE: Final = 16
REDONE: Final = 17
_INSERT: Final = 18
_REPLACE: Final = 19
_VISUAL: Final = 20
_VISUAL_LINE: Final = 21
_TIMES: Final = 22
_LINE_LESS: Final = 23
_LINE_MORE: Final = 24
_ONE_CHANGE: Final = 25
_CHANGES: Final = 26
_BEFORE: Final = 27
_AFTER: Final = 28
_AGO: Final = 29
NO_STRING: Final = 30
NO_REGISTER: Final = 31
NO_MARK: Final = 32
_INTO: Final = 33
OUT_OF_MEMORY: Final = 34  # a number of bytes stands after the text
_BYTES: Final = 35
PATTERN_SPENT: Final = 36

_WORDS: Final = (
    b"",
    b"",
    b" fewer lines",
    b" more lines",
    b" lines yanked",
    b" lines >ed ",
    b" lines <ed ",
    b"Already at oldest change",
    b"Already at newest change",
    b"E486: Pattern not found: ",
    b"E35: No previous regular expression",
    b"search hit BOTTOM, continuing at TOP",
    b"search hit TOP, continuing at BOTTOM",
    b"",
    b"--No lines in buffer--",
    b" lines changed",
    b"",
    b"",
    b"-- INSERT --",
    b"-- REPLACE --",
    b"-- VISUAL --",
    b"-- VISUAL LINE --",
    b" time",
    b" line less",
    b" more line",
    b" change",
    b" changes",
    b"; before #",
    b"; after #",
    b"  0 seconds ago",  # no time passes in this terminal
    b"E348: No string under cursor",
    b'E353: Nothing in register "',
    b"E20: Mark not set",
    b' into "',
    b"E342: Out of memory!  (allocating ",
    b" bytes)",
    b"E363: Pattern uses more memory than 'maxmempattern'",
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
    """The same with a count, where it is worth a word; an emptied buffer says so instead.

    Lines that came or went do not hide that a search went round the end.
    """
    if s.ctl[S.EMPTY] and number == FEWER:
        s.ctl[S.MESSAGE] = NO_LINES
    elif number in (FEWER, MORE) and s.ctl[S.MESSAGE] in (HIT_BOTTOM, HIT_TOP):
        return
    elif count > _REPORT:
        s.ctl[S.MESSAGE] = number
        s.ctl[S.MESSAGE_COUNT] = count
        s.ctl[S.MESSAGE_NAME] = s.ctl[S.REGISTER]


@inner
def clear(s: Any) -> None:
    """Blank the editor's last line."""
    row = s.cells.shape[0] - 2
    for x in range(s.cells.shape[1]):
        s.cells[row, x] = BLANK
    s.dirty[row] = 1


@inner
def text(s: Any, x: Any, source: Any, first: Any, last: Any, attribute: Any) -> Any:
    """Show source[first:last] on the last line from column `x` on, as far as it fits; return the column after it."""
    row = s.cells.shape[0] - 2
    limit = s.cells.shape[1] - 1
    for i in range(first, last):
        c = np.int64(source[i])
        w = np.int64(s.widths[c])
        if w == 0 and x > 0:
            glyphs.add_mark(s, row, x, c)
            continue
        cells: Any = 2 if w == W.CONTROL or w == W.TAB else max(w, 1)
        if x + cells > limit:
            break
        for j in range(cells):
            glyph = c if j == 0 else np.int64(0)
            high = attribute
            if w > W.WIDE:
                glyph = np.int64(glyphs.shown_digit(c, cells, np.int64(j)))
                high = attribute if attribute else A.SPECIAL
            s.cells[row, x + j] = np.uint32(high << GLYPH_BITS | glyph)
        x += cells
    return x


@inner
def _mode_words(ctl: Any) -> Any:
    mode = ctl[S.MODE]
    if mode == S.INSERT:
        return _INSERT
    if mode == S.REPLACE:
        return _REPLACE
    if mode == S.VISUAL:
        return _VISUAL_LINE if ctl[S.VISUAL_KIND] == S.SELECT_LINES else _VISUAL
    return NOTHING


@inner
def _digits(s: Any, x: Any, value: Any, attribute: Any) -> Any:
    """Write a number; the column after it."""
    digits = 1
    while value >= 10**digits:
        digits += 1
    for i in range(digits):
        if x + digits - 1 - i < s.cells.shape[1] - 1:
            s.cells[s.cells.shape[0] - 2, x + digits - 1 - i] = np.uint32(attribute << GLYPH_BITS) | (
                K.ZERO + value // 10**i % 10
            )
    return x + digits


@inner
def _words(s: Any, x: Any, number: Any, attribute: Any) -> Any:
    """Write fixed words; the column after them."""
    row = s.cells.shape[0] - 2
    for i in range(_ENDS[number - 1] if number > 0 else 0, _ENDS[number]):
        if x < s.cells.shape[1] - 1:
            s.cells[row, x] = np.uint32(attribute << GLYPH_BITS) | _TEXT[i]
            x += 1
    return x


@inner
def _undone(s: Any, redo: bool) -> None:
    """What u or Ctrl-R did: lines more or less, else changes; and the number of the undo unit."""
    ctl = s.ctl
    less = ctl[S.UNDONE_BEFORE] - ctl[S.UNDONE_AFTER]
    count = abs(less) if less != 0 else ctl[S.UNDONE_AFTER]
    if less == 0:
        words = _ONE_CHANGE if count == 1 else _CHANGES
    elif less > 0:
        words = _LINE_LESS if count == 1 else FEWER
    else:
        words = _LINE_MORE if count == 1 else MORE
    x = _words(s, _digits(s, 0, count, 0), words, 0)
    x = _digits(s, _words(s, x, _AFTER if redo else _BEFORE, 0), ctl[S.UNDONE], 0)
    _words(s, x, _AGO, 0)


@inner
def draw(s: Any) -> None:
    """Show the noted message."""
    ctl = s.ctl
    number = ctl[S.MESSAGE]
    ctl[S.MESSAGE] = NOTHING
    # The others go when the same key scrolls the window.
    ctl[S.KEPT] = 1 if number >= FEWER and number != PATTERN else 0
    ctl[S.SAID] = 1 if number > MODE else 0
    clear(s)
    row = s.cells.shape[0] - 2
    attribute = 0
    x = 0
    if number == MODE:
        number = _mode_words(ctl)
        attribute = A.MODE
    elif number in (NOT_FOUND, NO_PATTERN, NO_STRING, NO_REGISTER, NO_MARK, OUT_OF_MEMORY, PATTERN_SPENT):
        attribute = A.ERROR
    elif number in (HIT_BOTTOM, HIT_TOP):
        attribute = A.WARNING
    elif number == PATTERN:
        s.cells[row, 0] = K.QUESTION if ctl[S.MESSAGE_COUNT] else K.SLASH
        x = 1
    elif FEWER <= number <= SHIFTED_LEFT or number == CHANGED:
        x = _digits(s, 0, ctl[S.MESSAGE_COUNT], 0)
    elif number in (UNDONE, REDONE):
        _undone(s, number == REDONE)
        return
    x = _words(s, x, number, attribute)
    if number == OUT_OF_MEMORY:
        _words(s, _digits(s, x, ctl[S.MESSAGE_COUNT], attribute), _BYTES, attribute)
    if number == YANKED and ctl[S.MESSAGE_NAME]:
        x = _words(s, x, _INTO, 0)
        s.cells[row, x] = ctl[S.MESSAGE_NAME]
    if number in (SHIFTED_RIGHT, SHIFTED_LEFT):
        x = _words(s, _digits(s, x, ctl[S.SHIFT_TIMES], 0), _TIMES, 0)
        if ctl[S.SHIFT_TIMES] > 1:
            s.cells[row, x] = K.s
    if number in (PATTERN, NOT_FOUND):
        text(s, x, s.pool, S.SEARCHED, S.SEARCHED + ctl[S.SEARCHED_LENGTH], attribute)
