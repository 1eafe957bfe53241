"""The compiled part: a trie in a double array, greedy longest match inside chunks, and the way back.

Theory of operation. A node of the trie is a row of one array, (parent, base, token, 0); the root is row 0. The child of
node n by a key with code c stands at row base[n] + c when that row's parent is n: one row of 16 bytes is all that a key
costs, and any kernel can read it without the GIL. Codes number the keys that stand in the vocabulary, from 1 on. A
token is matched inside one chunk (chunks.py), longest first. A key that begins no token is spelled in hexadecimal
digits with 32 spelling tokens:

    token  0 .. 15   digit d, and more digits follow
    token 16 .. 31   digit d, and it is the last

most significant digit first, without leading zeros, so that any uint32 key costs one to eight tokens.
"""

# K keystrokes, N tokens, V vocabulary, P pool of the tokens' keys, H hash slots, M trie nodes, E edges, G groups of
# edges with one parent, B borders

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import inner, kernel
from rcfam.tokenizer.chunks import chunk_end

SPELLING: Final = 32  # how many tokens spell what the vocabulary does not hold
SPELL_LAST: Final = 16
MAX_SPELLED: Final = 8  # hexadecimal digits of a uint32
_KEY_BITS: Final = 21  # every key that may stand in a vocabulary is below 1 << 21
_EMPTY: Final = -1
_PARENT: Final = 0  # columns of a row
_BASE: Final = 1
_TOKEN: Final = 2
_TRIES: Final = 256  # places looked at for the children of one node, before they go to the end


class Trie(NamedTuple):
    """Rows (M, 4) int32 of the double array, and the codes of keys: of ASCII by table, of others by their rank."""

    rows_M4: NDArray[np.int32]
    ascii: NDArray[np.int32]
    """(129,) the code of each ASCII key, 0 for none, and how many have one."""
    others: NDArray[np.uint32]
    """The other keys, ascending; their codes follow the last of ASCII."""


def build(pool_P: NDArray[np.uint32], offsets_V: NDArray[np.int64]) -> Trie:
    """The trie of tokens whose keys are pool_P[offsets_V[v] : offsets_V[v + 1]]; tokens without keys are passed
    over.
    """
    alphabet = np.unique(pool_P)
    ascii_codes = np.zeros(129, np.int32)
    plain = alphabet[alphabet < 128]
    ascii_codes[plain] = np.arange(1, len(plain) + 1)
    ascii_codes[128] = len(plain)
    edges_E, children_E, tokens_M = _edges(pool_P, offsets_V)
    parents_E, keys_E = edges_E >> _KEY_BITS, edges_E & ((1 << _KEY_BITS) - 1)
    codes_E = np.searchsorted(alphabet, keys_E) + 1
    begins_G = np.flatnonzero(np.diff(parents_E, prepend=-1))
    sizes_G = np.diff(begins_G, append=len(parents_E))
    order_G = np.argsort(-sizes_G, kind="stable")
    room = 2 * len(tokens_M) + len(alphabet) + 2
    while True:
        rows_M4 = np.full((room, 4), _EMPTY, np.int32)
        used = _place(parents_E, codes_E, children_E, begins_G[order_G], sizes_G[order_G], tokens_M, rows_M4)
        if used > 0:
            return Trie(rows_M4[:used].copy(), ascii_codes, alphabet[len(plain) :].astype(np.uint32))
        room *= 2


def _edges(
    pool_P: NDArray[np.uint32], offsets_V: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """The trie's edges, parent node << 21 | key, ascending; the node each leads to; and each node's token or -1."""
    capacity = 64
    while capacity < 2 * len(pool_P):
        capacity *= 2
    edges_H = np.full(capacity, _EMPTY, dtype=np.int64)
    children_H = np.zeros(capacity, dtype=np.int32)
    tokens_M = np.full(len(pool_P) + 1, _EMPTY, dtype=np.int32)
    nodes = _fill(edges_H, children_H, tokens_M, pool_P, offsets_V)
    slots_E = np.flatnonzero(edges_H != _EMPTY)
    slots_E = slots_E[np.argsort(edges_H[slots_E])]
    return edges_H[slots_E], children_H[slots_E].astype(np.int64), tokens_M[:nodes].copy()


@inner
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


@kernel
def _place(parents_E, codes_E, children_E, begins_G, sizes_G, tokens_M, rows_M4):  # type: ignore[no-untyped-def]
    """Find rows for all nodes, the children of one node after the other, large families first; returns how many rows
    are in use, 0 where there are too few.
    """
    row_M = np.zeros(tokens_M.shape[0], np.int64)
    base_M = np.zeros(tokens_M.shape[0], np.int64)
    rows_M4[0, _PARENT] = 0
    free, used = 1, 1
    for group in range(begins_G.shape[0]):
        begin = begins_G[group]
        end = begin + sizes_G[group]
        while free < used and rows_M4[free, _PARENT] != _EMPTY:
            free += 1
        place, tries = max(free, codes_E[begin]), 0
        while True:  # `place` is where the first child would stand
            base = place - codes_E[begin]
            if base + codes_E[end - 1] >= rows_M4.shape[0]:
                return 0
            fits = True
            for edge in range(begin, end):
                if rows_M4[base + codes_E[edge], _PARENT] != _EMPTY:
                    fits = False
                    break
            if fits:
                break
            tries += 1
            place = place + 1 if tries < _TRIES else max(place + 1, used)
        base_M[parents_E[begin]] = base
        for edge in range(begin, end):
            row = base + codes_E[edge]
            row_M[children_E[edge]] = row
            rows_M4[row, _PARENT] = 0  # taken; the parent's row may not be known yet
            used = max(used, row + 1)
    last = 0
    for edge in range(parents_E.shape[0]):
        rows_M4[row_M[children_E[edge]], _PARENT] = row_M[parents_E[edge]]
        last = max(last, codes_E[edge])
    for node in range(tokens_M.shape[0]):
        rows_M4[row_M[node], _BASE] = base_M[node]
        rows_M4[row_M[node], _TOKEN] = tokens_M[node]
    rows_M4[0, _PARENT] = _EMPTY
    for node in range(tokens_M.shape[0]):  # any code may be looked for below any node
        used = max(used, base_M[node] + last + 1)
    return used if used <= rows_M4.shape[0] else 0


@inner
def _code(ascii_codes, others, key):  # type: ignore[no-untyped-def]
    """The code of a key, 0 where the vocabulary does not hold it."""
    if key < 128:
        return np.int64(ascii_codes[key])
    low, high = 0, others.shape[0]
    while low < high:
        middle = (low + high) // 2
        if others[middle] < key:
            low = middle + 1
        else:
            high = middle
    if low < others.shape[0] and others[low] == key:
        return np.int64(ascii_codes[128]) + 1 + low
    return np.int64(0)


@inner
def longest(rows_M4, ascii_codes, others, keys_K, start, stop, barred):  # type: ignore[no-untyped-def]
    """(token, end) of the longest token but `barred` that begins at `start` and ends by `stop`; (-1, start) where
    none does.
    """
    node = np.int64(0)
    token = np.int64(-1)
    end = start
    for place in range(start, stop):
        code = _code(ascii_codes, others, keys_K[place])
        if code == 0:
            break
        child = rows_M4[node, _BASE] + code
        if rows_M4[child, _PARENT] != node:
            break
        node = child
        found = rows_M4[node, _TOKEN]
        if found >= 0 and found != barred:
            token = np.int64(found)
            end = place + 1
    return token, end


@inner
def spelled(key):  # type: ignore[no-untyped-def]
    """How many hexadecimal digits spell `key`."""
    digits = 1
    while digits < MAX_SPELLED and (np.int64(key) >> (4 * digits)) > 0:
        digits += 1
    return digits


@inner
def _spell(key, start, tokens_N, starts_N, count):  # type: ignore[no-untyped-def]
    """Append the hexadecimal digits of `key`; returns the new count."""
    for digit in range(spelled(key) - 1, -1, -1):
        value = (np.int64(key) >> (4 * digit)) & 15
        tokens_N[count] = value if digit else value + SPELL_LAST
        starts_N[count] = start
        count += 1
    return count


@kernel
def encode_block(  # type: ignore[no-untyped-def]
    rows_M4, ascii_codes, others, keys_K, start, borders_B, final, base, tokens_N, starts_N
):
    """The tokens of keys_K[start:] and the place (plus `base`) of each one's first key.

    No token reaches across one of the ascending `borders_B`, the last of which is the end of the keys. With `final`
    false the last chunk, which later keys might make longer, is held back. Stops early, between chunks, when tokens_N
    could overflow. Returns (first key not encoded, tokens made).
    """
    count = 0
    for border in range(borders_B.shape[0]):
        stop = borders_B[border]
        open_end = border == borders_B.shape[0] - 1 and not final
        while start < stop:
            end = chunk_end(keys_K, start, stop)
            # A capital at the end of an UPPER run moves to the next chunk when a lower letter follows: look one key
            # further.
            if end >= stop and open_end:
                return start, count
            if count + MAX_SPELLED * (end - start) > tokens_N.shape[0]:
                return start, count
            while start < end:
                token, after = longest(rows_M4, ascii_codes, others, keys_K, start, end, -1)
                if token >= 0:
                    tokens_N[count] = token
                    starts_N[count] = base + start
                    count += 1
                    start = after
                else:
                    count = _spell(keys_K[start], base + start, tokens_N, starts_N, count)
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
