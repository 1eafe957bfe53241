"""The decoder: streams of one chunk -> its frames, one after the other in place, some of them copied out."""

# N frames wanted, R rows, C columns

from typing import Any

import numpy as np

from rcfam.jit import inner, kernel
from rcfam.recording.coder import (
    BAD_SCRIPT,
    CHOICES,
    COUNT,
    FINE,
    FRAMES,
    KEY,
    NEW_COLUMN,
    NEW_ROW,
    OLD_COLUMN,
    OLD_ROW,
    RUN,
    RUNS,
    STATUS,
    VISIBLE,
    begin_chunk,
    exchange,
    exchange_key,
)
from rcfam.recording.interpreter import run_script
from rcfam.recording.predict import guess, learn
from rcfam.recording.script import exchange_script


@inner
def next_script(coder: Any) -> int:
    """The number of the script that makes the next frame, read as far as it was not guessed; -1 on a fault."""
    n = coder.n
    first, second = guess(coder)
    if n[RUN] > 0:
        n[RUN] -= 1
        script = first
    else:
        choice = exchange(coder, CHOICES, 0)
        n[RUN] = exchange(coder, RUNS, 0)
        if n[STATUS] != FINE:
            return -1
        if choice == 0:
            script = second
        elif choice == 1:
            script = n[COUNT]
            at = coder.first[script]
            if script + 2 >= len(coder.first):
                n[STATUS] = BAD_SCRIPT
                return -1
            records = exchange_script(coder, at, len(coder.ops) - at)
            if n[STATUS] != FINE:
                return -1
            coder.first[script + 1] = at + records
            n[COUNT] = script + 1
        else:
            script = choice - 2
    if not 0 <= script < n[COUNT]:
        n[STATUS] = BAD_SCRIPT
        return -1
    return script


@kernel
def decode_frames(
    coder: Any, stop: int, wanted: Any, cells: Any, cursors: Any, target: Any, rows: Any, cursor: Any
) -> int:
    """Decode a chunk from where the call before stopped (at first from its start) to before frame `stop`, and copy
    the frames numbered in `wanted` (N,) (ascending) to `cells` (N, R * C) and `cursors` (N, 3). Returns how many
    frames of the chunk are right; fewer than `stop` on a fault (n[STATUS]).
    `target`, `rows` and `cursor` are only there to have the types that they have in the encoder."""
    n = coder.n
    if n[FRAMES] == 0:
        begin_chunk(coder)
        n[RUN] = exchange(coder, RUNS, 0)
    at = 0
    for frame in range(n[FRAMES], stop):
        script = next_script(coder)
        if script < 0:
            return frame
        run_script(coder, target, rows, cursor, script)
        if n[STATUS] != FINE:
            return frame
        learn(coder, script)
        n[OLD_ROW] = n[NEW_ROW]
        n[OLD_COLUMN] = n[NEW_COLUMN]
        n[KEY] = exchange_key(coder, 0)
        if n[STATUS] != FINE:
            return frame
        n[FRAMES] = frame + 1
        while at < len(wanted) and wanted[at] == frame:
            cells[at, :] = coder.cells
            cursors[at, 0] = n[NEW_ROW]
            cursors[at, 1] = n[NEW_COLUMN]
            cursors[at, 2] = n[VISIBLE]
            at += 1
    return stop


@kernel
def decode_keys(coder: Any, count: int, keys: Any) -> int:
    """Decode the first `count` keystrokes of a chunk into `keys`; returns how many are right."""
    for k in range(count):
        keys[k] = np.uint32(exchange_key(coder, 0))
        if coder.n[STATUS] != FINE:
            return k
    return count
