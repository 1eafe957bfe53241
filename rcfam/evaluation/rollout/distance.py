"""How many bytes must be inserted, deleted or replaced to make one text of another, compiled.

E. Ukkonen, Algorithms for Approximate String Matching, 1985: on each diagonal of the table only the furthest place that
so many edits reach is kept. Texts that are nearly equal cost little, however long.
"""

from typing import Any, Final

import numpy as np

from rcfam.jit import kernel

MOST: Final = 1000
"""Larger distances are not told apart: they are MOST + 1."""


def distance(text: bytes, truth: bytes, most: int = MOST) -> int:
    """Levenshtein's distance in bytes, or most + 1 where it is larger than `most`."""
    if text == truth:
        return 0
    return int(_distance(np.frombuffer(text, np.uint8), np.frombuffer(truth, np.uint8), most))


@kernel
def _distance(a: Any, b: Any, most: int) -> Any:
    start, n, m = 0, len(a), len(b)
    while start < n and start < m and a[start] == b[start]:
        start += 1
    while n > start and m > start and a[n - 1] == b[m - 1]:
        n -= 1
        m -= 1
    a, b = a[start:n], b[start:m]
    spare = 4  # edits beyond those that the lengths ask for: the fewer, the fewer diagonals
    while True:
        bound = min(most, abs(len(a) - len(b)) + spare)
        found = _within(a, b, bound)
        if found <= bound or bound == most:
            return found
        spare *= 4


@kernel
def _within(a: Any, b: Any, bound: int) -> Any:
    """The distance, or bound + 1 where it is larger."""
    n, m = len(a), len(b)
    last = n - m
    middle = bound + 2  # place of diagonal 0; x = how much of `a` is done, on diagonal k = x - y
    before = np.full(2 * middle + 1, -1, np.int64)
    after = np.full(2 * middle + 1, -1, np.int64)
    for edits in range(bound + 1):
        left = bound - edits  # a diagonal that cannot come to the last one in time is not looked at
        for k in range(max(-edits, -m, last - left), min(edits, n, last + left) + 1):
            x = max(before[middle + k] + 1, before[middle + k - 1] + 1, before[middle + k + 1]) if edits else 0
            x = min(x, n, m + k)
            while x < n and x - k < m and a[x] == b[x - k]:
                x += 1
            if x == n and x - k == m:
                return edits
            after[middle + k] = x
        before, after = after, before
    return bound + 1
