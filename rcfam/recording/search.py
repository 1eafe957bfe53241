"""The search for the script that makes one frame from another: what happened, in the words of `script.py`.

Any script that leads to the target is right; a good one says the same thing each time the same thing happens. Every
operation is run as soon as it is found, so that the next step sees only what is still different.
"""

# R rows, C columns

from typing import Any, Final

import numpy as np

from rcfam.jit import kernel
from rcfam.recording.coder import (
    COLUMNS,
    COUNT,
    FIELDS,
    FINE,
    KEY,
    NAMED,
    NEW_COLUMN,
    NEW_ROW,
    OLD_COLUMN,
    OLD_ROW,
    ROWS,
    STATUS,
    VISIBLE,
    whole,
)
from rcfam.recording.script import (
    AT_ARGUMENT,
    AT_CONSTANT,
    ATTRIBUTE_CONSTANT,
    ATTRIBUTE_LEFT,
    ATTRIBUTE_OWN,
    BY_ARGUMENT,
    BY_CONSTANT,
    FILL,
    FROM_EDGE,
    FROM_NEW,
    FROM_OLD,
    FROM_WORD,
    GLYPH_CONSTANT,
    GLYPH_KEY,
    LENGTH_CONSTANT,
    LENGTH_OLD,
    LENGTH_ROW,
    NUMBER_ARGUMENT,
    NUMBER_BY_COLUMNS,
    NUMBER_BY_ROWS,
    NUMBER_COLUMN,
    NUMBER_CONSTANT,
    NUMBER_SAME,
    PUT,
    RECOLOUR,
    REST,
    RULER,
    SCROLL,
    SHIFT,
    is_word,
    parse_number,
    run_cursor,
    run_operation,
)
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK

NEAR: Final = 8  # columns from a cursor within which a place is named relative to it
MOST_SHIFT: Final = 24
SHORT: Final = 16
STEPS: Final = 3  # operations looked for in one row after shift and key


@kernel
def build(coder: Any, hashes: Any, target: Any, rows: Any, cursor: Any) -> int:
    """Write records after the last script and run them; returns how many. `rows` (R,) may differ, others do not."""
    n, ops = coder.n, coder.ops
    at = coder.first[n[COUNT]]
    build_cursor(coder, at, cursor)
    changed = 0
    for row in range(n[ROWS]):
        if rows[row] and first_difference(coder, target, row, 0) < n[COLUMNS]:
            changed += 1
    if changed >= 2 and n[STATUS] == FINE:
        build_scroll(coder, hashes, target, rows, at)
    edits = 0
    for row in range(n[ROWS]):
        if n[STATUS] != FINE or ops[at, 6] > 12:
            break
        if (rows[row] or coder.touched[row]) and first_difference(coder, target, row, 0) < n[COLUMNS]:
            build_row(coder, target, rows, at, row)
    left = False
    for row in range(n[ROWS]):
        if (rows[row] or coder.touched[row]) and first_difference(coder, target, row, 0) < n[COLUMNS]:
            left = True
    if left and n[STATUS] == FINE:
        add(coder, target, rows, at, REST, 0, 0, 0, 0, 0, 0)
    for i in range(at + 1, at + 1 + ops[at, 6]):
        if ops[i, 0] != RULER:
            edits = 1
    ops[at, 7] = edits
    return ops[at, 6] + 1


@kernel
def build_cursor(coder: Any, at: int, cursor: Any) -> None:
    """The script's first record, and the move itself."""
    n, ops = coder.n, coder.ops
    for field in range(FIELDS):
        ops[at, field] = 0
    down, right = cursor[0] - n[OLD_ROW], cursor[1] - n[OLD_COLUMN]
    if abs(down) <= 1:
        ops[at, 1], ops[at, 2] = BY_CONSTANT, down
    else:
        ops[at, 1] = BY_ARGUMENT
    if abs(right) <= 2:
        ops[at, 3], ops[at, 4] = BY_CONSTANT, right
    elif cursor[1] == 0:
        ops[at, 3] = AT_CONSTANT
    elif down == 0:
        ops[at, 3] = BY_ARGUMENT
    else:
        ops[at, 3] = AT_ARGUMENT
    if cursor[2] != n[VISIBLE]:
        ops[at, 5] = 1 + cursor[2]
    run_cursor(coder, True, at, cursor)


@kernel
def add(
    coder: Any, target: Any, rows: Any, at: int, kind: int, rm: int, row: int, cm: int, column: int, a: int, b: int
) -> None:
    """One more operation for the script whose records begin at `at`, and run it."""
    ops = coder.ops
    ops[at, 6] += 1
    i = at + ops[at, 6]
    ops[i, 0], ops[i, 1], ops[i, 2], ops[i, 3], ops[i, 4] = kind, rm, row, cm, column
    ops[i, 5], ops[i, 6] = a, b
    if kind != RULER:
        ops[i, 7], ops[i, 8] = 0, 0
    run_operation(coder, True, target, rows, i)


@kernel
def row_place(coder: Any, row: int) -> tuple[int, int]:
    """How a script should name a row: (mode, value)."""
    n = coder.n
    if row == n[OLD_ROW]:
        return FROM_OLD, 0
    if abs(row - n[NEW_ROW]) <= 1 and row > 0:
        return FROM_NEW, row - n[NEW_ROW]
    return FROM_EDGE, row


@kernel
def column_place(coder: Any, row: int, column: int) -> tuple[int, int]:
    """How a script should name a column: (mode, value)."""
    n = coder.n
    old, new = column - n[OLD_COLUMN], column - n[NEW_COLUMN]
    if row == n[OLD_ROW] and abs(old) <= NEAR and (abs(old) <= abs(new) or row != n[NEW_ROW]):
        return FROM_OLD, old
    if row == n[NEW_ROW] and abs(new) <= NEAR:
        return FROM_NEW, new
    return FROM_EDGE, column


@kernel
def first_difference(coder: Any, target: Any, row: int, column: int) -> int:
    """The first column from `column` on where the frame differs from the target; C where it does not."""
    columns = coder.n[COLUMNS]
    base = row * columns
    while column < columns and coder.cells[base + column] == target[row, column]:
        column += 1
    return column


@kernel
def end_difference(coder: Any, target: Any, row: int) -> int:
    """One past the last column where the frame differs from the target; 0 where it does not."""
    end = coder.n[COLUMNS]
    base = row * end
    while end > 0 and coder.cells[base + end - 1] == target[row, end - 1]:
        end -= 1
    return end


@kernel
def hash_row(line: Any) -> np.uint64:
    """A hash of one row's cells; 0 for a row of equal cells."""
    hashed = np.uint64(14695981039346656037)
    same = np.uint32(0)
    for c in range(len(line)):
        hashed = (hashed ^ np.uint64(line[c])) * np.uint64(1099511628211)
        hashed ^= hashed >> np.uint64(31)
        same |= line[c] ^ line[0]
    return hashed if same else np.uint64(0)


@kernel
def build_scroll(coder: Any, hashes: Any, target: Any, rows: Any, at: int) -> None:
    """Look for a block of rows that moved up or down, and say so."""
    n = coder.n
    count, columns = n[ROWS], n[COLUMNS]
    for row in range(count):
        hashes[0, row] = hash_row(coder.cells[row * columns : (row + 1) * columns])
        hashes[1, row] = hash_row(target[row]) if rows[row] else hashes[0, row]
    best, best_votes = 0, 0
    for size in range(1, count):
        for by in (size, -size):
            votes = 0
            for row in range(max(0, by), min(count, count + by)):
                moved = hashes[1, row] == hashes[0, row - by] and hashes[1, row] != hashes[0, row]
                votes += moved and hashes[1, row] != 0
            if votes > best_votes:
                best, best_votes = by, votes
    if best_votes == 0:
        return
    top, bottom, gain = longest_block(hashes, best, count)
    if gain == 0 or 2 * gain < abs(best):
        return
    start, end = min(top, top - best), max(bottom, bottom - best)
    mode, place = FROM_EDGE, start
    if start > 0 and abs(start - n[NEW_ROW]) <= 1:
        mode, place = FROM_NEW, start - n[NEW_ROW]
    add(coder, target, rows, at, SCROLL, mode, place, FROM_EDGE, 0, count - end, best)


@kernel
def longest_block(hashes: Any, by: int, count: int) -> tuple[int, int, int]:
    """(first row, end row, rows that really changed) of the best run of target rows that equal rows `by` above them."""
    best_top, best_end, best_gain = 0, 0, 0
    top, gain = -1, 0
    for row in range(max(0, by), min(count, count + by) + 1):
        inside = row < min(count, count + by) and hashes[1, row] == hashes[0, row - by]
        if inside:
            if top < 0:
                top, gain = row, 0
            if hashes[1, row] != hashes[0, row]:
                gain += 1
        if not inside and top >= 0:
            if gain > best_gain:
                best_top, best_end, best_gain = top, row, gain
            top = -1
    return best_top, best_end, best_gain


@kernel
def build_row(coder: Any, target: Any, rows: Any, at: int, row: int) -> None:
    """Say what happened in one row, as far as it has a name."""
    n, ops = coder.n, coder.ops
    near = row == n[OLD_ROW] or row == n[NEW_ROW]
    if near:
        build_shift(coder, target, rows, at, row)
        if row == n[OLD_ROW]:
            build_key(coder, target, rows, at)
    for _ in range(STEPS):
        start = first_difference(coder, target, row, 0)
        if start == n[COLUMNS] or n[STATUS] != FINE:
            return
        before = ops[at, 6]
        if not near:
            build_ruler(coder, target, rows, at, row, start)
        if ops[at, 6] == before and near:
            build_uniform(coder, target, rows, at, row, start)
        if ops[at, 6] == before:
            return


@kernel
def shift_misses(coder: Any, target: Any, row: int, start: int, by: int) -> int:
    """How many glyphs would still differ right of `start` after a shift; those that make room do not count."""
    columns = coder.n[COLUMNS]
    base = row * columns
    misses = 0
    for c in range(max(start, start + by), min(columns, columns + by)):
        misses += (coder.cells[base + c - by] ^ target[row, c]) & GLYPH_MASK != 0
    for c in range(columns + by, columns):
        misses += (coder.cells[base + c] ^ target[row, c]) & GLYPH_MASK != 0
    return misses


@kernel
def build_shift(coder: Any, target: Any, rows: Any, at: int, row: int) -> None:
    """Look for cells of a row that moved left or right."""
    n = coder.n
    columns = n[COLUMNS]
    first = first_difference(coder, target, row, 0)
    start = first
    if row == n[OLD_ROW] and n[OLD_COLUMN] < start:
        start = n[OLD_COLUMN]
    if row == n[NEW_ROW] and n[NEW_COLUMN] < start:
        start = n[NEW_COLUMN]
    base = row * columns
    misses = 0
    for c in range(start, columns):
        misses += (coder.cells[base + c] ^ target[row, c]) & GLYPH_MASK != 0
    best, best_misses = 0, misses - 1
    for size in range(1, min(MOST_SHIFT, columns - start)):
        for by in (size, -size):
            cost = shift_misses(coder, target, row, start, by) + (by if by > 0 else 0)
            if cost < best_misses:
                best, best_misses = by, cost
    if best:
        mode, place = row_place(coder, row)
        column_mode, column = column_place(coder, row, start)
        add(coder, target, rows, at, SHIFT, mode, place, column_mode, column, best, 0)


@kernel
def build_key(coder: Any, target: Any, rows: Any, at: int) -> None:
    """Did the key appear where the cursor was?"""
    n = coder.n
    row, column = n[OLD_ROW], n[OLD_COLUMN]
    if column >= n[COLUMNS] or n[KEY] >= NAMED or n[KEY] != target[row, column] & GLYPH_MASK:
        return
    cell = coder.cells[row * n[COLUMNS] + column]
    if cell == target[row, column]:
        return
    attribute = whole(target[row, column] >> GLYPH_BITS)
    source = attribute + ATTRIBUTE_CONSTANT
    if column > 0 and whole(coder.cells[row * n[COLUMNS] + column - 1] >> GLYPH_BITS) == attribute:
        source = ATTRIBUTE_LEFT
    elif whole(cell >> GLYPH_BITS) == attribute:
        source = ATTRIBUTE_OWN
    add(coder, target, rows, at, PUT, FROM_OLD, 0, FROM_OLD, 0, GLYPH_KEY, source)


@kernel
def build_uniform(coder: Any, target: Any, rows: Any, at: int, row: int, start: int) -> None:
    """A piece that became blank, or another colour, or one cell near the cursor that became another."""
    n = coder.n
    columns = n[COLUMNS]
    end = end_difference(coder, target, row)
    mode, place = row_place(coder, row)
    column_mode, column = column_place(coder, row, start)
    cell = target[row, start]
    attribute = whole(cell >> GLYPH_BITS)
    uniform = start
    while uniform < columns and target[row, uniform] == cell:
        uniform += 1
    if cell & GLYPH_MASK == 0x20 and (uniform == columns or uniform >= end):
        length = LENGTH_ROW if uniform == columns else LENGTH_CONSTANT + end - start
        add(coder, target, rows, at, FILL, mode, place, column_mode, column, length, ATTRIBUTE_CONSTANT + attribute)
        return
    run = start
    base = row * columns
    while run < end and (coder.cells[base + run] ^ target[row, run]) & GLYPH_MASK == 0:
        if whole(target[row, run] >> GLYPH_BITS) != attribute or coder.cells[base + run] == target[row, run]:
            break
        run += 1
    if run > start and (run - start <= SHORT or run == n[OLD_COLUMN]) and column_mode != FROM_EDGE:
        word = min(n[OLD_COLUMN], columns)
        while word > 0 and is_word(coder.cells[base + word - 1] & GLYPH_MASK):
            word -= 1
        if row == n[OLD_ROW] and word == start:
            column_mode, column = FROM_WORD, 0
        length = LENGTH_OLD if run == n[OLD_COLUMN] else LENGTH_CONSTANT + run - start
        add(coder, target, rows, at, RECOLOUR, mode, place, column_mode, column, length, ATTRIBUTE_CONSTANT + attribute)
        return
    if end == start + 1 and column_mode != FROM_EDGE and cell & GLYPH_MASK < 128:
        source = ATTRIBUTE_CONSTANT + attribute
        if whole(coder.cells[base + start] >> GLYPH_BITS) == attribute:
            source = ATTRIBUTE_OWN
        glyph = GLYPH_CONSTANT + whole(cell & GLYPH_MASK)
        add(coder, target, rows, at, PUT, mode, place, column_mode, column, glyph, source)


@kernel
def is_digit(cell: int) -> bool:
    """Is the cell's glyph a decimal digit?"""
    return 48 <= cell & GLYPH_MASK <= 57


@kernel
def build_ruler(coder: Any, target: Any, rows: Any, at: int, row: int, start: int) -> None:
    """Look for numbers that counted on around column `start`: one, or two and three with a cell between."""
    n, ops, cells = coder.n, coder.ops, coder.cells
    columns = n[COLUMNS]
    base = row * columns
    line = target[row]
    while start > 0 and (is_digit(cells[base + start - 1]) or (start > 1 and joins(cells, base + start - 1))):
        start -= 1
    i = at + ops[at, 6] + 1
    read, shown, count = base + start, start, 0
    for k in range(3):
        old, digits = parse_number(cells, read, base + columns)
        new, new_digits = parse_number(line, shown, columns)
        if digits == 0 or new_digits == 0:
            break
        ops[i, 6 + k] = number_source(coder, old, new)
        count += 1
        read, shown = read + digits, shown + new_digits
        if read + 1 >= base + columns or shown + 1 >= columns or cells[read] != line[shown] or not joins(cells, read):
            break
        read, shown = read + 1, shown + 1
    if count == 0:
        return
    for k in range(count, 3):
        ops[i, 6 + k] = 0
    end = max(read - base, shown)
    for c in range(shown, min(end, columns)):
        if line[c] & GLYPH_MASK != 0x20:
            return
    if not would_write(coder, line, row, start, shown):
        return
    mode, place = row_place(coder, row)
    add(coder, target, rows, at, RULER, mode, place, FROM_EDGE, start, count, ops[i, 6])


@kernel
def joins(cells: Any, place: int) -> bool:
    """Is the cell a comma or a dash right behind a digit?"""
    glyph = cells[place] & GLYPH_MASK
    return (glyph == 44 or glyph == 45) and place > 0 and is_digit(cells[place - 1])


@kernel
def would_write(coder: Any, line: Any, row: int, start: int, end: int) -> bool:
    """Does the target's ruler have no leading zeros and only the first cell's attribute?"""
    high = coder.cells[row * coder.n[COLUMNS] + start] >> GLYPH_BITS
    for c in range(start, end):
        if is_digit(line[c]):
            if line[c] >> GLYPH_BITS != high:
                return False
            leading = c == start or not is_digit(line[c - 1])
            if leading and line[c] & GLYPH_MASK == 48 and c + 1 < end and is_digit(line[c + 1]):
                return False
    return True


@kernel
def number_source(coder: Any, old: int, new: int) -> int:
    """The source that says best how a number changed."""
    n = coder.n
    right, down = n[NEW_COLUMN] - n[OLD_COLUMN], n[NEW_ROW] - n[OLD_ROW]
    if new == n[NEW_COLUMN] + 1 and (right or new != old):
        return NUMBER_COLUMN
    if new == old:
        return NUMBER_SAME
    if right and new == old + right:
        return NUMBER_BY_COLUMNS
    if down and new == old + down:
        return NUMBER_BY_ROWS
    if new == old + 1:
        return NUMBER_CONSTANT + 2
    if new == old - 1:
        return NUMBER_CONSTANT + 1
    return NUMBER_ARGUMENT
