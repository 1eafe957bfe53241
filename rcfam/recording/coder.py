"""The state that encoder and decoder share, and the exchange of one value with one byte stream.

Encoder and decoder run the SAME code over the same state: `exchange` writes the value it is given when encoding and
returns
the value it reads when decoding. So the two cannot drift apart, and every bound is checked in both directions.
"""

# R rows, C columns, S streams, K scripts, O operations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import inner
from rcfam.recording.layout import STREAMS
from rcfam.reference import by_reference
from rcfam.terminal.cells import BLANK, CLUSTER_BASE

# The streams; as np.int64, because Numba compiles a function once more for every plain constant it is called with.
KEYS: Final = np.int64(0)
RUNS: Final = np.int64(1)
CHOICES: Final = np.int64(2)
SCRIPTS: Final = np.int64(3)
CURSORS: Final = np.int64(4)
NUMBERS: Final = np.int64(5)
ATTRIBUTES: Final = np.int64(6)
GLYPHS: Final = np.int64(7)

# Places in `Coder.n`
ROWS: Final = 0
COLUMNS: Final = 1
OLD_ROW: Final = 2  # the cursor of the frame before ...
OLD_COLUMN: Final = 3
NEW_ROW: Final = 4  # ... and of the frame that is being made
NEW_COLUMN: Final = 5
VISIBLE: Final = 6
KEY: Final = 7  # the key between the two
LAST: Final = 8  # the script of the frame before, -1 at the start of a chunk
EDIT: Final = 9  # the last script with an operation other than RULER, -1 at the start
STATUS: Final = 10  # 0, or what is wrong
WORK: Final = 11  # cells written for this frame
COUNT: Final = 12  # scripts defined so far
RUN: Final = 13  # frames in a row that were predicted (encoder), or still will be (decoder)
FRAMES: Final = 14
ATTRIBUTE_LIMIT: Final = 15
GLYPH_LIMIT: Final = 16
ENCODING: Final = 17  # 1 in an encoder, 0 in a decoder
POSITION: Final = 24  # one a stream: where the next byte goes or comes from
END: Final = 40  # one a stream: the first byte that is not its own
STATE_SIZE: Final = 56

FINE: Final = 0
OUT_OF_BYTES: Final = 1
BAD_PLACE: Final = 2
BAD_VALUE: Final = 3
BAD_SCRIPT: Final = 4
TOO_MUCH_WORK: Final = 5
FAULTS: Final = (
    "fine",
    "a stream ends too early",
    "an operation lies outside the grid",
    "a value is out of its range",
    "a script is not in its form",
    "a frame writes too many cells",
)

WORK_FACTOR: Final = 8  # a frame's operations write at most this many times the grid, and WORK_FREE cells
WORK_FREE: Final = 1024
MAX_OPERATIONS: Final = 64  # of one script
CONTEXT_BITS: Final = 12
CONTEXTS: Final = 1 << CONTEXT_BITS
NAMED: Final = 0x110000


@by_reference
class Coder(NamedTuple):
    """Arrays that make up an encoder or a decoder."""

    n: NDArray[np.int64]  # (STATE_SIZE,) see the places above
    cells: NDArray[np.uint32]  # (R * C,) the frame: before, then after
    touched: NDArray[np.uint8]  # (R,) rows that the running script has written
    data: NDArray[np.uint8]  # all streams, one after the other
    ops: NDArray[np.int64]  # (O, FIELDS) the operations of all scripts, one script after the other
    first: NDArray[np.int64]  # (K + 2,) where a script's operations begin
    contexts: NDArray[np.int32]  # (TABLES, CONTEXTS) 1 + the script last seen in a context, 0 none


FIELDS: Final = 9
TABLES: Final = 3


def new_coder(rows: int, columns: int, data: NDArray[np.uint8], scripts: int, operations: int, encoding: bool) -> Coder:
    """A coder over the streams in `data`, with room for so many scripts and operations in all."""
    n = np.zeros(STATE_SIZE, np.int64)
    n[ROWS], n[COLUMNS], n[ENCODING] = rows, columns, encoding
    n[GLYPH_LIMIT], n[ATTRIBUTE_LIMIT] = CLUSTER_BASE, 1
    return Coder(
        n,
        np.full(rows * columns, BLANK, np.uint32),
        np.zeros(rows, np.uint8),
        data,
        np.zeros((operations, FIELDS), np.int64),
        np.zeros(scripts + 2, np.int64),
        np.zeros((TABLES, CONTEXTS), np.int32),
    )


def place_streams(coder: Coder, starts: list[int], ends: list[int]) -> None:
    """Say where each stream lies in `coder.data`."""
    assert len(starts) == len(ends) == len(STREAMS)
    coder.n[POSITION : POSITION + len(starts)] = starts
    coder.n[END : END + len(ends)] = ends


@inner
def begin_chunk(coder: Coder) -> None:
    """The state before the first frame of a chunk: a blank grid, the cursor at home, nothing learned."""
    for p in range(len(coder.cells)):
        coder.cells[p] = BLANK
    for table in range(TABLES):
        for place in range(CONTEXTS):
            coder.contexts[table, place] = 0
    for place in range(OLD_ROW, FRAMES + 1):
        coder.n[place] = 0
    coder.n[LAST] = -1
    coder.n[EDIT] = -1
    coder.n[VISIBLE] = 1


@inner
def whole(value: Any) -> Any:
    """An int64 from an integer of any type up to uint32, so that Numba sees one type."""
    return np.int64(value)


@inner
def exchange(coder: Any, stream: int, value: int) -> int:
    """Write `value` (0 .. 2^35 - 1) to a stream and return it, or read and return one: LEB128, at most five bytes."""
    n, data = coder.n, coder.data
    at = n[POSITION + stream]
    end = n[END + stream]
    if n[ENCODING]:
        rest = value
        while True:
            if at >= end:
                n[STATUS] = OUT_OF_BYTES
                return 0
            if rest < 0x80:
                data[at] = rest
                break
            data[at] = (rest & 0x7F) | 0x80
            rest >>= 7
            at += 1
        n[POSITION + stream] = at + 1
        return value
    result = 0
    for shift in range(0, 35, 7):
        if at >= end:
            n[STATUS] = OUT_OF_BYTES
            return 0
        byte = whole(data[at])
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            n[POSITION + stream] = at
            return result
    n[STATUS] = BAD_VALUE
    return 0


@inner
def exchange_signed(coder: Any, stream: int, value: int) -> int:
    """As `exchange` for a number with a sign: 0, -1, 1, -2, 2 ... are 0, 1, 2, 3, 4 ..."""
    folded = -2 * value - 1 if value < 0 else 2 * value
    folded = exchange(coder, stream, folded)
    return -(folded + 1) // 2 if folded & 1 else folded // 2


@inner
def exchange_key(coder: Any, key: int) -> int:
    """One keystroke: one byte for ASCII and named keys, else 255 and LEB128."""
    n, data = coder.n, coder.data
    at = n[POSITION + KEYS]
    if at >= n[END + KEYS]:
        n[STATUS] = OUT_OF_BYTES
        return 0
    if n[ENCODING]:
        if key < 128:
            data[at] = key
        elif NAMED <= key < NAMED + 127:
            data[at] = 128 + key - NAMED
        else:
            data[at] = 255
    byte = whole(data[at])
    n[POSITION + KEYS] = at + 1
    if byte < 128:
        return byte
    if byte < 255:
        return NAMED + byte - 128
    value = exchange(coder, KEYS, key)
    if value >= 1 << 32:
        n[STATUS] = BAD_VALUE
        return 0
    return value
