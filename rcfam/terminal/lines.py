"""Which lines differ, compiled: Myers' greedy algorithm over hashes of lines.

E. W. Myers, An O(ND) Difference Algorithm and Its Variations, 1986. Two lines with one hash are taken for equal: who
types by it compares what was typed with what was to be typed.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import inner, kernel

MOST_EDITS: Final = 600  # beyond them memory for the way back grows large
_NEWLINE: Final = 10
_SEED: Final = np.uint64(0xCBF29CE484222325)
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


@kernel
def _hashed(text: NDArray[np.uint8], count: int) -> Any:
    """Where each of the `count` lines begins (and the last ends), and their hashes."""
    starts = np.zeros(count + 1, np.int64)
    hashes = np.zeros(count, np.uint64)
    line = 0
    value = _SEED
    for i in range(len(text)):
        if text[i] == _NEWLINE:
            hashes[line] = value ^ (value >> _SHIFT)
            line += 1
            starts[line] = i + 1
            value = _SEED
        else:
            value = (value ^ np.uint64(text[i])) * _FACTOR
    return starts, hashes


@kernel
def differ(old: Any, old_count: int, new: Any, new_count: int) -> Any:
    """(where old lines begin, where new lines begin, hunks (H, 4)); no hunks where the texts differ too much."""
    old_starts, a = _hashed(old, old_count)
    new_starts, b = _hashed(new, new_count)
    gone = np.zeros(old_count + 1, np.uint8)
    come = np.zeros(new_count + 1, np.uint8)
    if not _mark(a, b, gone, come):
        return old_starts, new_starts, np.zeros((0, 4), np.int64)
    return old_starts, new_starts, _slide(a, b, _collect(gone, come))


@kernel
def _mark(a: Any, b: Any, gone: Any, come: Any) -> bool:
    """Set `gone` and `come` to 1 for the lines of `a` and `b` that the other lacks; false where they are too many."""
    n, m = len(a), len(b)
    limit = min(n + m, MOST_EDITS)
    furthest = np.zeros(2 * limit + 3, np.int64)  # x on diagonal k at k + limit + 1
    trace = np.empty((limit + 1) * (limit + 2) // 2, np.int32)  # of each round d the d + 1 diagonals
    middle = limit + 1
    for d in range(limit + 1):
        for i in range(d + 1):
            k = 2 * i - d
            if k == -d or (k != d and furthest[middle + k - 1] < furthest[middle + k + 1]):
                x = furthest[middle + k + 1]
            else:
                x = furthest[middle + k - 1] + 1
            y = x - k
            while x < n and y < m and a[x] == b[y]:
                x += 1
                y += 1
            furthest[middle + k] = x
            trace[d * (d + 1) // 2 + i] = x
            if x >= n and y >= m:
                _walk_back(trace, d, n, m, gone, come)
                return True
    return False


@inner
def _walk_back(trace: Any, rounds: int, n: int, m: int, gone: Any, come: Any) -> None:
    x, y = n, m
    for d in range(rounds, 0, -1):
        k = x - y
        before = (d - 1) * d // 2
        i = (k + d) // 2  # the diagonals k - 1 and k + 1 are i - 1 and i of the round before
        if k == -d or (k != d and trace[before + i - 1] < trace[before + i]):
            x = trace[before + i]
            y = x - k - 1
            come[y] = 1
        else:
            x = trace[before + i - 1]
            y = x - k + 1
            gone[x] = 1


@kernel
def _collect(gone: Any, come: Any) -> Any:
    """The hunks (H, 4) that the marks make."""
    found = np.zeros((len(gone) + len(come), 4), np.int64)
    count = 0
    x = y = 0
    while x < len(gone) and y < len(come):
        if gone[x] or come[y]:
            found[count, 0], found[count, 2] = x, y
            while gone[x]:
                x += 1
            while come[y]:
                y += 1
            found[count, 1], found[count, 3] = x, y
            count += 1
        x += 1
        y += 1
    return found[:count]


@kernel
def _slide(a: Any, b: Any, found: Any) -> Any:
    """Hunks that only add or only remove move down as far as the text allows; what meets is one."""
    count = 0
    for i in range(len(found)):
        start, stop, new_start, new_stop = found[i, 0], found[i, 1], found[i, 2], found[i, 3]
        limit = found[i + 1, 0] if i + 1 < len(found) else len(a)
        if start == stop:
            while stop < limit and b[new_start] == b[new_stop]:
                start, stop, new_start, new_stop = start + 1, stop + 1, new_start + 1, new_stop + 1
        elif new_start == new_stop:
            while stop < limit and a[start] == a[stop]:
                start, stop, new_start, new_stop = start + 1, stop + 1, new_start + 1, new_stop + 1
        if i + 1 < len(found) and stop == limit:
            found[i + 1, 0], found[i + 1, 2] = start, new_start
        else:
            found[count, 0], found[count, 1], found[count, 2], found[count, 3] = start, stop, new_start, new_stop
            count += 1
    return found[:count]
