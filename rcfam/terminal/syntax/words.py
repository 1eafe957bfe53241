"""The lexer's smallest parts: marks, words and names in a line.

Legend: g a language's row of `grammars`, r where a region of it stands; line the characters of a line, tint their
attributes as they stand in a cell; i, j, k places in the line.
"""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal.cells import GLYPH_BITS
from rcfam.terminal.characters import is_blank, is_digit, is_upper
from rcfam.terminal.syntax import rules as T


@inner
def kind_of(g: Any, c: Any) -> Any:
    """What a character may begin; those beyond ASCII are letters."""
    return g[c] if c < K.ASCII_END else np.int32(T.WORD | T.PART)


@inner
def mark_at(line: Any, g: Any, place: Any, i: Any) -> bool:
    """Does the mark at `place` of the grammar stand at `i`?"""
    n = g[place]
    if n == 0 or i + n > len(line):
        return False
    for k in range(n):  # noqa: SIM110 - a kernel
        if line[i + k] != g[place + 1 + k]:
            return False
    return True


@inner
def paint(tint: Any, i: Any, j: Any, colour: Any) -> None:
    shifted = np.uint32(colour << GLYPH_BITS)
    for k in range(i, j):
        tint[k] = shifted


@inner
def word_end(line: Any, g: Any, i: Any) -> Any:
    while i < len(line) and kind_of(g, line[i]) & T.PART:
        i += 1
    return i


@inner
def find(line: Any, i: Any, c: Any) -> Any:
    """Where `c` stands next, or the line's length."""
    while i < len(line) and line[i] != c:
        i += 1
    return i


@inner
def skip_blanks(line: Any, i: Any) -> Any:
    while i < len(line) and is_blank(line[i]):
        i += 1
    return i


@inner
def value_of(words: Any, g: Any, line: Any, i: Any, j: Any, lead: Any) -> Any:
    """What the word i:j means, behind the character `lead` if that is not 0; 0 where it is not listed."""
    c = np.int64(line[i])
    fold = g[T.FOLD]
    if c >= K.ASCII_END or not g[T.LENGTHS + c] >> min(j - i, 30) & 1:
        return np.int64(0)
    h = np.int64(g[T.NUMBER])
    if lead:
        h = h * T.HASH_FACTOR + lead
    for k in range(i, j):
        c = np.int64(line[k])
        if fold and is_upper(c):
            c += K.CASE_BIT
        h = (h * T.HASH_FACTOR + c) & T.HASH_MASK
    mask = len(words) - 1
    slot = (h ^ h >> 17) & mask
    while words[slot]:
        if words[slot] >> T.VALUE_BITS == h:
            return words[slot] & T.VALUE_MASK
        slot = (slot + 1) & mask
    return np.int64(0)


@inner
def sigil_end(line: Any, g: Any, i: Any) -> Any:
    """The end of the name that the sigil at `i` leads, `i` where it leads none."""
    j = i + 1
    if j >= len(line):
        return i
    sigil = line[i]
    c = line[j]
    rule = g[T.SIGIL_OPEN]
    if (c == K.LEFT_BRACE and rule & T.SIGIL_BRACES) or (c == K.LEFT_PAREN and rule & T.SIGIL_PARENS):
        k = find(line, j, K.RIGHT_BRACE if c == K.LEFT_BRACE else K.RIGHT_PAREN)
        return k + 1 if k < len(line) else i
    if c == sigil and (sigil == K.AT or sigil == K.MINUS):
        j += 1
    if j > i + 1 or kind_of(g, c) & T.KIND == T.WORD:
        k = word_end(line, g, j)
        while sigil == K.AT and k + 1 < len(line) and line[k] == K.DOT and kind_of(g, line[k + 1]) & T.KIND == T.WORD:
            k = word_end(line, g, k + 1)
        return k if k > j else i
    if rule & T.SIGIL_SPECIAL and (
        is_digit(c) or c in (K.QUESTION, K.BANG, K.DOLLAR, K.HASH, K.STAR, K.AT, K.MINUS, K.LESS, K.CARET)
    ):
        return j + 1
    return i
