"""The shell's input line: bash's emacs keys, drawn from where the prompt ends."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import glyphs
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal import widths as W


@inner
def _cells_before(s: Any, count: Any) -> Any:
    """Virtual columns from the prompt's row start to input character `count`."""
    v = s.ctl[S.PROMPT_COLUMN]
    for i in range(count):
        v = _advance(s, v, s.pool[S.INPUT + i])
    return v


@inner
def _advance(s: Any, v: Any, character: Any) -> Any:
    w = s.widths[character]
    columns = s.cells.shape[1]
    if w == 1:
        return v + 1
    if w == 0:
        return v
    if w == W.WIDE:
        return v + (3 if v % columns == columns - 1 else 2)
    if w == W.TAB:
        return v + 8 - v % 8
    return v + 2


@inner
def draw_input(s: Any) -> Any:
    """Draw the input line; returns TRAP_SCROLL where it needs more rows than stand below the prompt."""
    ctl = s.ctl
    columns = s.cells.shape[1]
    rows = s.cells.shape[0] - 1
    end = _cells_before(s, ctl[S.INPUT_LENGTH])
    if ctl[S.PROMPT_ROW] + end // columns >= rows:
        return S.TRAP_SCROLL
    v = ctl[S.PROMPT_COLUMN]
    for i in range(ctl[S.INPUT_LENGTH]):
        c = np.int64(s.pool[S.INPUT + i])
        w = np.int64(s.widths[c])
        next_v = _advance(s, v, c)
        if w == 0:
            row = ctl[S.PROMPT_ROW] + (v - 1) // columns
            if v > 0 and row >= 0:
                glyphs.add_mark(s, row, (v - 1) % columns + 1, c)
        for j in range(v, next_v):
            row = ctl[S.PROMPT_ROW] + j // columns
            if row < 0:
                continue
            glyph: Any = c
            if w == W.WIDE:
                glyph = c if j == next_v - 2 else (0 if j == next_v - 1 else K.SPACE)
            elif w == W.TAB:
                glyph = K.SPACE
            elif w != 1:
                glyph = K.CARET if j == v else (c ^ K.CONTROL_BIT if w == W.CONTROL else K.QUESTION)
            s.cells[row, j % columns] = np.uint32(glyph)
        v = next_v
    first = max(ctl[S.PROMPT_ROW], 0)
    for row in range(first, ctl[S.PROMPT_ROW] + v // columns + 1):
        s.dirty[row] = 1
    for row in range(max(ctl[S.PROMPT_ROW] + v // columns, 0), rows):
        # Everything below the prompt belongs to the input line.
        x = v % columns if row == ctl[S.PROMPT_ROW] + v // columns else 0
        if row > ctl[S.PROMPT_ROW] + v // columns and row > ctl[S.INPUT_ROW]:
            break
        glyphs.fill(s, row, x, np.uint32(K.SPACE))
    ctl[S.INPUT_ROW] = ctl[S.PROMPT_ROW] + v // columns
    v = _cells_before(s, ctl[S.INPUT_CURSOR])
    s.cursor[0] = max(ctl[S.PROMPT_ROW] + v // columns, 0)
    s.cursor[1] = v % columns
    s.cursor[2] = 1
    return S.TRAP_NONE


@inner
def erase(s: Any, first: Any, last: Any) -> None:
    """Remove input[first:last]; the cursor stays at `first`."""
    ctl = s.ctl
    for i in range(last, ctl[S.INPUT_LENGTH]):
        s.pool[S.INPUT + first + i - last] = s.pool[S.INPUT + i]
    ctl[S.INPUT_LENGTH] -= last - first
    ctl[S.INPUT_CURSOR] = first


@inner
def _kill(s: Any, first: Any, last: Any) -> None:
    """Remove input[first:last] and keep it for Ctrl-Y in `killed`."""
    if last <= first:
        return
    for i in range(first, last):
        s.pool[S.KILLED + i - first] = s.pool[S.INPUT + i]
    s.ctl[S.KILLED_LENGTH] = last - first
    erase(s, first, last)


@inner
def insert(s: Any, character: Any) -> None:
    """Insert a character at the cursor; a full line beeps."""
    ctl = s.ctl
    if ctl[S.INPUT_LENGTH] >= S.REGION:
        return
    at = ctl[S.INPUT_CURSOR]
    for i in range(ctl[S.INPUT_LENGTH], at, -1):
        s.pool[S.INPUT + i] = s.pool[S.INPUT + i - 1]
    s.pool[S.INPUT + at] = character
    ctl[S.INPUT_LENGTH] += 1
    ctl[S.INPUT_CURSOR] = at + 1


@inner
def _put_back(s: Any) -> None:
    """Ctrl-Y: insert what was killed, as much of it as the line holds."""
    ctl = s.ctl
    at = ctl[S.INPUT_CURSOR]
    size = min(ctl[S.KILLED_LENGTH], S.REGION - ctl[S.INPUT_LENGTH])
    for i in range(ctl[S.INPUT_LENGTH] - 1, at - 1, -1):
        s.pool[S.INPUT + i + size] = s.pool[S.INPUT + i]
    for i in range(size):
        s.pool[S.INPUT + at + i] = s.pool[S.KILLED + i]
    ctl[S.INPUT_LENGTH] += size
    ctl[S.INPUT_CURSOR] = at + size


@inner
def rows_missing(s: Any) -> Any:
    """How many rows the input line needs more than stand below the prompt."""
    end = _cells_before(s, s.ctl[S.INPUT_LENGTH])
    return s.ctl[S.PROMPT_ROW] + end // s.cells.shape[1] - (s.cells.shape[0] - 2)


@inner
def before(s: Any, at: Any) -> Any:
    at -= 1
    while at > 0 and s.widths[s.pool[S.INPUT + at]] == 0:
        at -= 1
    return max(at, 0)


@inner
def after(s: Any, at: Any) -> Any:
    total = s.ctl[S.INPUT_LENGTH]
    at += 1
    while at < total and s.widths[s.pool[S.INPUT + at]] == 0:
        at += 1
    return min(at, total)


@inner
def word_before(s: Any, at: Any) -> Any:
    while at > 0 and s.pool[S.INPUT + at - 1] == K.SPACE:
        at -= 1
    while at > 0 and s.pool[S.INPUT + at - 1] != K.SPACE:
        at -= 1
    return at


@inner
def edit(s: Any, key: Any) -> bool:
    """The keys that edit the input line; false where `key` is none of them."""
    ctl = s.ctl
    at = ctl[S.INPUT_CURSOR]
    total = ctl[S.INPUT_LENGTH]
    if ctl[S.LITERAL]:
        ctl[S.LITERAL] = 0
        if key < K.NAMED:
            insert(s, key)
    elif key < K.NAMED and key >= K.SPACE and key != K.BACKSPACE:
        insert(s, key)
    elif key == K.BACKSPACE or key == K.CTRL_H:
        if at > 0:
            erase(s, before(s, at), at)
    elif key == K.DELETE or (key == K.CTRL_D and total > 0):
        if at < total:
            erase(s, at, after(s, at))
    elif key == K.LEFT or key == K.CTRL_B:
        ctl[S.INPUT_CURSOR] = before(s, at)
    elif key == K.RIGHT or key == K.CTRL_F:
        ctl[S.INPUT_CURSOR] = after(s, at)
    elif key == K.HOME or key == K.CTRL_A:
        ctl[S.INPUT_CURSOR] = 0
    elif key == K.END or key == K.CTRL_E:
        ctl[S.INPUT_CURSOR] = total
    elif key == K.CTRL_K:
        _kill(s, at, total)
    elif key == K.CTRL_U:
        _kill(s, 0, at)
    elif key == K.CTRL_W:
        _kill(s, word_before(s, at), at)
    elif key == K.CTRL_Y:
        _put_back(s)
    elif key == K.CTRL_T:
        if at > 0 and total > 1:
            at = min(at, total - 1)
            c = s.pool[S.INPUT + at]
            s.pool[S.INPUT + at] = s.pool[S.INPUT + at - 1]
            s.pool[S.INPUT + at - 1] = c
            ctl[S.INPUT_CURSOR] = at + 1
    elif key == K.CTRL_V:
        ctl[S.LITERAL] = 1
    else:
        return False
    return True


@inner
def press_shell(s: Any, key: Any) -> Any:
    """One key at the shell's prompt."""
    ctl = s.ctl
    if not ctl[S.LITERAL]:
        if key == K.ENTER or key == K.CTRL_J:
            return S.TRAP_LINE
        if key == K.CTRL_C:
            return S.TRAP_INTERRUPT
        if key == K.CTRL_D and ctl[S.INPUT_LENGTH] == 0:
            return S.TRAP_LOGOUT
        if key == K.CTRL_L:
            return S.TRAP_CLEAR
        if key in (K.UP, K.DOWN) or key == K.CTRL_P or key == K.CTRL_N:
            ctl[S.KEY] = -1 if key == K.UP or key == K.CTRL_P else 1
            return S.TRAP_HISTORY
    if edit(s, key):
        return draw_input(s)
    return S.TRAP_NONE
