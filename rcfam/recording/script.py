"""Scripts: what changes from one frame to the next, as a short list of operations relative to cursor and key.

The same edit at another place with another key is the same script, so a chunk needs few scripts, and which one
comes next
can be guessed (`predict.py`). What a script leaves open (a literal cell, a length) comes from the streams as an
argument.
"""

# R rows, C columns

from typing import Any, Final

from rcfam.jit import inner
from rcfam.recording.coder import (
    ATTRIBUTE_LIMIT,
    BAD_SCRIPT,
    BAD_VALUE,
    FINE,
    GLYPH_LIMIT,
    MAX_OPERATIONS,
    SCRIPTS,
    STATUS,
    exchange,
    exchange_signed,
)

# Operations. A record is (kind, row mode, row, column mode, column, a, b, c, d); record 0 of a script is its cursor.
CURSOR: Final = 0  # a: 0 visible as before, 1 hidden, 2 shown; b: how many operations; c: 1 if one is not a RULER
PUT: Final = 1  # one cell: a glyph source, b attribute source
SHIFT: Final = 2  # a cells to the right (negative: left) up to the end of the row b rows below
SCROLL: Final = 3  # rows from the place to a rows above the bottom, down by b (negative: up)
FILL: Final = 4  # spaces: a length source, b attribute source
RECOLOUR: Final = 5  # a length source, b attribute source
RULER: Final = 6  # a numbers with one cell between; b, c, d their sources
REST: Final = 7  # literal cells anywhere, in recordings from before TEXT
TEXT: Final = 8  # all that is still different, as text
KINDS: Final = 9

# Row and column modes of an operation
FROM_OLD: Final = 0
FROM_NEW: Final = 1
FROM_EDGE: Final = 2
FROM_WORD: Final = 3  # columns only: where the word that ends at the old cursor begins

# Row and column modes of the cursor
BY_CONSTANT: Final = 0
AT_CONSTANT: Final = 1
BY_ARGUMENT: Final = 2
AT_ARGUMENT: Final = 3

GLYPH_KEY: Final = 0
GLYPH_ARGUMENT: Final = 1
GLYPH_CONSTANT: Final = 2
ATTRIBUTE_OWN: Final = 0
ATTRIBUTE_LEFT: Final = 1
ATTRIBUTE_ARGUMENT: Final = 2
ATTRIBUTE_CONSTANT: Final = 3
LENGTH_ROW: Final = 0
LENGTH_ARGUMENT: Final = 1
LENGTH_OLD: Final = 2  # up to the old cursor
LENGTH_CONSTANT: Final = 3
NUMBER_SAME: Final = 0
NUMBER_COLUMN: Final = 1  # the new cursor's column, counted from 1
NUMBER_BY_COLUMNS: Final = 2  # plus the columns the cursor moved
NUMBER_BY_ROWS: Final = 3
NUMBER_ARGUMENT: Final = 4
NUMBER_CONSTANT: Final = 5  # 5 + folded: plus a constant
MAX_NUMBER: Final = 999_999_999
MAX_CONSTANT: Final = 1 << 22


@inner
def exchange_script(coder: Any, at: int, room: int) -> int:
    """Write the script whose records begin at `at`, or read one to there; returns its number of records, 0 on a
    fault.
    """
    n, ops = coder.n, coder.ops
    if room < 1:
        n[STATUS] = BAD_SCRIPT
        return 0
    head = exchange(coder, SCRIPTS, ops[at, 1] | ops[at, 3] << 2 | ops[at, 5] << 4)
    count = exchange(coder, SCRIPTS, ops[at, 6])
    if n[STATUS] != FINE or head > 0x2F or count > MAX_OPERATIONS or count + 1 > room:
        n[STATUS] = n[STATUS] or BAD_SCRIPT
        return 0
    ops[at, 0] = CURSOR
    ops[at, 1] = head & 3
    ops[at, 3] = head >> 2 & 3
    ops[at, 5] = head >> 4
    ops[at, 6] = count
    ops[at, 2] = exchange_signed(coder, SCRIPTS, ops[at, 2]) if ops[at, 1] < BY_ARGUMENT else 0
    ops[at, 4] = exchange_signed(coder, SCRIPTS, ops[at, 4]) if ops[at, 3] < BY_ARGUMENT else 0
    if abs(ops[at, 2]) > MAX_CONSTANT or abs(ops[at, 4]) > MAX_CONSTANT:
        n[STATUS] = BAD_SCRIPT
    edits = 0
    for i in range(at + 1, at + 1 + count):
        exchange_operation(coder, i)
        if n[STATUS] != FINE:
            return 0
        if ops[i, 0] != RULER:
            edits = 1
    ops[at, 7] = edits
    return count + 1


@inner
def exchange_operation(coder: Any, i: int) -> None:
    """Write or read one operation's record, and check all of it that does not depend on the frame."""
    n, ops = coder.n, coder.ops
    head = exchange(coder, SCRIPTS, ops[i, 0] | ops[i, 1] << 4 | ops[i, 3] << 6)
    kind = head & 15
    if head > 255 or kind == CURSOR or kind >= KINDS or (head >> 4 & 3) == FROM_WORD:
        n[STATUS] = n[STATUS] or BAD_SCRIPT
        return
    ops[i, 0] = kind
    ops[i, 1] = head >> 4 & 3
    ops[i, 3] = head >> 6
    operands = 2
    if kind == RULER:
        operands = 1
    if kind in (REST, TEXT):
        operands = 0
    else:
        for field in (2, 4):
            value = exchange_signed(coder, SCRIPTS, ops[i, field])
            if abs(value) > MAX_CONSTANT:
                n[STATUS] = BAD_SCRIPT
            else:
                ops[i, field] = value
    for field in range(5, 5 + operands):
        exchange_operand(coder, i, field)
    if kind == RULER and n[STATUS] == FINE:
        if not 1 <= ops[i, 5] <= 3:
            n[STATUS] = BAD_SCRIPT
            return
        for field in range(6, 6 + ops[i, 5]):
            exchange_operand(coder, i, field)
    if n[STATUS] == FINE and kind in (PUT, FILL, RECOLOUR):
        if ops[i, 6] - ATTRIBUTE_CONSTANT >= n[ATTRIBUTE_LIMIT]:
            n[STATUS] = BAD_VALUE
        if kind == PUT and ops[i, 5] - GLYPH_CONSTANT >= n[GLYPH_LIMIT]:
            n[STATUS] = BAD_VALUE


@inner
def exchange_operand(coder: Any, i: int, field: int) -> None:
    """One of the operands a .. d; SHIFT's a and SCROLL's b have a sign."""
    ops = coder.ops
    kind = ops[i, 0]
    if (kind == SHIFT and field == 5) or (kind == SCROLL and field == 6):
        value = exchange_signed(coder, SCRIPTS, ops[i, field])
    else:
        value = exchange(coder, SCRIPTS, ops[i, field])
    if abs(value) > MAX_CONSTANT:
        coder.n[STATUS] = BAD_SCRIPT
    else:
        ops[i, field] = value
