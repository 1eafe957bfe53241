"""Comments, strings and whatever else runs from one mark to another.

Legend: g a language's row of `grammars`, r where a region of it stands; line the characters of a line, tint their
attributes as they stand in a cell; i, j, k places in the line.
"""

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import attributes as A
from rcfam.terminal import keys as K
from rcfam.terminal.cells import GLYPH_BITS
from rcfam.terminal.characters import is_blank, is_digit, is_lower, is_upper
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.words import (
    find,
    kind_of,
    mark_at,
    paint,
    sigil_end,
    skip_blanks,
    value_of,
    word_end,
)

_LABEL: Final = (1 << 32) - 1
_SUMMARY: Final = 50  # characters of a commit's subject


@inner
def _may_start(line: Any, g: Any, r: Any, i: Any, first: bool, prior: Any) -> bool:
    """May the region at `r` start at `i`, where its mark stands? `prior` is the last character before, blanks apart."""
    flags = g[r + T.FLAGS]
    n = g[r + T.START]
    if flags & T.LINE_START and i > 0:
        return False
    if flags & T.FIRST and not first:
        return False
    if i > 0:
        c = line[i - 1]
        if flags & T.AFTER_BLANK and not (
            is_blank(c) or c == K.SEMICOLON or c == K.BAR or c == K.AMPERSAND or c == K.LEFT_PAREN
        ):
            return False
        if flags & T.NOT_IN_WORD and kind_of(g, c) & T.PART:
            return False
    if (
        flags & T.AFTER_OPERATOR
        and prior != 0
        and (
            kind_of(g, prior) & T.PART
            or prior in (K.RIGHT_PAREN, K.RIGHT_BRACKET, K.RIGHT_BRACE, K.DOUBLE_QUOTE, K.QUOTE)
        )
    ):
        return False
    if flags & T.CHARACTER:
        return i + 2 < len(line) and (line[i + 1] == K.BACKSLASH or line[i + 2] == line[i])
    if flags & T.CLOSED:
        k = i + n
        if k >= len(line) or is_blank(line[k]) or mark_at(line, g, r + T.END, k):
            return False
        escape = g[r + T.ESCAPE]
        while k < len(line):
            if escape and line[k] == escape:
                k += 1
            elif mark_at(line, g, r + T.END, k):
                return True
            k += 1
        return False
    return True


@inner
def _is_hexadecimal(c: Any) -> bool:
    return is_digit(c) or K.a <= c <= K.f or K.A <= c <= K.F


@inner
def _escape_end(line: Any, i: Any, whole: bool) -> Any:
    """The end of the escape at `i`; `whole`: with its digits."""
    j = min(i + 2, len(line))
    if whole and i + 1 < len(line):
        c = line[i + 1]
        most = 0
        if c == K.x or c == K.u:
            most = i + (4 if c == K.x else 6)
            while j < min(most, len(line)) and _is_hexadecimal(line[j]):
                j += 1
        elif K.ZERO <= c <= K.SEVEN:
            while j < min(i + 4, len(line)) and K.ZERO <= line[j] <= K.SEVEN:
                j += 1
    return j


@inner
def _careful(words: Any, g: Any, r: Any, line: Any, tint: Any, i: Any, bare: bool) -> Any:
    """Colour what stands out inside the region at `r`, from `i` on; return its end, `i` where nothing does.

    `bare`: in a tag, its name is still to come.
    """
    flags = g[r + T.FLAGS]
    c = line[i]
    if c >= K.ASCII_END:
        return i
    if flags & T.NOTES:
        if is_upper(c) and (i == 0 or not kind_of(g, line[i - 1]) & T.PART):
            j = word_end(line, g, i)
            if value_of(words, g, line, i, j, 0) & T.NOTE:
                paint(tint, i, j, A.TODO)
                return j
        return i
    if flags & T.SIGILS and g[c] & T.KIND == T.SIGIL:
        j = sigil_end(line, g, i)
        paint(tint, i, j, g[T.COLOURS + c])
        return j
    if flags & T.BRACES and c == K.HASH and i + 1 < len(line) and line[i + 1] == K.LEFT_BRACE:
        j = find(line, i, K.RIGHT_BRACE)
        if j < len(line):
            paint(tint, i, j + 1, A.PREPROC)
            paint(tint, i + 2, j, 0)
            return j + 1
        return i
    if flags & T.FORMATS and c == K.PERCENT:
        j = i + 1
        while j < len(line) and (is_digit(line[j]) or line[j] in (K.SPACE, K.HASH, K.STAR, K.PLUS, K.MINUS, K.DOT)):
            j += 1
        while j < len(line) and line[j] in (K.h, K.j, K.l, K.L, K.q, K.t, K.z):
            j += 1
        if j < len(line) and (is_lower(line[j]) or is_upper(line[j]) or line[j] == K.PERCENT):
            paint(tint, i, j + 1, A.PREPROC)
            return j + 1
        return i
    if flags & T.TAG:
        if c == K.DOUBLE_QUOTE or c == K.QUOTE:
            j = min(find(line, i + 1, c) + 1, len(line))
            paint(tint, i, j, A.CONSTANT)
            return j
        if g[c] & T.PART:
            j = word_end(line, g, i)
            paint(tint, i, j, g[r + T.ESCAPE_COLOUR] if bare else A.TYPE)
            return j
    return i


@inner
def inside(words: Any, g: Any, r: Any, line: Any, tint: Any, i: Any, depth: Any, bare: bool) -> tuple[int, int]:
    """Colour the open region at `r` from `i` on: (its end, how deep it still is); -1 is where its end mark stood."""
    colour = g[r + T.COLOUR]
    flags = g[r + T.FLAGS]
    escape = g[r + T.ESCAPE]
    last = g[r + T.END + 1] if g[r + T.END] else K.NEWLINE
    careful = flags & T.CAREFUL
    while i < len(line):
        c = np.int64(line[i])
        if c == last and mark_at(line, g, r + T.END, i):
            n = g[r + T.END]
            if flags & T.DOUBLED and mark_at(line, g, r + T.END, i + n):
                paint(tint, i, i + 2 * n, A.PREPROC)
                i += 2 * n
                continue
            paint(tint, i, i + n, g[r + T.MARK_COLOUR])
            i += n
            depth -= 1
            if depth < 0:
                break
            continue
        if c == escape and escape:
            j = _escape_end(line, i, g[r + T.ESCAPE_COLOUR] != colour)
            paint(tint, i, j, g[r + T.ESCAPE_COLOUR])
            i = j
            continue
        if careful:
            if flags & T.NESTED and mark_at(line, g, r + T.START, i):
                n = g[r + T.START]
                paint(tint, i, i + n, colour)
                i += n
                depth = min(depth + 1, 255)
                continue
            j = _careful(words, g, r, line, tint, i, bare)
            if j > i:
                bare = False
                i = j
                continue
            if flags & T.SUMMARY and i >= _SUMMARY:
                return len(line), depth
        tint[i] = np.uint32(colour << GLYPH_BITS)
        i += 1
    return i, depth


@inner
def _label(line: Any, i: Any, j: Any) -> Any:
    """The hash of a here-document's name."""
    h = np.int64(j - i)
    for k in range(i, j):
        h = (h * 31 + np.int64(line[k])) & _LABEL
    return h


@inner
def here(g: Any, r: Any, line: Any, tint: Any, i: Any) -> tuple[Any, Any]:
    """Read the name of a here-document's last line behind its start mark at `i`: (its end, the state of the next line);
    the state is 0 where there is no name.
    """
    j = i + np.int64(g[r + T.START])
    strip = np.int64(0)
    if j < len(line) and (line[j] == K.MINUS or line[j] == K.TILDE):
        strip = np.int64(1)
        j += 1
    tight = g[r + T.FLAGS] & T.HERE_QUOTED
    if not tight:
        j = skip_blanks(line, j)
    quote = np.int64(0)
    if j < len(line) and (line[j] == K.DOUBLE_QUOTE or line[j] == K.QUOTE or line[j] == K.BACKSLASH):
        quote = np.int64(line[j])
        j += 1
    k = word_end(line, g, j)
    if k == j or is_digit(line[j]) or (tight and not quote and not is_upper(line[j])):
        return i, np.int64(0)
    label = _label(line, j, k)
    if k < len(line) and line[k] == quote:
        k += 1
    paint(tint, i, k, g[r + T.MARK_COLOUR])
    return k, np.int64((r - T.REGIONS) // T.REGION + 1) | strip << 8 | label << 16


@inner
def ends_here(g: Any, r: Any, line: Any, before: Any) -> bool:
    """Is the line the last one of the here-document of the state `before`?"""
    i = skip_blanks(line, 0) if before >> 8 & 255 else 0
    j = word_end(line, g, i)
    return j > i and _label(line, i, j) == before >> 16 & _LABEL and (j == len(line) or line[j] == K.SEMICOLON)


@inner
def region_at(line: Any, g: Any, i: Any, first: bool, prior: Any) -> Any:
    """The number of the region that starts at `i`, -1 for none."""
    number = np.int64(g[T.CHAINS + line[i]])
    while number > 0:
        r = T.REGIONS + (number - 1) * T.REGION
        if mark_at(line, g, r + T.START, i) and _may_start(line, g, r, i, first, prior):
            break
        number = np.int64(g[r + T.NEXT])
    return number - 1
