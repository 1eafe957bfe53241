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
    ATTRIBUTES,
    BAD_PLACE,
    BAD_SCRIPT,
    BAD_VALUE,
    COLUMNS,
    CURSORS,
    ENCODING,
    FINE,
    GLYPH_LIMIT,
    GLYPHS,
    KEY,
    MAX_OPERATIONS,
    NAMED,
    NEW_COLUMN,
    NEW_ROW,
    NUMBERS,
    OLD_COLUMN,
    OLD_ROW,
    ROWS,
    SCRIPTS,
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
from rcfam.terminal.cells import BLANK, GLYPH_BITS, GLYPH_MASK

# Operations. A record is (kind, row mode, row, column mode, column, a, b, c, d); record 0 of a script is its cursor.
CURSOR: Final = 0  # a: 0 visible as before, 1 hidden, 2 shown; b: how many operations; c: 1 if one is not a RULER
PUT: Final = 1  # one cell: a glyph source, b attribute source
SHIFT: Final = 2  # a cells to the right (negative: left) up to the end of the row b rows below
SCROLL: Final = 3  # rows from the place to a rows above the bottom, down by b (negative: up)
FILL: Final = 4  # spaces: a length source, b attribute source
RECOLOUR: Final = 5  # a length source, b attribute source
RULER: Final = 6  # a numbers with one cell between; b, c, d their sources
REST: Final = 7  # literal cells anywhere
KINDS: Final = 8

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
SPAN_GAP: Final = 2  # equal cells that do not end a literal span


@inner
def is_word(glyph: int) -> bool:
    """Letters, digits and underscore of ASCII."""
    return 97 <= glyph <= 122 or 65 <= glyph <= 90 or 48 <= glyph <= 57 or glyph == 95


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
    if kind == REST:
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
def row_of(coder: Any, i: int) -> int:
    """The row of operation `i`, not yet checked."""
    mode = coder.ops[i, 1]
    row = whole(coder.ops[i, 2])
    if mode == FROM_OLD:
        row += coder.n[OLD_ROW]
    elif mode == FROM_NEW:
        row += coder.n[NEW_ROW]
    return row


@inner
def column_of(coder: Any, i: int, row: int) -> int:
    """The column of operation `i` in `row`, not yet checked."""
    n = coder.n
    mode = coder.ops[i, 3]
    column = whole(coder.ops[i, 4])
    if mode == FROM_OLD:
        column += n[OLD_COLUMN]
    elif mode == FROM_NEW:
        column += n[NEW_COLUMN]
    elif mode == FROM_WORD:
        start = min(n[OLD_COLUMN], n[COLUMNS])
        while start > 0 and is_word(coder.cells[row * n[COLUMNS] + start - 1] & GLYPH_MASK):
            start -= 1
        column += start
        n[WORK] += min(n[OLD_COLUMN], n[COLUMNS]) - start
    return column


@inner
def attribute_at(coder: Any, source: int, row: int, column: int, wanted: int) -> int:
    """The attribute that an attribute source gives at a cell; `wanted` is the target's, when encoding."""
    n = coder.n
    place = row * n[COLUMNS] + column
    if source == ATTRIBUTE_OWN or (source == ATTRIBUTE_LEFT and column == 0):
        return whole(coder.cells[place] >> GLYPH_BITS)
    if source == ATTRIBUTE_LEFT:
        return whole(coder.cells[place - 1] >> GLYPH_BITS)
    if source >= ATTRIBUTE_CONSTANT:
        return whole(source - ATTRIBUTE_CONSTANT)
    return exchange_attribute(coder, wanted)


@inner
def exchange_attribute(coder: Any, value: int) -> int:
    """An attribute as an argument, checked."""
    value = exchange(coder, ATTRIBUTES, value)
    if value >= coder.n[ATTRIBUTE_LIMIT]:
        coder.n[STATUS] = BAD_VALUE
        return 0
    return value


@inner
def exchange_glyph(coder: Any, value: int) -> int:
    """A glyph as an argument, checked."""
    value = exchange(coder, GLYPHS, value)
    if value >= coder.n[GLYPH_LIMIT]:
        coder.n[STATUS] = BAD_VALUE
        return 0
    return value


@inner
def last_difference(coder: Any, target: Any, row: int, column: int) -> int:
    """How many cells from (row, column) to the last one in the row that differs from `target`; 0 where none does."""
    base = row * coder.n[COLUMNS]
    for c in range(coder.n[COLUMNS] - 1, column - 1, -1):
        if coder.cells[base + c] != target[row, c]:
            return c + 1 - column
    return 0


@inner
def run_put(coder: Any, target: Any, i: int, row: int, column: int) -> None:
    """PUT: one cell."""
    n, ops = coder.n, coder.ops
    encoding = n[ENCODING]
    wanted = whole(target[row, column]) if encoding else 0
    source = ops[i, 5]
    if source == GLYPH_KEY:
        glyph = n[KEY]
        if glyph >= NAMED:
            n[STATUS] = BAD_VALUE
            return
    elif source == GLYPH_ARGUMENT:
        glyph = exchange_glyph(coder, wanted & GLYPH_MASK)
    else:
        glyph = whole(source - GLYPH_CONSTANT)
    attribute = attribute_at(coder, ops[i, 6], row, column, wanted >> GLYPH_BITS)
    coder.cells[row * n[COLUMNS] + column] = attribute << GLYPH_BITS | glyph
    coder.touched[row] = 1
    n[WORK] += 1


@inner
def run_shift(coder: Any, i: int, row: int, column: int) -> None:
    """SHIFT: cells of a row (and of rows below it, as one line) move right or left; those that make room stay."""
    n, cells = coder.n, coder.cells
    by, extra = whole(coder.ops[i, 5]), whole(coder.ops[i, 6])
    start = row * n[COLUMNS] + column
    end = (row + extra + 1) * n[COLUMNS]
    if row + extra >= n[ROWS] or abs(by) > end - start:
        n[STATUS] = BAD_PLACE
        return
    if by > 0:
        for p in range(end - 1, start + by - 1, -1):
            cells[p] = cells[p - by]
    else:
        for p in range(start, end + by):
            cells[p] = cells[p - by]
    for r in range(row, row + extra + 1):
        coder.touched[r] = 1
    n[WORK] += end - start


@inner
def run_scroll(coder: Any, i: int, top: int) -> None:
    """SCROLL: rows move down or up, blank rows come in."""
    n, cells = coder.n, coder.cells
    bottom, by = n[ROWS] - coder.ops[i, 5], whole(coder.ops[i, 6])
    if not top < bottom <= n[ROWS] or abs(by) > bottom - top:
        n[STATUS] = BAD_PLACE
        return
    columns = n[COLUMNS]
    start, end, distance = top * columns, bottom * columns, by * columns
    if by > 0:
        for p in range(end - 1, start + distance - 1, -1):
            cells[p] = cells[p - distance]
        for p in range(start, start + distance):
            cells[p] = BLANK
    else:
        for p in range(start, end + distance):
            cells[p] = cells[p - distance]
        for p in range(end + distance, end):
            cells[p] = BLANK
    for row in range(top, bottom):
        coder.touched[row] = 1
    n[WORK] += end - start


@inner
def length_at(coder: Any, target: Any, source: int, row: int, column: int) -> int:
    """The length that a length source gives, checked against the row."""
    n = coder.n
    encoding = n[ENCODING]
    room = n[COLUMNS] - column
    if source == LENGTH_ROW:
        return room
    if source == LENGTH_ARGUMENT:
        length = exchange(coder, NUMBERS, last_difference(coder, target, row, column) if encoding else 0)
    elif source == LENGTH_OLD:
        length = n[OLD_COLUMN] - column
    else:
        length = whole(source - LENGTH_CONSTANT)
    if not 0 <= length <= room:
        n[STATUS] = n[STATUS] or BAD_PLACE
        return 0
    return length


@inner
def run_fill(coder: Any, target: Any, i: int, row: int, column: int) -> None:
    """FILL and RECOLOUR: a piece of a row in one attribute, with spaces or with the glyphs it has."""
    n, ops, cells = coder.n, coder.ops, coder.cells
    encoding = n[ENCODING]
    length = length_at(coder, target, ops[i, 5], row, column)
    wanted = whole(target[row, column] >> GLYPH_BITS) if encoding else 0
    high = attribute_at(coder, ops[i, 6], row, column, wanted) << GLYPH_BITS
    start = row * n[COLUMNS] + column
    if ops[i, 0] == FILL:
        for p in range(start, start + length):
            cells[p] = high | 0x20
    else:
        for p in range(start, start + length):
            cells[p] = high | whole(cells[p] & GLYPH_MASK)
    coder.touched[row] = 1
    n[WORK] += length


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


@inner
def literal(coder: Any, target: Any, row: int, column: int, length: int, recolour: bool) -> None:
    """Cells from the streams: runs of one attribute (0: as far as it goes), and unless `recolour` their glyphs."""
    n, cells = coder.n, coder.cells
    encoding = n[ENCODING]
    base = row * n[COLUMNS]
    at, end = column, column + length
    coder.touched[row] = 1
    n[WORK] += length
    while at < end:
        attribute, run = 0, 0
        if encoding:
            attribute = whole(target[row, at] >> GLYPH_BITS)
            while at + run < end and whole(target[row, at + run] >> GLYPH_BITS) == attribute:
                run += 1
            if at + run == end:
                run = 0
        attribute = exchange_attribute(coder, attribute)
        run = exchange(coder, ATTRIBUTES, run)
        if run == 0:
            run = end - at
        if run > end - at:
            n[STATUS] = BAD_VALUE
        if n[STATUS] != FINE:
            return
        for p in range(base + at, base + at + run):
            if recolour:
                glyph = whole(cells[p] & GLYPH_MASK)
            else:
                glyph = exchange_glyph(coder, whole(target[row, p - base] & GLYPH_MASK) if encoding else 0)
            cells[p] = attribute << GLYPH_BITS | glyph
        at += run


@inner
def next_span(coder: Any, target: Any, row: int, column: int) -> tuple[int, int, bool]:
    """(start, length, only colours) of the next piece of a row from `column` on that differs; length 0: none."""
    n, cells = coder.n, coder.cells
    base, columns = row * n[COLUMNS], n[COLUMNS]
    while column < columns and cells[base + column] == target[row, column]:
        column += 1
    if column == columns:
        return column, 0, False
    colours = (cells[base + column] ^ target[row, column]) & GLYPH_MASK == 0
    end = column + 1
    gap = 0
    for c in range(column + 1, columns):
        difference = cells[base + c] ^ target[row, c]
        if difference == 0:
            gap += 1
            if gap > SPAN_GAP:
                break
            continue
        if (difference & GLYPH_MASK == 0) != colours:
            if colours:
                break
            gap += 1
            if gap > SPAN_GAP:
                break
            continue
        gap = 0
        end = c + 1
    return column, end - column, colours


@inner
def run_rest(coder: Any, target: Any, rows: Any) -> None:
    """REST: spans in reading order; when encoding, all that still differs in the rows that `rows` or `touched`
    names.
    """
    n = coder.n
    encoding = n[ENCODING]
    row, column = 0, 0
    pending = 0  # rows since the last span
    while True:
        start, length, colours = 0, 0, False
        if encoding:
            while row < n[ROWS]:
                if rows[row] or coder.touched[row]:
                    start, length, colours = next_span(coder, target, row, column)
                    if length:
                        break
                row, column, pending = row + 1, 0, pending + 1
        step = exchange(coder, NUMBERS, pending + 1 if length else 0)
        if step == 0 or n[STATUS] != FINE:
            return
        if not encoding:
            if step > 1:
                column = 0
            row += step - 1
        start = column + exchange(coder, NUMBERS, start - column)
        size = exchange(coder, NUMBERS, 2 * length + (1 if colours else 0))
        length, colours = size >> 1, size & 1 == 1
        if row >= n[ROWS] or start + length > n[COLUMNS] or length == 0:
            n[STATUS] = n[STATUS] or BAD_PLACE
        if n[STATUS] != FINE:
            return
        literal(coder, target, row, start, length, colours)
        if n[STATUS] != FINE:
            return
        column = start + length
        pending = 0


@inner
def run_operation(coder: Any, target: Any, rows: Any, i: int) -> None:
    """Do operation `i` on the frame; n[STATUS] tells how it went."""
    n, ops = coder.n, coder.ops
    kind = ops[i, 0]
    if kind == REST:
        run_rest(coder, target, rows)
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
