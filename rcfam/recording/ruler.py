"""RULER: the numbers of a status line, counted on."""

# R rows, C columns

from typing import Any

from rcfam.jit import inner
from rcfam.recording.coder import (
    BAD_PLACE,
    BAD_VALUE,
    COLUMNS,
    ENCODING,
    FINE,
    NEW_COLUMN,
    NEW_ROW,
    NUMBERS,
    OLD_COLUMN,
    OLD_ROW,
    STATUS,
    WORK,
    exchange_signed,
    whole,
)
from rcfam.recording.script import (
    MAX_NUMBER,
    NUMBER_ARGUMENT,
    NUMBER_BY_COLUMNS,
    NUMBER_BY_ROWS,
    NUMBER_COLUMN,
    NUMBER_CONSTANT,
    NUMBER_SAME,
)
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK


@inner
def parse_number(cells: Any, at: int, end: int) -> tuple[int, int]:
    """(value, digits) of the decimal number that begins at `at`; no digits and more than nine are 0 digits."""
    value, digits = 0, 0
    while at + digits < end and digits < 10:
        digit = whole(cells[at + digits] & GLYPH_MASK) - 48
        if not 0 <= digit <= 9:
            break
        value = 10 * value + digit
        digits += 1
    return value, digits if digits < 10 else 0


@inner
def changed_number(coder: Any, source: int, old: int, wanted: int) -> int:
    """The number that a number source makes of `old`, or -1; `wanted` is the target's, when encoding."""
    n = coder.n
    if source == NUMBER_SAME:
        value = old
    elif source == NUMBER_COLUMN:
        value = n[NEW_COLUMN] + 1
    elif source == NUMBER_BY_COLUMNS:
        value = old + n[NEW_COLUMN] - n[OLD_COLUMN]
    elif source == NUMBER_BY_ROWS:
        value = old + n[NEW_ROW] - n[OLD_ROW]
    elif source == NUMBER_ARGUMENT:
        value = old + exchange_signed(coder, NUMBERS, wanted - old)
    else:
        folded = whole(source - NUMBER_CONSTANT)
        value = old + (-(folded + 1) // 2 if folded & 1 else folded // 2)
    return value if 0 <= value <= MAX_NUMBER else -1


@inner
def run_ruler(coder: Any, target: Any, i: int, row: int, column: int) -> None:
    """RULER: numbers with one cell between them are counted on; what follows is overwritten, or blanked."""
    n, ops, cells = coder.n, coder.ops, coder.cells
    encoding = n[ENCODING]
    base = row * n[COLUMNS]
    end = base + n[COLUMNS]
    read = write = base + column
    high = whole(cells[read] >> GLYPH_BITS) << GLYPH_BITS
    flat = target[row] if encoding else cells
    shown = column  # where the next number begins in the target
    first, second = whole(cells[base]), whole(cells[base])
    values = (0, 0, 0)
    for k in range(ops[i, 5]):
        old, digits = parse_number(cells, read, end)
        if digits == 0:
            n[STATUS] = BAD_PLACE
            return
        wanted, wanted_digits = parse_number(flat, shown, n[COLUMNS]) if encoding else (0, 0)
        value = changed_number(coder, ops[i, 6 + k], old, wanted)
        if value < 0 or n[STATUS] != FINE:
            n[STATUS] = n[STATUS] or BAD_VALUE
            return
        read += digits
        shown += wanted_digits
        if k == 0:
            values = (value, 0, 0)
        elif k == 1:
            values = (values[0], value, 0)
        else:
            values = (values[0], values[1], value)
        if k + 1 < ops[i, 5]:
            if read >= end:
                n[STATUS] = BAD_PLACE
                return
            if k == 0:
                first = whole(cells[read])
            else:
                second = whole(cells[read])
            read += 1
            shown += 1
    for k in range(ops[i, 5]):
        write = write_number(cells, values[k], high, write, end)
        if write < 0:
            n[STATUS] = BAD_PLACE
            return
        if k + 1 < ops[i, 5]:
            if write >= end:
                n[STATUS] = BAD_PLACE
                return
            cells[write] = first if k == 0 else second
            write += 1
    for p in range(write, read):
        cells[p] = high | 0x20
    coder.touched[row] = 1
    n[WORK] += 32


@inner
def write_number(cells: Any, value: int, high: int, at: int, end: int) -> int:
    """Write decimal digits in attribute bits `high`; returns the place after them, or -1 where they do not fit."""
    digits, ten = 1, 10
    while value >= ten:
        digits += 1
        ten *= 10
    if at + digits > end:
        return -1
    for p in range(at + digits - 1, at - 1, -1):
        cells[p] = high | (48 + value % 10)
        value //= 10
    return at + digits
