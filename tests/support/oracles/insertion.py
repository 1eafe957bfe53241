"""An insertion with a count, typed out: as many times as the count says, key by key."""

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal.keys import ENTER, ESCAPE


def typed_out(command: int, typed: NDArray[np.uint32], count: int) -> NDArray[np.uint32]:
    """The keys that come to the same as `count`, `command`, `typed` and Esc; `typed` holds no key that moves."""
    between = [np.array([ENTER], dtype=np.uint32)] if chr(command) in "oO" else []
    again = [part for _ in range(count - 1) for part in [*between, typed]]
    keys = [np.array([command]), typed, *again, np.array([ESCAPE])]
    return np.concatenate(keys).astype(np.uint32)
