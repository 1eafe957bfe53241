"""The search for the script that makes one frame from another: what happened, in the words of `script.py`.

Any script that leads to the target is right; a good one says the same thing each time the same thing happens. Every
operation is run as soon as it is found, so that the next step sees only what is still different.
"""

# R rows, C columns

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
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
from rcfam.recording.interpreter import run_cursor, run_operation
from rcfam.recording.operations import is_word
from rcfam.recording.ruler import parse_number
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
    RULER,
    SCROLL,
    SHIFT,
    TEXT,
)
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK

NEAR: Final = 8  # columns from a cursor within which a place is named relative to it
MOST_SHIFT: Final = 24
SHORT: Final = 16
FIRST_STEPS: Final = 2  # in a row with the cursor: shift, key
STEPS: Final = 3  # operations looked for in one row after those
MOST_FOUND: Final = 12


@inner
def build(coder: Any, hashes: Any, target: Any, rows: Any, cursor: Any) -> int:
    """Write records after the last script and run them; returns how many. `rows` (R,) may differ, others do not."""
    n, ops = coder.n, coder.ops
    at = coder.first[n[COUNT]]
    start_script(coder, at, cursor)
    row, step = whole(-1), whole(0)
    left = 0  # rows that differ still when all was tried
    while n[STATUS] == FINE and row <= n[ROWS]:
        i = at + ops[at, 6] + 1
        for field in range(FIELDS):
            ops[i, field] = 0
        if row < 0:
            found = propose_scroll(coder, hashes, target, rows, i)
            row += 1
        elif row == n[ROWS]:
            found = left > 0
            ops[i, 0] = TEXT
            row += 1
        elif (rows[row] or coder.touched[row]) and first_difference(coder, target, row, 0) < n[COLUMNS]:
            found = ops[at, 6] < MOST_FOUND and propose_in_row(coder, target, i, row, step)
            step += 1
            if not found and step >= FIRST_STEPS:
                left += 1
                row, step = row + 1, whole(0)
        else:
            row, step, found = row + 1, whole(0), False
        if found:
            ops[at, 6] += 1
            if ops[i, 0] != RULER:
                ops[at, 7] = 1
            run_operation(coder, target, rows, i)
    return ops[at, 6] + 1


@inner
def write(coder: Any, i: int, kind: int, rm: int, row: int, cm: int, column: int, a: int, b: int) -> bool:
    """Fill in record `i`."""
    ops = coder.ops
    ops[i, 0], ops[i, 1], ops[i, 2], ops[i, 3], ops[i, 4], ops[i, 5], ops[i, 6] = kind, rm, row, cm, column, a, b
    return True


@inner
def start_script(coder: Any, at: int, cursor: Any) -> None:
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
    run_cursor(coder, at, cursor)


@inner
def row_place(coder: Any, row: int) -> tuple[int, int]:
    """How a script should name a row: (mode, value)."""
    n = coder.n
    if row == n[OLD_ROW]:
        return FROM_OLD, 0
    if abs(row - n[NEW_ROW]) <= 1 and row > 0:
        return FROM_NEW, row - n[NEW_ROW]
    return FROM_EDGE, row


@inner
def column_place(coder: Any, row: int, column: int) -> tuple[int, int]:
    """How a script should name a column: (mode, value)."""
    n = coder.n
    old, new = column - n[OLD_COLUMN], column - n[NEW_COLUMN]
    if row == n[OLD_ROW] and abs(old) <= NEAR and (abs(old) <= abs(new) or row != n[NEW_ROW]):
        return FROM_OLD, old
    if row == n[NEW_ROW] and abs(new) <= NEAR:
        return FROM_NEW, new
    return FROM_EDGE, column


@inner
def first_difference(coder: Any, target: Any, row: int, column: int) -> int:
    """The first column from `column` on where the frame differs from the target; C where it does not."""
    columns = coder.n[COLUMNS]
    base = row * columns
    while column < columns and coder.cells[base + column] == target[row, column]:
        column += 1
    return column


@inner
def end_difference(coder: Any, target: Any, row: int) -> int:
    """One past the last column where the frame differs from the target; 0 where it does not."""
    end = coder.n[COLUMNS]
    base = row * end
    while end > 0 and coder.cells[base + end - 1] == target[row, end - 1]:
        end -= 1
    return end


@inner
def hash_row(line: Any) -> np.uint64:
    """A hash of one row's cells; 0 for a row of equal cells. A weighted sum: compiled to vector instructions."""
    hashed = np.uint64(0)
    same = np.uint32(0)
    for c in range(len(line)):
        hashed += np.uint64(line[c]) * (np.uint64(2 * c + 1) * np.uint64(0x9E3779B97F4A7C15))
        same |= line[c] ^ line[0]
    return hashed if same else np.uint64(0)


@inner
def any_row_moved(coder: Any, target: Any, rows: Any) -> bool:
    """Does a row of the target, not of equal cells, equal another row of the frame than its own?"""
    n = coder.n
    columns = n[COLUMNS]
    for row in range(n[ROWS]):
        if not rows[row] or first_difference(coder, target, row, 0) == columns:
            continue
        for other in range(n[ROWS]):
            base = other * columns
            column = whole(0)
            while column < columns and coder.cells[base + column] == target[row, column]:
                column += 1
            if column == columns and hash_row(target[row]) != 0:
                return True
    return False


@inner
def propose_scroll(coder: Any, hashes: Any, target: Any, rows: Any, i: int) -> bool:
    """Look for a block of rows that moved up or down."""
    n = coder.n
    count, columns = n[ROWS], n[COLUMNS]
    changed = 0
    for row in range(count):
        changed += rows[row] and first_difference(coder, target, row, 0) < columns
    if changed < 2 or not any_row_moved(coder, target, rows):
        return False
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
        return False
    top, bottom, gain = longest_block(hashes, best, count)
    if gain == 0 or 2 * gain < abs(best):
        return False
    start, end = min(top, top - best), max(bottom, bottom - best)
    mode, place = FROM_EDGE, start
    if start > 0 and abs(start - n[NEW_ROW]) <= 1:
        mode, place = FROM_NEW, start - n[NEW_ROW]
    return write(coder, i, SCROLL, mode, place, FROM_EDGE, 0, count - end, best)


@inner
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


@inner
def propose_in_row(coder: Any, target: Any, i: int, row: int, step: int) -> bool:
    """Write to record `i` what happened in one row that differs, if it has a name; `step` counts the tries."""
    n = coder.n
    if row != n[OLD_ROW] and row != n[NEW_ROW]:
        return step < STEPS and propose_ruler(coder, target, i, row)
    if step == 0:
        return propose_shift(coder, target, i, row)
    if step == 1:
        return row == n[OLD_ROW] and propose_key(coder, target, i)
    return step < FIRST_STEPS + STEPS and propose_uniform(coder, target, i, row)


@inner
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


@inner
def propose_shift(coder: Any, target: Any, i: int, row: int) -> bool:
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
        if best_misses <= 0:
            break
        if size < best_misses:  # a shift to the right costs its size at least
            cost = shift_misses(coder, target, row, start, size) + size
            if cost < best_misses:
                best, best_misses = size, cost
        cost = shift_misses(coder, target, row, start, -size)
        if cost < best_misses:
            best, best_misses = -size, cost
    if best == 0:
        return False
    mode, place = row_place(coder, row)
    column_mode, column = column_place(coder, row, start)
    return write(coder, i, SHIFT, mode, place, column_mode, column, best, 0)


@inner
def propose_key(coder: Any, target: Any, i: int) -> bool:
    """Did the key appear where the cursor was?"""
    n = coder.n
    row, column = n[OLD_ROW], n[OLD_COLUMN]
    if column >= n[COLUMNS] or n[KEY] >= NAMED or n[KEY] != target[row, column] & GLYPH_MASK:
        return False
    cell = coder.cells[row * n[COLUMNS] + column]
    if cell == target[row, column]:
        return False
    attribute = whole(target[row, column] >> GLYPH_BITS)
    source = attribute + ATTRIBUTE_CONSTANT
    if whole(cell >> GLYPH_BITS) == attribute:
        source = ATTRIBUTE_OWN
    elif column > 0 and whole(coder.cells[row * n[COLUMNS] + column - 1] >> GLYPH_BITS) == attribute:
        source = ATTRIBUTE_LEFT
    return write(coder, i, PUT, FROM_OLD, 0, FROM_OLD, 0, GLYPH_KEY, source)


@inner
def propose_uniform(coder: Any, target: Any, i: int, row: int) -> bool:
    """A piece that became blank, or another colour, or one cell near the cursor that became another."""
    n = coder.n
    columns = n[COLUMNS]
    start = first_difference(coder, target, row, 0)
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
        return write(coder, i, FILL, mode, place, column_mode, column, length, ATTRIBUTE_CONSTANT + attribute)
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
        return write(coder, i, RECOLOUR, mode, place, column_mode, column, length, ATTRIBUTE_CONSTANT + attribute)
    if end == start + 1 and column_mode != FROM_EDGE and cell & GLYPH_MASK < 128:
        source = ATTRIBUTE_CONSTANT + attribute
        if whole(coder.cells[base + start] >> GLYPH_BITS) == attribute:
            source = ATTRIBUTE_OWN
        glyph = GLYPH_CONSTANT + whole(cell & GLYPH_MASK)
        return write(coder, i, PUT, mode, place, column_mode, column, glyph, source)
    return False


@inner
def is_digit(cell: int) -> bool:
    """Is the cell's glyph a decimal digit?"""
    return 48 <= cell & GLYPH_MASK <= 57


@inner
def propose_ruler(coder: Any, target: Any, i: int, row: int) -> bool:
    """Look for numbers that counted on where the row first differs: one, or two and three with a cell between."""
    n, ops, cells = coder.n, coder.ops, coder.cells
    columns = n[COLUMNS]
    base = row * columns
    line = target[row]
    start = first_difference(coder, target, row, 0)
    while start > 0 and (is_digit(cells[base + start - 1]) or (start > 1 and joins(cells, base + start - 1))):
        start -= 1
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
        return False
    for k in range(count, 3):
        ops[i, 6 + k] = 0
    end = max(read - base, shown)
    for c in range(shown, min(end, columns)):
        if line[c] & GLYPH_MASK != 0x20:
            return False
    if not would_write(coder, line, row, start, shown):
        return False
    mode, place = row_place(coder, row)
    return write(coder, i, RULER, mode, place, FROM_EDGE, start, count, ops[i, 6])


@inner
def joins(cells: Any, place: int) -> bool:
    """Is the cell a comma or a dash right behind a digit?"""
    glyph = cells[place] & GLYPH_MASK
    return (glyph == 44 or glyph == 45) and place > 0 and is_digit(cells[place - 1])


@inner
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


@inner
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
