"""Shared text, slow and obvious: every shingle as a tuple in a set."""

from itertools import pairwise


def shingles(keys: list[int], size: int, changes: int) -> dict[int, tuple[int, ...]]:
    """First key -> shingle, for those in which the key changes often enough."""
    found = {}
    for first in range(len(keys) - size + 1):
        window = keys[first : first + size]
        if sum(a != b for a, b in pairwise(window)) >= changes:
            found[first] = tuple(window)
    return found
