"""Counting for the training of a vocabulary: distinct chunks, their substrings, and how often tokens would be used."""

# K keystrokes, P pool of keys, H hash slots, U distinct strings, V vocabulary

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rcfam.jit import kernel
from rcfam.tokenizer import trie
from rcfam.tokenizer.chunks import OUTSIDE, chunk_end, key_class

_FREE = 0


class Strings(NamedTuple):
    """U distinct strings of keys, pool_P[offsets_U[u] : offsets_U[u + 1]], each with a count."""

    pool_P: NDArray[np.uint32]
    offsets_U: NDArray[np.int64]
    counts_U: NDArray[np.int64]

    def joined(self, other: "Strings") -> "Strings":
        """These strings, then the other ones."""
        offsets = np.concatenate([self.offsets_U, other.offsets_U[1:] + self.offsets_U[-1]])
        return Strings(
            np.concatenate([self.pool_P, other.pool_P]), offsets, np.concatenate([self.counts_U, other.counts_U])
        )

    def take(self, which_U: NDArray[np.int64]) -> "Strings":
        """Some of the strings, in the order asked for."""
        lengths = np.diff(self.offsets_U)[which_U]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.arange(offsets[-1]) + np.repeat(self.offsets_U[which_U] - offsets[:-1], lengths)
        return Strings(self.pool_P[places], offsets, self.counts_U[which_U])


@kernel
def _add(slots_H, pool_P, begins_U, lengths_U, counts_U, used, keys_K, start, stop, weight, room):  # type: ignore[no-untyped-def]
    """Count keys_K[start:stop] once more, `weight` times. Returns the number of distinct strings and of pool keys used.

    slots_H holds string number + 1, 0 where free. A new string's keys are copied to the pool, at `room`.
    """
    mask = np.int64(slots_H.shape[0] - 1)
    mixed = np.uint64(0xCBF29CE484222325)
    for place in range(start, stop):
        mixed = (mixed ^ np.uint64(keys_K[place])) * np.uint64(0x100000001B3)
        mixed ^= mixed >> np.uint64(29)
    slot = np.int64(mixed >> np.uint64(20)) & mask
    while slots_H[slot] != _FREE:
        string = slots_H[slot] - 1
        if lengths_U[string] == stop - start:
            begin = begins_U[string]
            same = True
            for k in range(stop - start):
                if pool_P[begin + k] != keys_K[start + k]:
                    same = False
                    break
            if same:
                counts_U[string] += weight
                return used, room
        slot = (slot + 1) & mask
    slots_H[slot] = used + 1
    begins_U[used] = room
    lengths_U[used] = stop - start
    counts_U[used] = weight
    for k in range(stop - start):
        pool_P[room + k] = keys_K[start + k]
    return used + 1, room + stop - start


@kernel
def _count_chunks(slots_H, pool_P, begins_U, lengths_U, counts_U, used, room, keys_K, start, stop):  # type: ignore[no-untyped-def]
    while start < stop:
        end = chunk_end(keys_K, start, stop)
        if (used + 1) * 2 > slots_H.shape[0] or used >= begins_U.shape[0] or room + end - start > pool_P.shape[0]:
            break
        used, room = _add(slots_H, pool_P, begins_U, lengths_U, counts_U, used, keys_K, start, end, 1, room)
        start = end
    return start, used, room


@kernel
def _count_substrings(  # type: ignore[no-untyped-def]
    slots_H, pool_P, begins_U, lengths_U, counts_U, used, room, keys_P, offsets_U, weights_U, first, shortest, longest
):
    for string in range(first, weights_U.shape[0]):
        begin, end = offsets_U[string], offsets_U[string + 1]
        size = end - begin
        span = min(longest, size)
        if (used + size * span) * 2 > slots_H.shape[0] or used + size * span > begins_U.shape[0]:
            return string, used, room
        if room + size * span * span > pool_P.shape[0]:
            return string, used, room
        for start in range(begin, end):
            if key_class(keys_P[start]) == OUTSIDE:
                continue
            for stop in range(start + shortest, min(start + longest, end) + 1):
                used, room = _add(
                    slots_H, pool_P, begins_U, lengths_U, counts_U, used, keys_P, start, stop, weights_U[string], room
                )
    return weights_U.shape[0], used, room


class Counter:
    """Counts distinct strings of keys in tables that grow between kernel calls."""

    def __init__(self) -> None:
        self._slots_H = np.zeros(1 << 16, np.int64)
        self._pool_P = np.empty(1 << 18, np.uint32)
        self._begins_U = np.empty(1 << 15, np.int64)
        self._lengths_U = np.empty(1 << 15, np.int32)
        self._counts_U = np.empty(1 << 15, np.int64)
        self._used = 0
        self._room = 0

    def chunks(self, keys_K: NDArray[np.uint32], breaks: ArrayLike = ()) -> None:
        """Count every chunk of a stream that is cut at `breaks`."""
        keys_K = np.ascontiguousarray(keys_K, dtype=np.uint32)
        places = np.unique(np.asarray(breaks, dtype=np.int64))
        start = 0
        for stop in [*(int(place) for place in places if 0 < place < len(keys_K)), len(keys_K)]:
            while start < stop:
                start, self._used, self._room = _count_chunks(*self._tables(), keys_K, start, stop)
                if start < stop:
                    self._grow()

    def substrings(self, strings: Strings, shortest: int, longest: int) -> None:
        """Count every substring of `shortest` to `longest` keys of the strings, each as often as its string."""
        first = 0
        while first < len(strings.counts_U):
            first, self._used, self._room = _count_substrings(
                *self._tables(), strings.pool_P, strings.offsets_U, strings.counts_U, first, shortest, longest
            )
            if first < len(strings.counts_U):
                self._grow()

    def strings(self) -> Strings:
        """What was counted, in the order first met."""
        lengths = self._lengths_U[: self._used].astype(np.int64)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Strings(self._pool_P[: self._room].copy(), offsets, self._counts_U[: self._used].copy())

    def _tables(self) -> tuple[NDArray[np.int64], ...]:
        return (  # type: ignore[return-value]
            self._slots_H,
            self._pool_P,
            self._begins_U,
            self._lengths_U,
            self._counts_U,
            self._used,
            self._room,
        )

    def _grow(self) -> None:
        self._pool_P = np.concatenate([self._pool_P, np.empty_like(self._pool_P)])
        self._begins_U = np.concatenate([self._begins_U, np.empty_like(self._begins_U)])
        self._lengths_U = np.concatenate([self._lengths_U, np.empty_like(self._lengths_U)])
        self._counts_U = np.concatenate([self._counts_U, np.empty_like(self._counts_U)])
        self._slots_H = np.zeros(2 * len(self._slots_H), np.int64)
        _place(self._slots_H, self._pool_P, self._begins_U, self._lengths_U, self._used)


@kernel
def _place(slots_H, pool_P, begins_U, lengths_U, used):  # type: ignore[no-untyped-def]
    """Enter the first `used` strings, all distinct, into an empty table."""
    mask = np.int64(slots_H.shape[0] - 1)
    for string in range(used):
        mixed = np.uint64(0xCBF29CE484222325)
        for place in range(begins_U[string], begins_U[string] + lengths_U[string]):
            mixed = (mixed ^ np.uint64(pool_P[place])) * np.uint64(0x100000001B3)
            mixed ^= mixed >> np.uint64(29)
        slot = np.int64(mixed >> np.uint64(20)) & mask
        while slots_H[slot] != _FREE:
            slot = (slot + 1) & mask
        slots_H[slot] = string + 1


@kernel
def uses(rows_M4, ascii_codes, others, pool_P, offsets_U, counts_U, uses_V):  # type: ignore[no-untyped-def]
    """Add to uses_V how often each token stands in the strings."""
    for string in range(counts_U.shape[0]):
        start, stop = offsets_U[string], offsets_U[string + 1]
        while start < stop:
            token, end = trie.longest(rows_M4, ascii_codes, others, pool_P, start, stop, -1)
            if token >= 0:
                uses_V[token] += counts_U[string]
            start = max(end, start + 1)


@kernel
def costs(rows_M4, ascii_codes, others, pool_P, offsets_V, costs_V):  # type: ignore[no-untyped-def]
    """For each token: how many more tokens its own keys would take without it."""
    for token in range(offsets_V.shape[0] - 1):
        start, stop = offsets_V[token], offsets_V[token + 1]
        cost = -1
        while start < stop:
            found, end = trie.longest(rows_M4, ascii_codes, others, pool_P, start, stop, token)
            cost += 1 if found >= 0 else trie.spelled(pool_P[start])
            start = max(end, start + 1)
        costs_V[token] = cost
