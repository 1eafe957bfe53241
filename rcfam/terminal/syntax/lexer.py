"""The lexer: the colours of one line's characters, from the state in which the line before ended.

A state is one integer: 0, or an open region (its number + 1) with how deep it is nested, the hash of the word that
ends it (here-documents), and the colour of a directive that goes on (q: its words are no keywords):

    54 53  48 47                    16 15     8 7      0
    +-+------+------------------------+--------+--------+
    |q| base |     hash of a word     | depth  | region |
    +-+------+------------------------+--------+--------+

Legend: g a language's row of `grammars`, r where a region of it stands; line the characters of a line, tint their
attributes as they stand in a cell; i, j, k places in the line.
"""

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import attributes as A
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.cells import GLYPH_BITS
from rcfam.terminal.characters import is_blank, is_digit, is_upper
from rcfam.terminal.editor import text
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax import tables
from rcfam.terminal.syntax.regions import ends_here, here, inside, region_at
from rcfam.terminal.syntax.words import find, kind_of, paint, sigil_end, skip_blanks, value_of, word_end

SYNC_LINES: Final = 32  # the lexer begins so many lines above the window, and up to as many more
_GRAMMARS, _WORDS = tables.tables()


@inner
def _number_end(line: Any, g: Any, i: Any) -> Any:
    """The end of the number that begins at `i`."""
    radix = line[i] == K.ZERO and i + 1 < len(line) and (line[i + 1] | K.CASE_BIT) == K.x
    j = i + 1
    while j < len(line):
        c = line[j]
        if c == K.DOT:
            if j + 1 < len(line) and (line[j + 1] == K.DOT or kind_of(g, line[j + 1]) & T.KIND == T.WORD):
                break
        elif c == K.PLUS or c == K.MINUS:
            if radix or line[j - 1] | K.CASE_BIT != K.e:
                break
        elif not kind_of(g, c) & T.PART:
            break
        j += 1
    return j


@inner
def _key(g: Any, line: Any, tint: Any) -> Any:
    """Colour the key at a line's start; return where the rest begins."""
    rule = g[T.KEY_RULE]
    if len(line) > 0 and rule & T.KEY_UNTABBED and line[0] == K.TAB:
        return 0
    i = skip_blanks(line, 0)
    if rule & T.KEY_DASHES:
        while i < len(line) and line[i] == K.MINUS and (i + 1 == len(line) or is_blank(line[i + 1])):
            tint[i] = np.uint32(A.STATEMENT << GLYPH_BITS)
            i = skip_blanks(line, i + 1)
    k = i
    while k < len(line):
        c = line[k]
        if c == g[T.KEY_MARKS] or c == g[T.KEY_MARKS + 1]:
            if not rule & T.KEY_SPACED or k + 1 == len(line) or is_blank(line[k + 1]):
                break
        elif c == K.DOUBLE_QUOTE or c == K.QUOTE or c == K.HASH or c == K.LEFT_BRACE or c == K.LEFT_BRACKET:
            return i
        k += 1
    if k >= len(line) or k == i:
        return i
    j = k
    while j > i and (is_blank(line[j - 1]) or line[j - 1] in (K.BANG, K.PLUS, K.QUESTION)):
        j -= 1
    paint(tint, i, j, g[T.KEY_COLOUR])
    tint[k] = np.uint32(g[T.KEY_MARK_COLOUR] << GLYPH_BITS)
    return k + 1


@inner
def _scalar(words: Any, g: Any, line: Any, tint: Any, i: Any, flow: bool) -> Any:
    """Colour a plain value of YAML from `i` on; return its end."""
    j = i
    while j < len(line):
        c = line[j]
        if c == K.HASH and j > i and is_blank(line[j - 1]):
            break
        if flow and (c == K.COMMA or c == K.RIGHT_BRACKET or c == K.RIGHT_BRACE):
            break
        j += 1
    end = j
    while end > i and is_blank(line[end - 1]):
        end -= 1
    colour = np.int64(0)
    c = line[i]
    if end == i + 1 and (c == K.BAR or c == K.GREATER):
        colour = np.int64(A.PREPROC)
    elif c == K.AMPERSAND or c == K.STAR:
        colour = np.int64(A.TYPE)
    elif is_digit(c):
        colour = np.int64(A.CONSTANT)
        for k in range(i, end):
            if not (is_digit(line[k]) or line[k] == K.DOT):
                colour = np.int64(0)
    elif word_end(line, g, i) == end and end > i:
        colour = value_of(words, g, line, i, end, 0) & T.VALUE_COLOUR
    paint(tint, i, end, colour)
    return max(j, i + 1)


@inner
def _colour_of(g: Any, line: Any, i: Any, j: Any) -> Any:
    """The colour of the word i:j that is not listed, from its shape and what follows."""
    if j < len(line):
        c = line[j]
        behind = line[j + 1] if j + 1 < len(line) else np.uint32(K.SPACE)
        if c == K.LEFT_PAREN and g[T.CALLED]:
            return g[T.CALLED]
        if c == K.BANG and behind != K.EQUALS and g[T.BANGED]:
            return g[T.BANGED]
        if c == K.EQUALS and behind != K.EQUALS and g[T.ASSIGNED]:
            return g[T.ASSIGNED]
        if c == K.COLON and behind == K.COLON and g[T.PATHED]:
            return g[T.PATHED]
        if c == K.COLON and is_blank(behind) and g[T.LABELLED]:
            return g[T.LABELLED]
    return g[T.CAPITAL] if is_upper(line[i]) else np.int32(0)


@inner
def colour_line(s: Any, start: Any, count: Any, before: Any) -> Any:
    """Write the attributes of the line of `count` characters at `start` to the pool's region TINT, those of the first
    MOST_TINT at most; return the state after it.
    """
    g = _GRAMMARS[s.ctl[S.SYNTAX]]
    line = s.pool[start : start + min(count, S.MOST_TINT)]
    words = _WORDS
    tint = s.pool[S.TINT : S.TINT + len(line)]
    for k in range(len(line)):
        tint[k] = 0
    region = (before & 255) - 1
    depth = before >> 8 & 255
    base = before >> 48 & 63
    quiet = before >> 54 & 1
    i = np.int64(0)
    if region >= 0:
        r = T.REGIONS + region * T.REGION
        if g[r + T.FLAGS] & T.HERE:
            depth = np.int64(0)
            if ends_here(g, r, line, before):
                paint(tint, 0, len(line), g[r + T.MARK_COLOUR])
                return np.int64(0)
    elif g[T.KEY_MARKS]:
        i = np.int64(_key(g, line, tint))
    first = i == 0
    pending = np.int64(0)
    following = np.int64(0)
    prior = np.int64(0)
    opened = np.int64(-1)
    values = np.int64(0)
    bare = False
    flow = False
    while i < len(line):
        if region >= 0:
            r = T.REGIONS + region * T.REGION
            i, depth = inside(words, g, r, line, tint, i, depth, bare)
            if depth >= 0:
                break
            depth = np.int64(0)
            flags = g[r + T.FLAGS]
            if flags & T.KEYED and opened >= 0:
                k = skip_blanks(line, i)
                if k < len(line) and line[k] == K.COLON:
                    paint(tint, opened + 1, i - 1, A.STATEMENT)
            region = region + 1 if flags & T.THEN else np.int64(-1)
            prior = np.int64(K.DOUBLE_QUOTE)
            first = False
            continue
        c = np.int64(line[i])
        kind = np.int64(kind_of(g, c))
        if kind & T.STARTS:
            number = region_at(line, g, i, first, prior)
            if number >= 0:
                r = T.REGIONS + number * T.REGION
                if g[r + T.FLAGS] & T.HERE:
                    k, state = here(g, r, line, tint, i)
                    if state:
                        pending = state
                        i = k
                        prior = np.int64(K.DOUBLE_QUOTE)
                        continue
                else:
                    region = number if not g[r + T.FLAGS] & T.ALONE else np.int64(-1)
                    opened = i
                    bare = True
                    paint(tint, i, i + g[r + T.START], g[r + T.MARK_COLOUR])
                    i += g[r + T.START]
                    continue
        if is_blank(c):
            tint[i] = np.uint32(base << GLYPH_BITS)
            i += 1
            continue
        kind &= T.KIND
        j = i + 1
        if g[T.SCALARS]:
            if c == K.LEFT_BRACKET or c == K.RIGHT_BRACKET or c == K.LEFT_BRACE or c == K.RIGHT_BRACE or c == K.COMMA:
                flow = True
                tint[i] = np.uint32(A.PREPROC << GLYPH_BITS)
            else:
                j = _scalar(words, g, line, tint, i, flow)
        elif kind == T.WORD:
            j = word_end(line, g, i)
            value = np.int64(0)
            if not quiet and not (prior == K.DOT and g[T.DOTTED]):
                value = value_of(words, g, line, i, j, 0)
                if value & T.NOTE or (value & T.FIRST_WORD and not first):
                    value = np.int64(0)
            colour = value & T.VALUE_COLOUR
            if colour == 0 and following:
                colour = following
            elif colour == 0 and not quiet and g[T.SHAPED]:
                colour = np.int64(_colour_of(g, line, i, j))
                if colour and j < len(line):
                    if line[j] == K.BANG and g[T.BANGED]:
                        j += 1
                    elif line[j] == K.COLON and g[T.PATHED]:
                        j += 2
                    elif line[j] == K.COLON:
                        values = np.int64(g[T.VALUES])
            if colour == 0:
                colour = base | values
            if colour:
                paint(tint, i, j, colour)
            following = value >> 6 & 63
            c = np.int64(K.a)
        elif kind == T.DIGIT:
            j = _number_end(line, g, i)
            paint(tint, i, j, g[T.NUMBERS])
        elif kind == T.SIGIL:
            if c == K.DOLLAR or i == 0 or not (kind_of(g, line[i - 1]) & T.PART or line[i - 1] == c):
                j = sigil_end(line, g, i)
            if j > i + 1:
                paint(tint, i, j, g[T.COLOURS + c])
                if g[T.SIGIL_NAME]:
                    paint(tint, i + 1, j, g[T.SIGIL_NAME])
                c = np.int64(K.a)
            else:
                tint[i] = np.uint32(base << GLYPH_BITS)
                j = i + 1
        elif kind == T.DIRECTIVE and first:
            k = skip_blanks(line, i + 1)
            e = word_end(line, g, k)
            value = value_of(words, g, line, k, e, c) if e > k else np.int64(0)
            if value:
                j = e
                paint(tint, i, j, value & T.VALUE_COLOUR)
                if value & T.INCLUDE:
                    k = find(line, j, K.LESS)
                    e = find(line, k, K.GREATER)
                    if e < len(line):
                        paint(tint, k, e + 1, A.CONSTANT)
                        j = e + 1
                else:
                    base = value & T.VALUE_COLOUR
                    quiet = np.int64(1) if value & T.QUIET else np.int64(0)
        elif c == K.BACKSLASH and j < len(line):
            j += 1
            paint(tint, i, j, base)
        else:
            tint[i] = np.uint32((base if base or c >= K.ASCII_END else np.int64(g[T.COLOURS + c])) << GLYPH_BITS)
            following = np.int64(0)
            if c == K.SEMICOLON:
                values = np.int64(0)
        prior = c
        first = False
        i = j
    slashed = len(line) > 0 and line[len(line) - 1] == K.BACKSLASH
    if region >= 0:
        flags = g[T.REGIONS + region * T.REGION + T.FLAGS]
        if flags & T.HERE:
            return before
        if flags & T.LINES or (flags & T.CONTINUED and slashed):
            return region + 1 | depth << 8
    if pending:
        return pending
    return base << 48 | quiet << 54 if slashed and base else np.int64(0)


@inner
def _base_of(line: Any) -> Any:
    """The line from which the state before `line` is found."""
    return max(np.int64(0), (line // SYNC_LINES - 1) * SYNC_LINES)


@inner
def state_at(s: Any, top: Any) -> Any:
    """The state before line `top`: what its base leads to, from nothing; remembered while no line above changes."""
    ctl = s.ctl
    g = _GRAMMARS[ctl[S.SYNTAX]]
    if not g[T.STATEFUL]:
        return np.int64(0)
    line = _base_of(top)
    state = np.int64(0) if line > 0 else np.int64(g[T.INITIAL])
    known = ctl[S.SYNC_LINE]
    if 0 <= known <= top and _base_of(known) == line and ctl[S.LOWEST] >= known:
        line = known
        state = ctl[S.SYNC_STATE]
    while line < top:
        k = text.slot(ctl, line)
        state = colour_line(s, s.lines[k, 0], s.lines[k, 1], state)
        line += 1
    ctl[S.SYNC_LINE] = top
    ctl[S.SYNC_STATE] = state
    ctl[S.LOWEST] = S.STICK
    return state
