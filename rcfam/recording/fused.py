"""Terminal and encoder in one compiled loop: the frame before each key is encoded where it lies, then the key is
pressed.
"""

from typing import Any

import numpy as np

from rcfam.jit import bare_kernel
from rcfam.recording.coder import FINE, STATUS, whole
from rcfam.recording.encode import encode_frame, full
from rcfam.terminal.kernels import press


@bare_kernel
def record_keys(e: Any, state: Any, keys: Any, start: int, most_frames: int) -> tuple[int, int]:
    """Record and press keys from number `start` on, until the chunk is full, a key traps or none is left.

    Returns (number of the first key not pressed, trap of the last one). state.dirty is read and cleared.
    """
    for k in range(start, len(keys)):
        if full(e, most_frames):
            return k, 0
        key = np.uint32(keys[k])
        encode_frame(e, state.cells, state.dirty, state.cursor, whole(key))
        if e.coder.n[STATUS] != FINE:
            return k, 0
        state.dirty[:] = 0
        trap = press(state, key)
        if trap != 0:
            return k + 1, trap
    return len(keys), 0
