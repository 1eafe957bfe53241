"""Training: which substrings of chunks deserve to be tokens.

From the top down. Every substring of a chunk that is popular enough is a candidate; then, round after round, the
training chunks are encoded with the candidates that remain, each is charged with the tokens that would be added without
it, and the cheapest are dropped, until the vocabulary has its size. So a word that is popular is one token, and one
that is not is built from smaller subwords (paper, section 7), and no place is spent on a subword that only stood on the
way to a longer one.
"""

# K keystrokes, U distinct strings, V vocabulary

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rcfam.bounds import Range, check
from rcfam.terminal import keys
from rcfam.tokenizer import counting, trie
from rcfam.tokenizer.counting import Strings
from rcfam.tokenizer.vocabulary import Tokenizer

SMALLEST: Final = 256
LARGEST: Final = 1 << 20
LONGEST: Final = 64
_CANDIDATES_A_TOKEN: Final = 32  # pruning begins at this many candidates for each token wanted
_KEEP_A_ROUND: Final = 0.9
_CHUNKS: Final = 1_000_000  # the most frequent distinct chunks that are looked at
# What every vocabulary holds, so that no plain keystroke of a repository never seen needs spelling.
BASIC: Final = (
    *range(0x20, 0x7F),
    keys.TAB,
    keys.ENTER,
    keys.ESCAPE,
    keys.BACKSPACE,
    *sorted(keys.SEQUENCES),
)


@dataclass(frozen=True)
class TokenizeParams:
    """What the vocabulary may hold."""

    size: Annotated[int, Range(SMALLEST, LARGEST)] = 1_024
    """Tokens at most, spelling tokens and single keys included; the paper's vocabulary has 20,352."""
    min_count: Annotated[int, Range(1, 10**9)] = 8
    """How often a run of keys must occur in the training keystrokes to become a token."""
    longest: Annotated[int, Range(1, LONGEST)] = 32
    """Keys in one token at most."""

    def __post_init__(self) -> None:
        check(self)


def train(
    streams: Iterable[tuple[NDArray[np.uint32], ArrayLike]],
    params: TokenizeParams,
    progress: Callable[[int], None] | None = None,
) -> Tokenizer:
    """Choose a vocabulary for streams of (keys_K, breaks). The order of the streams does not matter to what is chosen.

    `progress` is called with the number of keys read, once a stream.
    """
    counter = counting.Counter()
    for keys_K, breaks in streams:
        counter.chunks(keys_K, breaks)
        if progress is not None:
            progress(len(keys_K))
    chunks = _most_frequent(counter.strings(), _CHUNKS, 1)
    room = params.size - trie.SPELLING - len(BASIC)
    pieces = counting.Counter()
    pieces.substrings(chunks, 2, params.longest)
    candidates = _most_frequent(pieces.strings(), _CANDIDATES_A_TOKEN * max(room, 0), params.min_count, weigh=True)
    singles = [np.array([key], np.uint32) for key in BASIC]
    spellings, counts = _prune(chunks, singles, _rare_keys(chunks, params.min_count).joined(candidates), room)
    order = sorted(range(len(spellings)), key=lambda v: (len(spellings[v]) > 1, spellings[v].tolist()))
    return Tokenizer([spellings[v] for v in order], [counts[v] for v in order])


def _rare_keys(chunks: Strings, min_count: int) -> Strings:
    """The single keys beside the basic ones that are popular enough to be candidates, ascending."""
    counter = counting.Counter()
    counter.substrings(chunks, 1, 1)
    keys_U = counter.strings()  # one key each, so its pool is in the order of the strings
    enough = np.flatnonzero((keys_U.counts_U >= min_count) & ~np.isin(keys_U.pool_P, BASIC))
    return keys_U.take(enough[np.argsort(keys_U.pool_P[enough])])


def _most_frequent(strings: Strings, size: int, min_count: int, weigh: bool = False) -> Strings:
    """The `size` strings with the greatest count, or keys saved where `weigh` is set; ties by their keys, not by
    order met.
    """
    enough = np.flatnonzero(strings.counts_U >= min_count)
    value = strings.counts_U * (np.diff(strings.offsets_U) - 1) if weigh else strings.counts_U
    if len(enough) > size:
        border = np.partition(value[enough], len(enough) - size)[len(enough) - size]
        enough = enough[value[enough] >= border]
    ranked = sorted(
        enough.tolist(),
        key=lambda u: (-value[u], strings.pool_P[strings.offsets_U[u] : strings.offsets_U[u + 1]].tolist()),
    )
    return strings.take(np.array(ranked[:size], np.int64))


def _prune(
    chunks: Strings, singles: list[NDArray[np.uint32]], candidates: Strings, room: int
) -> tuple[list[NDArray[np.uint32]], NDArray[np.int64]]:
    """Drop the cheapest candidates until `room` are left and every one of them is used. `singles` always stay."""
    while True:
        pool, offsets = _lay_out(singles, candidates)
        table = trie.build(pool, offsets)
        uses_V, costs_V = np.zeros(len(offsets) - 1, np.int64), np.zeros(len(offsets) - 1, np.int64)
        counting.uses(*table, *chunks, uses_V)
        counting.costs(*table, pool, offsets, costs_V)
        value = (uses_V * costs_V)[len(singles) :]
        used = int((value > 0).sum())
        if used == len(value) <= room:
            spellings = [pool[offsets[v] : offsets[v + 1]] for v in range(len(offsets) - 1)]
            return spellings, uses_V
        keep = min(used, max(room, int(_KEEP_A_ROUND * len(value))))
        best = np.sort(np.argsort(-value, kind="stable")[:keep])
        candidates = candidates.take(best)


def _lay_out(singles: list[NDArray[np.uint32]], candidates: Strings) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """One pool and its offsets for the single keys and then the candidates."""
    pool = np.concatenate([*singles, candidates.pool_P])
    offsets = np.concatenate([np.arange(len(singles)), candidates.offsets_U + len(singles)])
    return pool.astype(np.uint32), offsets.astype(np.int64)
