"""The last line while a command or a pattern is typed there, after : / or ?."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal import widths as W
from rcfam.terminal.characters import is_digit
from rcfam.terminal.editor import messages, pending, visual
from rcfam.terminal.editor.positions import first_non_blank

_PREFIXES = np.frombuffer(b"'<,'>\0.,.+\0.\0", dtype=np.uint8)
_SELECTION = 0
_COUNTED = 6
_HERE = 11


@inner
def start(s: Any, kind: Any) -> None:
    """: / ? : the last line takes the keys."""
    ctl = s.ctl
    ctl[S.INPUT_LENGTH] = 0
    ctl[S.INPUT_CURSOR] = 0
    ctl[S.INPUT_KIND] = kind
    if kind == K.COLON:
        count = ctl[S.COUNT]
        if ctl[S.MODE] == S.VISUAL:
            _prefill(s, _SELECTION, 0)
            visual.span(s)
            visual.leave(s)
            ctl[S.LINE] = ctl[S.FROM_LINE]
            ctl[S.COLUMN] = 0 if ctl[S.VISUAL_KIND] == S.SELECT_LINES else ctl[S.FROM_COLUMN]
            ctl[S.WANT] = S.HERE
        elif count > 0:
            _prefill(s, _COUNTED if count > 1 else _HERE, count - 1)
        pending.reset(s)
    ctl[S.INPUT_BEFORE] = ctl[S.MODE]
    ctl[S.MODE] = S.COMMAND
    ctl[S.LITERAL] = 0


@inner
def _prefill(s: Any, start: Any, number: Any) -> None:
    """Begin the command line with the words of _PREFIXES from `start` on, and a number where it is above 0."""
    n = 0
    while _PREFIXES[start + n] != 0:
        s.pool[S.INPUT + n] = _PREFIXES[start + n]
        n += 1
    digits = 0
    while number >= 10**digits:
        digits += 1
    for i in range(digits):
        s.pool[S.INPUT + n + digits - 1 - i] = K.ZERO + number // 10**i % 10
    s.ctl[S.INPUT_LENGTH] = s.ctl[S.INPUT_CURSOR] = n + digits


@inner
def press(s: Any, key: Any) -> Any:
    """Enter, Esc and Backspace on the editor's command line; returns a trap. Other keys edit the line."""
    ctl = s.ctl
    if key == K.ENTER or key == K.CTRL_J:
        ctl[S.MODE] = ctl[S.INPUT_BEFORE]
        if ctl[S.INPUT_KIND] != K.COLON:
            pending.act(s, S.ACT_SEARCH, key)
        elif _is_number(s):
            _go_to_number(s)
        else:
            return S.TRAP_EX
    elif key == K.ESCAPE or key == K.CTRL_C or ((key == K.BACKSPACE or key == K.CTRL_H) and ctl[S.INPUT_LENGTH] == 0):
        ctl[S.MODE] = ctl[S.INPUT_BEFORE]
        pending.reset(s)
        messages.say(s, messages.MODE)
    return S.TRAP_NONE


@inner
def _is_number(s: Any) -> bool:
    n = s.ctl[S.INPUT_LENGTH]
    for i in range(n):
        if not is_digit(s.pool[S.INPUT + i]):
            return False
    return 0 < n < 10


@inner
def _go_to_number(s: Any) -> None:
    """`:N`: to that line; the line as typed stays on the screen."""
    ctl = s.ctl
    value = 0
    for i in range(ctl[S.INPUT_LENGTH]):
        value = value * 10 + int(s.pool[S.INPUT + i]) - K.ZERO
    ctl[S.LINE] = min(max(value, 1), ctl[S.LINES]) - 1
    ctl[S.COLUMN] = first_non_blank(s, ctl[S.LINE])
    ctl[S.WANT] = S.HERE
    pending.reset(s)


@inner
def draw(s: Any) -> None:
    """Show the command line being typed, and the cursor on it."""
    ctl = s.ctl
    row = s.cells.shape[0] - 2
    columns = s.cells.shape[1]
    messages.clear(s)
    s.cells[row, 0] = ctl[S.INPUT_KIND]
    end = S.INPUT + ctl[S.INPUT_LENGTH]
    at = S.INPUT + ctl[S.INPUT_CURSOR]
    first = end
    room = columns - 2
    while first > S.INPUT and room >= 2:
        first -= 1
        w = np.int64(s.widths[s.pool[first]])
        room -= 2 if w == W.CONTROL or w == W.TAB else w
    if room < 0:
        first += 1
    cursor = messages.text(s, 1, s.pool, first, at, 0)
    messages.text(s, cursor, s.pool, max(at, first), end, 0)
    ctl[S.SAID] = 1
    s.cursor[0] = row
    s.cursor[1] = min(cursor, columns - 1)
    s.cursor[2] = 1
