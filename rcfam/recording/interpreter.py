"""Running a script: the cursor moves, then each operation changes the frame."""

# R rows, C columns

from typing import Any

from rcfam.jit import inner
from rcfam.recording.coder import (
    BAD_PLACE,
    COLUMNS,
    CURSORS,
    ENCODING,
    FINE,
    NEW_ROW,
    OLD_ROW,
    ROWS,
    STATUS,
    TOO_MUCH_WORK,
    VISIBLE,
    WORK,
    WORK_FACTOR,
    WORK_FREE,
    exchange,
    exchange_signed,
    whole,
)
from rcfam.recording.literal_cells import read_rest
from rcfam.recording.operations import column_of, row_of, run_fill, run_put, run_scroll, run_shift
from rcfam.recording.ruler import run_ruler
from rcfam.recording.script import AT_CONSTANT, BY_ARGUMENT, BY_CONSTANT, FILL, PUT, RECOLOUR, REST, SCROLL, SHIFT, TEXT
from rcfam.recording.text import run_text


@inner
def run_cursor(coder: Any, i: int, cursor: Any) -> None:
    """Move the cursor as the script's record `i` says; when encoding, `cursor` (3,) is where it should come to be."""
    n, ops = coder.n, coder.ops
    encoding = n[ENCODING]
    for axis in range(2):
        mode = ops[i, 1 + 2 * axis]
        place = n[OLD_ROW + axis]
        if mode == BY_CONSTANT:
            place += ops[i, 2 + 2 * axis]
        elif mode == AT_CONSTANT:
            place = whole(ops[i, 2 + 2 * axis])
        else:
            wanted = whole(cursor[axis]) if encoding else 0
            if mode == BY_ARGUMENT:
                place += exchange_signed(coder, CURSORS, wanted - place)
            else:
                place = exchange(coder, CURSORS, wanted)
        if not 0 <= place <= n[ROWS + axis]:
            n[STATUS] = n[STATUS] or BAD_PLACE
            return
        n[NEW_ROW + axis] = place
    if ops[i, 5]:
        n[VISIBLE] = ops[i, 5] - 1


@inner
def run_operation(coder: Any, target: Any, rows: Any, i: int) -> None:
    """Do operation `i` on the frame; n[STATUS] tells how it went."""
    n, ops = coder.n, coder.ops
    kind = ops[i, 0]
    if kind == TEXT:
        run_text(coder, target, rows)
    elif kind == REST:
        read_rest(coder)
    else:
        row = row_of(coder, i)
        if not 0 <= row < n[ROWS]:
            n[STATUS] = BAD_PLACE
            return
        if kind == SCROLL:
            run_scroll(coder, i, row)
            return
        column = column_of(coder, i, row)
        if not 0 <= column < n[COLUMNS]:
            n[STATUS] = BAD_PLACE
            return
        if kind == PUT:
            run_put(coder, target, i, row, column)
        elif kind == SHIFT:
            run_shift(coder, i, row, column)
        elif kind in (FILL, RECOLOUR):
            run_fill(coder, target, i, row, column)
        else:
            run_ruler(coder, target, i, row, column)


@inner
def run_script(coder: Any, target: Any, rows: Any, cursor: Any, script: int) -> None:
    """Turn the frame before into the next one; when encoding, `target` and `cursor` are that frame, `rows` where to
    look.
    """
    n = coder.n
    at = coder.first[script]
    n[WORK] = 0
    run_cursor(coder, at, cursor)
    for i in range(at + 1, coder.first[script + 1]):
        if n[STATUS] != FINE:
            return
        run_operation(coder, target, rows, i)
        if n[WORK] > WORK_FACTOR * n[ROWS] * n[COLUMNS] + WORK_FREE:
            n[STATUS] = TOO_MUCH_WORK
