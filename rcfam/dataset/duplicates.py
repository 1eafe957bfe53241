"""Text typed on both sides of the split: shingles of keystrokes of the held-out side that the training side holds too.

A shingle is a run of SHINGLE keys. A sample of them, chosen by their hash, so that the same text is sampled on both
sides, is compared; runs in which the key seldom changes (arrow keys, spaces) say nothing and are passed over.
"""

# K keystrokes, X shingles sampled

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import kernel

SHINGLE: Final = 48
CHANGES: Final = SHINGLE // 2  # places in a shingle where the key differs from the one before, at least
SAMPLES: Final = 4_000_000  # of the training side in all, 8 bytes each
NOWHERE: Final = -1
UNKNOWN: Final = -2
_BASE: Final = 0x9E3779B97F4A7C15


def rate(keystrokes: int) -> int:
    """One shingle in how many is looked at, for a training side of this size: about SAMPLES in all, one in four at
    most.
    """
    return max(-(-keystrokes // SAMPLES), 4)


def shingles(keys_K: NDArray[np.uint32], one_in: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes and first keys of the shingles whose hash is divisible by `one_in`."""
    room = max(len(keys_K), 1)
    hashes_X, places_X = np.empty(room, np.uint64), np.empty(room, np.int64)
    count = _shingles(np.ascontiguousarray(keys_K, np.uint32), one_in, hashes_X, places_X)
    return hashes_X[:count].copy(), places_X[:count].copy()


def inside(places_X: NDArray[np.int64], starts_P: NDArray[np.int64], stops_P: NDArray[np.int64]) -> NDArray[np.int64]:
    """The piece of the keystrokes that each shingle lies in, -1 where it lies in none or reaches across its end.

    The pieces starts..stops ascend and do not overlap.
    """
    if not len(starts_P):
        return np.full(len(places_X), -1)
    piece_X = np.searchsorted(starts_P, places_X, side="right") - 1
    return np.where((piece_X >= 0) & (places_X + SHINGLE <= stops_P[piece_X]), piece_X, -1)


class Known:
    """The shingles of the training side, each with the number of the file into which it was typed first."""

    def __init__(self) -> None:
        self._hashes = [np.zeros(0, np.uint64)]
        self._files = [np.zeros(0, np.int32)]

    def add(self, hashes_X: NDArray[np.uint64], files_X: NDArray[np.int64]) -> None:
        """Take in shingles of the training side; file NOWHERE for those that were not typed into a file."""
        self._hashes.append(hashes_X)
        self._files.append(files_X.astype(np.int32))

    def find(self, hashes_X: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The file of each shingle, NOWHERE, or UNKNOWN where the training side does not hold it."""
        if len(self._hashes) != 1:
            hashes, first = np.unique(np.concatenate(self._hashes), return_index=True)
            self._hashes, self._files = [hashes], [np.concatenate(self._files)[first]]
        hashes, files = self._hashes[0], self._files[0]
        if not len(hashes):
            return np.full(len(hashes_X), UNKNOWN)
        places = np.minimum(np.searchsorted(hashes, hashes_X), len(hashes) - 1)
        return np.where(hashes[places] == hashes_X, files[places].astype(np.int64), UNKNOWN)


@kernel
def _shingles(keys_K, one_in, hashes_X, places_X):  # type: ignore[no-untyped-def]
    """A rolling polynomial hash modulo 2 ** 64, mixed before it is judged."""
    base = np.uint64(_BASE)
    leaving = np.uint64(1)
    for _ in range(SHINGLE - 1):
        leaving *= base
    value = np.uint64(0)
    changes = count = 0
    for end in range(keys_K.shape[0]):
        first = end - SHINGLE + 1
        if first > 0:
            value -= (np.uint64(keys_K[first - 1]) + np.uint64(1)) * leaving
            changes -= keys_K[first] != keys_K[first - 1]
        value = value * base + np.uint64(keys_K[end]) + np.uint64(1)
        if end > 0:
            changes += keys_K[end] != keys_K[end - 1]
        if first >= 0 and changes >= CHANGES:
            mixed = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed ^= mixed >> np.uint64(31)
            if mixed % np.uint64(one_in) == 0:
                hashes_X[count] = mixed
                places_X[count] = first
                count += 1
    return count
