"""The compiled part: a trie in one hash table, greedy longest match inside chunks, and the way back.

Theory of operation. Node 0 is the root. An edge (node, key) is one entry of an open-addressing table with linear
probing, so the whole trie is three flat arrays that any kernel can read without the GIL. A token is matched inside one
chunk (chunks.py), longest first. A key that begins no token is spelled in hexadecimal digits with 32 spelling tokens:

    token  0 .. 15   digit d, and more digits follow
    token 16 .. 31   digit d, and it is the last

most significant digit first, without leading zeros, so that any uint32 key costs one to eight tokens.
"""

# K keystrokes, N tokens, V vocabulary, P pool of the tokens' keys, H hash slots, M trie nodes

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import kernel
from rcfam.tokenizer.chunks import chunk_end

SPELLING: Final = 32  # how many tokens spell what the vocabulary does not hold
SPELL_LAST: Final = 16
MAX_SPELLED: Final = 8  # hexadecimal digits of a uint32
_KEY_BITS: Final = 21  # every key that may stand in a vocabulary is below 1 << 21
_EMPTY: Final = -1


class Trie(NamedTuple):
    """Edges (H entries: node << 21 | key, or -1; and the child) and, for every node, the token that ends there or
    -1.
    """

    edges_H: NDArray[np.int64]
    children_H: NDArray[np.int32]
    tokens_M: NDArray[np.int32]


@kernel
def _slot(edges_H, edge):  # type: ignore[no-untyped-def]
    """The slot that holds `edge`, or the empty one where it belongs."""
    mask = edges_H.shape[0] - 1
    mixed = np.uint64(edge) * np.uint64(0x9E3779B97F4A7C15)
    slot = np.int64(mixed >> np.uint64(32)) & mask
    while edges_H[slot] != edge and edges_H[slot] != _EMPTY:
        slot = (slot + 1) & mask
    return slot


@kernel
def _fill(edges_H, children_H, tokens_M, pool_P, offsets_V):  # type: ignore[no-untyped-def]
    nodes = 1
    for token in range(offsets_V.shape[0] - 1):
        if offsets_V[token] == offsets_V[token + 1]:
            continue  # a spelling token: it stands for no key by itself
        node = 0
        for place in range(offsets_V[token], offsets_V[token + 1]):
            edge = (np.int64(node) << _KEY_BITS) | np.int64(pool_P[place])
            slot = _slot(edges_H, edge)
            if edges_H[slot] == _EMPTY:
                edges_H[slot] = edge
                children_H[slot] = nodes
                nodes += 1
            node = children_H[slot]
        tokens_M[node] = token
    return nodes


def build(pool_P: NDArray[np.uint32], offsets_V: NDArray[np.int64]) -> Trie:
    """The trie of tokens whose keys are pool_P[offsets_V[v] : offsets_V[v + 1]]; tokens without keys are passed
    over.
    """
    capacity = 64
    while capacity < 3 * len(pool_P):
        capacity *= 2
    edges_H = np.full(capacity, _EMPTY, dtype=np.int64)
    children_H = np.zeros(capacity, dtype=np.int32)
    tokens_M = np.full(len(pool_P) + 1, -1, dtype=np.int32)
    nodes = _fill(edges_H, children_H, tokens_M, pool_P, offsets_V)
    return Trie(edges_H, children_H, tokens_M[:nodes].copy())


@kernel
def longest(edges_H, children_H, tokens_M, keys_K, start, stop, barred):  # type: ignore[no-untyped-def]
    """(token, end) of the longest token but `barred` that begins at `start` and ends by `stop`; (-1, start) where
    none does.
    """
    node = 0
    token = -1
    end = start
    for place in range(start, stop):
        key = np.int64(keys_K[place])
        if key >> _KEY_BITS:
            break
        edge = (np.int64(node) << _KEY_BITS) | key
        slot = _slot(edges_H, edge)
        if edges_H[slot] == _EMPTY:
            break
        node = children_H[slot]
        if tokens_M[node] >= 0 and tokens_M[node] != barred:
            token = tokens_M[node]
            end = place + 1
    return token, end


@kernel
def spell(key, start, tokens_N, starts_N, count):  # type: ignore[no-untyped-def]
    """Append the hexadecimal digits of `key`; returns the new count."""
    digits = 1
    while digits < MAX_SPELLED and (np.int64(key) >> (4 * digits)) > 0:
        digits += 1
    for digit in range(digits - 1, -1, -1):
        value = (np.int64(key) >> (4 * digit)) & 15
        tokens_N[count] = value if digit else value + SPELL_LAST
        starts_N[count] = start
        count += 1
    return count


@kernel
def encode_span(  # type: ignore[no-untyped-def]
    edges_H, children_H, tokens_M, keys_K, start, stop, final, base, tokens_N, starts_N, count
):
    """Append the tokens of keys_K[start:stop] and the place (plus `base`) of each one's first key.

    With `final` false the last chunk, which later keys might make longer, is held back. Stops early, between chunks,
    when tokens_N could overflow. Returns (first key not encoded, new count).
    """
    while start < stop:
        end = chunk_end(keys_K, start, stop)
        # A capital at the end of an UPPER run moves to the next chunk when a lower letter follows: look one key
        # further.
        if end >= stop and not final:
            break
        if count + MAX_SPELLED * (end - start) > tokens_N.shape[0]:
            break
        while start < end:
            token, after = longest(edges_H, children_H, tokens_M, keys_K, start, end, -1)
            if token >= 0:
                tokens_N[count] = token
                starts_N[count] = base + start
                count += 1
                start = after
            else:
                count = spell(keys_K[start], base + start, tokens_N, starts_N, count)
                start += 1
    return start, count


@kernel
def decoded_length(tokens_N, lengths_V):  # type: ignore[no-untyped-def]
    """How many keys the tokens stand for; -1 - n where token n is outside the vocabulary or breaks the spelling."""
    length = 0
    digits = 0
    for n in range(tokens_N.shape[0]):
        token = tokens_N[n]
        if token < 0 or token >= lengths_V.shape[0]:
            return -1 - n
        if token >= SPELLING:
            if digits:
                return -1 - n
            length += lengths_V[token]
        else:
            digits += 1
            if digits > MAX_SPELLED:
                return -1 - n
            if token >= SPELL_LAST:
                digits = 0
                length += 1
    if digits:
        return -1 - tokens_N.shape[0]
    return length


@kernel
def decode_into(tokens_N, pool_P, offsets_V, keys_K):  # type: ignore[no-untyped-def]
    """Write the keys of tokens that `decoded_length` has accepted."""
    place = 0
    value = 0
    for n in range(tokens_N.shape[0]):
        token = tokens_N[n]
        if token >= SPELLING:
            for p in range(offsets_V[token], offsets_V[token + 1]):
                keys_K[place] = pool_P[p]
                place += 1
        else:
            value = (value << 4) | (token & 15)
            if token >= SPELL_LAST:
                keys_K[place] = value
                place += 1
                value = 0
