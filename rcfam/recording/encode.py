"""The encoder: find for every frame a script that makes it from the one before, best the one that was guessed.

A guessed script is run and compared with the frame. Where it fails, `build` looks for what happened: the cursor
moved, rows
scrolled, cells shifted inside a row, the key appeared, a ruler counted on; what is still different becomes literal.
"""

# R rows, C columns, K scripts

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import bare_kernel, inner
from rcfam.recording.coder import (
    CHOICES,
    COLUMNS,
    COUNT,
    CURSORS,
    END,
    FIELDS,
    FINE,
    FRAMES,
    GLYPHS,
    KEY,
    NEW_COLUMN,
    NEW_ROW,
    OLD_COLUMN,
    OLD_ROW,
    POSITION,
    ROWS,
    RUN,
    RUNS,
    SCRIPTS,
    STATUS,
    VISIBLE,
    Coder,
    begin_chunk,
    exchange,
    exchange_key,
    new_coder,
    place_streams,
    whole,
)
from rcfam.recording.interpreter import run_script
from rcfam.recording.layout import MAX_STREAM_BYTES, STREAMS
from rcfam.recording.predict import guess, learn
from rcfam.recording.script import exchange_script
from rcfam.recording.script_search import build
from rcfam.reference import by_reference

CHEAP_BYTES: Final = 3  # arguments that a guessed script may cost without a search for a better one
SCRIPT_BYTES: Final = 5  # what a new operation costs, about
SLOTS: Final = 1 << 15
OPERATIONS: Final = 1 << 16  # of all scripts of a chunk
ROOM_OPERATIONS: Final = 72  # more than a search ever makes
FRAME_BYTES_PER_CELL: Final = 6
FRAME_BYTES: Final = 4096  # what a frame can need in one stream beside its cells


@by_reference
class Encoder(NamedTuple):
    """A coder and what only the encoder needs."""

    coder: Coder
    saved: NDArray[np.uint32]  # (R * C,) rows as they were before a script was tried
    places: NDArray[np.int64]  # (8,) stream positions from before a script was tried
    slots: NDArray[np.int32]  # (SLOTS,) 1 + script, by hash
    hashes: NDArray[np.uint64]  # (2, R) row hashes for the search for scrolls


@bare_kernel
def begin(e: Any) -> None:
    """Forget everything: the next frame begins a chunk."""
    begin_chunk(e.coder)
    for slot in range(SLOTS):
        e.slots[slot] = 0


@inner
def save(e: Any, rows: Any) -> None:
    """Remember the frame and the streams, to come back to after a script that fails; `rows` may differ from the
    target.
    """
    n, columns = e.coder.n, e.coder.n[COLUMNS]
    for row in range(n[ROWS]):
        if rows[row]:
            for p in range(row * columns, (row + 1) * columns):
                e.saved[p] = e.coder.cells[p]
        e.coder.touched[row] = 0
    for stream in range(SCRIPTS, 8):
        e.places[stream] = n[POSITION + stream]


@inner
def restore(e: Any, target: Any, rows: Any) -> None:
    """Undo a script: rows in `rows` from the copy, others from the target, which they equalled before."""
    n, columns = e.coder.n, e.coder.n[COLUMNS]
    for row in range(n[ROWS]):
        if rows[row]:
            for p in range(row * columns, (row + 1) * columns):
                e.coder.cells[p] = e.saved[p]
        elif e.coder.touched[row]:
            for c in range(columns):
                e.coder.cells[row * columns + c] = target[row, c]
        e.coder.touched[row] = 0
    for stream in range(SCRIPTS, 8):
        n[POSITION + stream] = e.places[stream]
    n[STATUS] = FINE


@inner
def reached(coder: Any, target: Any, rows: Any, cursor: Any) -> bool:
    """Is the frame that a script made the target?"""
    n, columns = coder.n, coder.n[COLUMNS]
    if n[STATUS] != FINE or n[NEW_ROW] != cursor[0] or n[NEW_COLUMN] != cursor[1] or n[VISIBLE] != cursor[2]:
        return False
    for row in range(n[ROWS]):
        if rows[row] or coder.touched[row]:
            base = row * columns
            different = np.uint32(0)
            for c in range(columns):
                different |= coder.cells[base + c] ^ target[row, c]
            if different:
                return False
    return True


@inner
def arguments_cost(e: Any) -> int:
    """Bytes that the last script took from the argument streams."""
    cost = 0
    for stream in range(CURSORS, GLYPHS + 1):
        cost += e.coder.n[POSITION + stream] - e.places[stream]
    return cost


@inner
def attempt(e: Any, target: Any, rows: Any, cursor: Any, script: int) -> int:
    """Run a script that is known; its cost in bytes, or -1 where it does not lead to the target."""
    visible = e.coder.n[VISIBLE]
    run_script(e.coder, target, rows, cursor, script)
    if reached(e.coder, target, rows, cursor):
        return arguments_cost(e)
    e.coder.n[VISIBLE] = visible
    restore(e, target, rows)
    return -1


@inner
def find(e: Any, at: int, records: int) -> tuple[int, int]:
    """(script equal to the records at `at` or -1, its slot or the one to put it in)."""
    ops, first = e.coder.ops, e.coder.first
    hashed = np.uint64(records)
    for i in range(at, at + records):
        for field in range(FIELDS):
            hashed = (hashed ^ np.uint64(ops[i, field] & 0xFFFFFFFF)) * np.uint64(0x9E3779B97F4A7C15)
            hashed ^= hashed >> np.uint64(29)
    slot = whole(np.uint32(hashed & np.uint64(SLOTS - 1)))
    while e.slots[slot]:
        script = whole(e.slots[slot]) - 1
        other = first[script]
        if first[script + 1] - other == records:
            same = True
            for i in range(records):
                for field in range(FIELDS):
                    same = same and ops[at + i, field] == ops[other + i, field]
            if same:
                return script, slot
        slot = (slot + 1) & (SLOTS - 1)
    return -1, slot


@inner
def choose(coder: Any, symbol: int) -> None:
    """Write that the guess was wrong, and what came instead."""
    exchange(coder, RUNS, coder.n[RUN])
    exchange(coder, CHOICES, symbol)
    coder.n[RUN] = 0


@inner
def name(e: Any, script: int, first: int, second: int) -> None:
    """Write which of the known scripts it was."""
    if script == first:
        e.coder.n[RUN] += 1
    else:
        choose(e.coder, 0 if script == second else 2 + script)


@inner
def encode_change(e: Any, target: Any, rows: Any, cursor: Any) -> int:
    """Find and write the script from the frame in the coder to `target`; returns its number, n[STATUS] tells of
    faults.
    """
    coder, n = e.coder, e.coder.n
    first, second = guess(coder)
    visible = n[VISIBLE]
    save(e, rows)
    known, known_cost = whole(-1), 1 << 40
    for k in range(2):
        script = first if k == 0 else second
        cost = attempt(e, target, rows, cursor, script) if script >= 0 else -1
        if 0 <= cost <= CHEAP_BYTES:
            name(e, script, first, second)
            return script
        if cost >= 0:
            restore(e, target, rows)
            n[VISIBLE] = visible
            if cost + k < known_cost:
                known, known_cost = script, cost + k
    at = coder.first[n[COUNT]]
    records = build(coder, e.hashes, target, rows, cursor)
    if n[STATUS] != FINE:
        return 0
    script, slot = find(e, at, records)
    cost = arguments_cost(e) + (1 if script >= 0 else SCRIPT_BYTES * records)
    if known >= 0 and known_cost <= cost:
        restore(e, target, rows)
        n[VISIBLE] = visible
        attempt(e, target, rows, cursor, known)
        name(e, known, first, second)
        return known
    if script < 0:
        script = n[COUNT]
        e.slots[slot] = script + 1
        coder.first[script + 1] = at + records
        n[COUNT] = script + 1
        choose(coder, whole(1))
        exchange_script(coder, at, records)
    else:
        name(e, script, first, second)
    return script


@inner
def encode_frame(e: Any, target: Any, rows: Any, cursor: Any, key: int) -> None:
    """Write the frame `target` (R, C) with its cursor (3,) and the key pressed after it; `rows` (R,) are those that may
    differ from the frame before. n[STATUS] tells of faults."""
    n = e.coder.n
    script = encode_change(e, target, rows, cursor)
    if n[STATUS] != FINE:
        return
    learn(e.coder, script)
    n[OLD_ROW] = n[NEW_ROW]
    n[OLD_COLUMN] = n[NEW_COLUMN]
    n[KEY] = key
    exchange_key(e.coder, key)
    n[FRAMES] += 1


@bare_kernel
def full(e: Any, most_frames: int) -> bool:
    """Is there no room for one more frame of any kind?"""
    coder, n = e.coder, e.coder.n
    if n[FRAMES] >= most_frames or n[COUNT] >= SLOTS // 2 or n[COUNT] + 3 > len(coder.first):
        return True
    if coder.first[n[COUNT]] + 2 * ROOM_OPERATIONS > len(coder.ops):
        return True
    room = FRAME_BYTES_PER_CELL * n[ROWS] * n[COLUMNS] + FRAME_BYTES
    for stream in range(8):  # noqa: SIM110 - a kernel
        if n[END + stream] - n[POSITION + stream] < room:
            return True
    return False


@bare_kernel
def finish(e: Any) -> None:
    """Write what is still open; the streams are then whole."""
    exchange(e.coder, RUNS, e.coder.n[RUN])


@inner
def mark_changed(e: Any, target: Any, rows: Any) -> None:
    """Set `rows` (R,) to 1 where `target` differs from the frame in the coder, else to 0."""
    columns = e.coder.n[COLUMNS]
    for row in range(e.coder.n[ROWS]):
        different = np.uint32(0)
        for c in range(columns):
            different |= e.coder.cells[row * columns + c] ^ target[row, c]
        rows[row] = 1 if different else 0


@bare_kernel
def append_frames(e: Any, cells: Any, cursors: Any, keys: Any, start: int, rows: Any, most_frames: int) -> int:
    """Encode frames from number `start` of `cells` (N, R, C) on until the chunk is full or none is left; returns
    the number
    of the first frame not encoded. n[STATUS] tells of faults."""
    for k in range(start, len(keys)):
        if full(e, most_frames):
            return k
        mark_changed(e, cells[k], rows)
        encode_frame(e, cells[k], rows, cursors[k], whole(keys[k]))
        if e.coder.n[STATUS] != FINE:
            return k
    return len(keys)


def new_encoder(rows: int, columns: int) -> Encoder:
    """An encoder for one grid, with room for a chunk."""
    room = min(max(1 << 19, 4 * (FRAME_BYTES_PER_CELL * rows * columns + FRAME_BYTES)), MAX_STREAM_BYTES)
    count = len(STREAMS)
    coder = new_coder(rows, columns, np.zeros(count * room, np.uint8), SLOTS // 2 + 2, OPERATIONS, True)
    encoder = Encoder(
        coder,
        np.zeros(rows * columns, np.uint32),
        np.zeros(count, np.int64),
        np.zeros(SLOTS, np.int32),
        np.zeros((2, rows), np.uint64),
    )
    reset(encoder)
    return encoder


def reset(encoder: Encoder) -> None:
    """Empty the streams and begin a chunk."""
    count = len(STREAMS)
    room = len(encoder.coder.data) // count
    place_streams(encoder.coder, [s * room for s in range(count)], [(s + 1) * room for s in range(count)])
    begin(encoder)


def streams(encoder: Encoder) -> list[bytes]:
    """The bytes of each stream so far."""
    count = len(STREAMS)
    room = len(encoder.coder.data) // count
    ends = encoder.coder.n[POSITION : POSITION + count].tolist()
    return [encoder.coder.data[s * room : end].tobytes() for s, end in enumerate(ends)]
