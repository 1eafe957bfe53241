"""Motions by words: w b e ge and their like, as vim's search.c and normal.c decide them."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import positions, text
from rcfam.terminal.editor.positions import previous


@inner
def words(s: Any, key: Any, count: Any) -> Any:
    """w b e W B E, with what vim makes of dw and cw at a line's end."""
    ctl = s.ctl
    big = key < K.a
    key |= K.CASE_BIT
    if key == K.b:
        return S.EXCLUSIVE if word_backward(s, count, big) else as_far(s)
    if (
        key == K.w
        and ctl[S.OPERATOR] == S.OP_CHANGE
        and text.length(s, ctl[S.TO_LINE]) > 0
        and positions.class_here(s, big) != positions.BLANK
    ):
        word_end(s, count, big, True, False)
        return S.INCLUSIVE
    if key == K.e:
        moved = word_end(s, count, big, False, False)
        _back_from_end(s)
        return S.INCLUSIVE if moved or ctl[S.OPERATOR] != 0 or ctl[S.TO_COLUMN] != ctl[S.COLUMN] else S.FAILED
    moved = word_forward(s, count, big, ctl[S.OPERATOR] != 0)
    if ctl[S.OPERATOR] == 0:
        same = ctl[S.TO_LINE] == ctl[S.LINE] and ctl[S.TO_COLUMN] == ctl[S.COLUMN]
        _back_from_end(s)
        if not moved and (same or (ctl[S.TO_LINE] == ctl[S.LINE] and ctl[S.TO_COLUMN] == ctl[S.COLUMN])):
            return S.FAILED
        return S.EXCLUSIVE
    return S.EXCLUSIVE


@inner
def word_forward(s: Any, count: Any, big: bool, stop_at_end: bool) -> bool:
    ctl = s.ctl
    while count > 0:
        count -= 1
        kind = positions.class_here(s, big)
        last_line = ctl[S.TO_LINE] == ctl[S.LINES] - 1
        i = positions.forward(s)
        if i == -1 or (i >= 1 and last_line):
            return False
        if i >= 1 and stop_at_end and count == 0:
            return True
        if kind != positions.BLANK:
            while positions.class_here(s, big) == kind:
                i = positions.forward(s)
                if i == -1 or (i >= 1 and stop_at_end and count == 0):
                    return True
        while positions.class_here(s, big) == positions.BLANK:
            if positions.on_empty_line(s):
                break
            i = positions.forward(s)
            if i == -1 or (i >= 1 and last_line):
                return True
    return True


@inner
def word_backward(s: Any, count: Any, big: bool) -> bool:
    while count > 0:
        count -= 1
        if positions.backward(s) == -1:
            return False
        empty = False
        while positions.class_here(s, big) == positions.BLANK:
            if positions.on_empty_line(s):
                empty = True
                break
            if positions.backward(s) == -1:
                return True
        if empty:
            continue
        kind = positions.class_here(s, big)
        while positions.class_here(s, big) == kind:
            if positions.backward(s) == -1:
                return True
        positions.forward(s)
    return True


@inner
def word_end(s: Any, count: Any, big: bool, stop: bool, stop_on_empty: bool) -> bool:
    while count > 0:
        count -= 1
        kind = positions.class_here(s, big)
        if positions.forward(s) == -1:
            return False
        if positions.class_here(s, big) == kind and kind != positions.BLANK:
            while positions.class_here(s, big) == kind:
                if positions.forward(s) == -1:
                    return False
        elif not stop or kind == positions.BLANK:
            empty = False
            while positions.class_here(s, big) == positions.BLANK:
                if stop_on_empty and positions.on_empty_line(s):
                    empty = True
                    break
                if positions.forward(s) == -1:
                    return False
            if empty:
                stop = False
                continue
            kind = positions.class_here(s, big)
            while positions.class_here(s, big) == kind:
                if positions.forward(s) == -1:
                    return False
        positions.backward(s)
        stop = False
    return True


@inner
def word_end_backward(s: Any, count: Any, big: bool) -> bool:
    """ge: back to the end of the word before."""
    while count > 0:
        count -= 1
        kind = positions.class_here(s, big)
        if positions.backward(s) == -1:
            return False
        if kind != positions.BLANK:
            while positions.class_here(s, big) == kind:
                if positions.backward(s) == -1:
                    return True
        while positions.class_here(s, big) == positions.BLANK:
            if positions.on_empty_line(s):
                break
            if positions.backward(s) == -1:
                return True
    return True


@inner
def as_far(s: Any) -> Any:
    """A motion back that met the text's start: the cursor goes as far as it came, an operator is given up."""
    ctl = s.ctl
    ctl[S.LINE] = ctl[S.TO_LINE]
    ctl[S.COLUMN] = ctl[S.TO_COLUMN]
    ctl[S.WANT] = S.HERE
    return S.FAILED


@inner
def _back_from_end(s: Any) -> None:
    """The cursor never rests past a line's last character."""
    ctl = s.ctl
    total = text.length(s, ctl[S.TO_LINE])
    if ctl[S.TO_COLUMN] >= total and total > 0:
        ctl[S.TO_COLUMN] = previous(s, ctl[S.TO_LINE], total)
