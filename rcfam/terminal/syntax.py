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
from rcfam.terminal import state as S
from rcfam.terminal import syntax_rules as T
from rcfam.terminal import syntax_tables
from rcfam.terminal.cells import GLYPH_BITS

SYNC_LINES: Final = 32  # the lexer begins so many lines above the window, and up to as many more
_GRAMMARS, _WORDS = syntax_tables.tables()
_LABEL: Final = (1 << 32) - 1
_SUMMARY: Final = 50  # characters of a commit's subject


@inner
def _is_blank(c: Any) -> bool:
    return c == 32 or c == 9


@inner
def _kind(g: Any, c: Any) -> Any:
    """What a character may begin; those beyond ASCII are letters."""
    return g[c] if c < 128 else np.int32(T.WORD | T.PART)


@inner
def _at(line: Any, g: Any, place: Any, i: Any) -> bool:
    """Does the mark at `place` of the grammar stand at `i`?"""
    n = g[place]
    if n == 0 or i + n > len(line):
        return False
    for k in range(n):  # noqa: SIM110 - a kernel
        if line[i + k] != g[place + 1 + k]:
            return False
    return True


@inner
def _paint(tint: Any, i: Any, j: Any, colour: Any) -> None:
    shifted = np.uint32(colour << GLYPH_BITS)
    for k in range(i, j):
        tint[k] = shifted


@inner
def _word_end(line: Any, g: Any, i: Any) -> Any:
    while i < len(line) and _kind(g, line[i]) & T.PART:
        i += 1
    return i


@inner
def _find(line: Any, i: Any, c: Any) -> Any:
    """Where `c` stands next, or the line's length."""
    while i < len(line) and line[i] != c:
        i += 1
    return i


@inner
def _skip_blanks(line: Any, i: Any) -> Any:
    while i < len(line) and _is_blank(line[i]):
        i += 1
    return i


@inner
def _value(words: Any, g: Any, line: Any, i: Any, j: Any, lead: Any) -> Any:
    """What the word i:j means, behind the character `lead` if that is not 0; 0 where it is not listed."""
    c = np.int64(line[i])
    fold = g[T.FOLD]
    if c >= 128 or not g[T.LENGTHS + c] >> min(j - i, 30) & 1:
        return np.int64(0)
    h = np.int64(g[T.NUMBER])
    if lead:
        h = h * T.HASH_FACTOR + lead
    for k in range(i, j):
        c = np.int64(line[k])
        if fold and 65 <= c <= 90:
            c += 32
        h = (h * T.HASH_FACTOR + c) & T.HASH_MASK
    mask = len(words) - 1
    slot = (h ^ h >> 17) & mask
    while words[slot]:
        if words[slot] >> T.VALUE_BITS == h:
            return words[slot] & T.VALUE_MASK
        slot = (slot + 1) & mask
    return np.int64(0)


@inner
def _sigil(line: Any, g: Any, i: Any) -> Any:
    """The end of the name that the sigil at `i` leads, `i` where it leads none."""
    j = i + 1
    if j >= len(line):
        return i
    sigil = line[i]
    c = line[j]
    rule = g[T.SIGIL_OPEN]
    if (c == 123 and rule & 1) or (c == 40 and rule & 2):
        k = _find(line, j, 125 if c == 123 else 41)
        return k + 1 if k < len(line) else i
    if c == sigil and (sigil == 64 or sigil == 45):
        j += 1
    if j > i + 1 or _kind(g, c) & T.KIND == T.WORD:
        k = _word_end(line, g, j)
        while sigil == 64 and k + 1 < len(line) and line[k] == 46 and _kind(g, line[k + 1]) & T.KIND == T.WORD:
            k = _word_end(line, g, k + 1)
        return k if k > j else i
    if rule & 4 and (48 <= c <= 57 or c in (63, 33, 36, 35, 42, 64, 45, 60, 94)):
        return j + 1
    return i


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
        if flags & T.AFTER_BLANK and not (_is_blank(c) or c == 59 or c == 124 or c == 38 or c == 40):
            return False
        if flags & T.NOT_IN_WORD and _kind(g, c) & T.PART:
            return False
    if flags & T.AFTER_OPERATOR and prior != 0 and (_kind(g, prior) & T.PART or prior in (41, 93, 125, 34, 39)):
        return False
    if flags & T.CHARACTER:
        return i + 2 < len(line) and (line[i + 1] == 92 or line[i + 2] == line[i])
    if flags & T.CLOSED:
        k = i + n
        if k >= len(line) or _is_blank(line[k]) or _at(line, g, r + T.END, k):
            return False
        escape = g[r + T.ESCAPE]
        while k < len(line):
            if escape and line[k] == escape:
                k += 1
            elif _at(line, g, r + T.END, k):
                return True
            k += 1
        return False
    return True


@inner
def _is_hexadecimal(c: Any) -> bool:
    return 48 <= c <= 57 or 97 <= c <= 102 or 65 <= c <= 70


@inner
def _escape_end(line: Any, i: Any, whole: bool) -> Any:
    """The end of the escape at `i`; `whole`: with its digits."""
    j = min(i + 2, len(line))
    if whole and i + 1 < len(line):
        c = line[i + 1]
        most = 0
        if c == 120 or c == 117:
            most = i + (4 if c == 120 else 6)
            while j < min(most, len(line)) and _is_hexadecimal(line[j]):
                j += 1
        elif 48 <= c <= 55:
            while j < min(i + 4, len(line)) and 48 <= line[j] <= 55:
                j += 1
    return j


@inner
def _careful(words: Any, g: Any, r: Any, line: Any, tint: Any, i: Any, bare: bool) -> Any:
    """Colour what stands out inside the region at `r`, from `i` on; return its end, `i` where nothing does.

    `bare`: in a tag, its name is still to come.
    """
    flags = g[r + T.FLAGS]
    c = line[i]
    if c >= 128:
        return i
    if flags & T.NOTES:
        if 65 <= c <= 90 and (i == 0 or not _kind(g, line[i - 1]) & T.PART):
            j = _word_end(line, g, i)
            if _value(words, g, line, i, j, 0) & T.NOTE:
                _paint(tint, i, j, A.TODO)
                return j
        return i
    if flags & T.SIGILS and g[c] & T.KIND == T.SIGIL:
        j = _sigil(line, g, i)
        _paint(tint, i, j, g[T.COLOURS + c])
        return j
    if flags & T.BRACES and c == 35 and i + 1 < len(line) and line[i + 1] == 123:
        j = _find(line, i, 125)
        if j < len(line):
            _paint(tint, i, j + 1, A.PREPROC)
            _paint(tint, i + 2, j, 0)
            return j + 1
        return i
    if flags & T.FORMATS and c == 37:
        j = i + 1
        while j < len(line) and (48 <= line[j] <= 57 or line[j] in (32, 35, 42, 43, 45, 46)):
            j += 1
        while j < len(line) and line[j] in (104, 106, 108, 76, 113, 116, 122):
            j += 1
        if j < len(line) and (97 <= line[j] <= 122 or 65 <= line[j] <= 90 or line[j] == 37):
            _paint(tint, i, j + 1, A.PREPROC)
            return j + 1
        return i
    if flags & T.TAG:
        if c == 34 or c == 39:
            j = min(_find(line, i + 1, c) + 1, len(line))
            _paint(tint, i, j, A.CONSTANT)
            return j
        if g[c] & T.PART:
            j = _word_end(line, g, i)
            _paint(tint, i, j, g[r + T.ESCAPE_COLOUR] if bare else A.TYPE)
            return j
    return i


@inner
def _inside(words: Any, g: Any, r: Any, line: Any, tint: Any, i: Any, depth: Any, bare: bool) -> tuple[int, int]:
    """Colour the open region at `r` from `i` on: (its end, how deep it still is); -1 is where its end mark stood."""
    colour = g[r + T.COLOUR]
    flags = g[r + T.FLAGS]
    escape = g[r + T.ESCAPE]
    last = g[r + T.END + 1] if g[r + T.END] else 10
    careful = flags & T.CAREFUL
    while i < len(line):
        c = np.int64(line[i])
        if c == last and _at(line, g, r + T.END, i):
            n = g[r + T.END]
            if flags & T.DOUBLED and _at(line, g, r + T.END, i + n):
                _paint(tint, i, i + 2 * n, A.PREPROC)
                i += 2 * n
                continue
            _paint(tint, i, i + n, g[r + T.MARK_COLOUR])
            i += n
            depth -= 1
            if depth < 0:
                break
            continue
        if c == escape and escape:
            j = _escape_end(line, i, g[r + T.ESCAPE_COLOUR] != colour)
            _paint(tint, i, j, g[r + T.ESCAPE_COLOUR])
            i = j
            continue
        if careful:
            if flags & T.NESTED and _at(line, g, r + T.START, i):
                n = g[r + T.START]
                _paint(tint, i, i + n, colour)
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
def _number_end(line: Any, g: Any, i: Any) -> Any:
    """The end of the number that begins at `i`."""
    radix = line[i] == 48 and i + 1 < len(line) and (line[i + 1] | 32) == 120
    j = i + 1
    while j < len(line):
        c = line[j]
        if c == 46:
            if j + 1 < len(line) and (line[j + 1] == 46 or _kind(g, line[j + 1]) & T.KIND == T.WORD):
                break
        elif c == 43 or c == 45:
            if radix or line[j - 1] | 32 != 101:
                break
        elif not _kind(g, c) & T.PART:
            break
        j += 1
    return j


@inner
def _key(g: Any, line: Any, tint: Any) -> Any:
    """Colour the key at a line's start; return where the rest begins."""
    rule = g[T.KEY_RULE]
    if len(line) > 0 and rule & T.KEY_UNTABBED and line[0] == 9:
        return 0
    i = _skip_blanks(line, 0)
    if rule & T.KEY_DASHES:
        while i < len(line) and line[i] == 45 and (i + 1 == len(line) or _is_blank(line[i + 1])):
            tint[i] = np.uint32(A.STATEMENT << GLYPH_BITS)
            i = _skip_blanks(line, i + 1)
    k = i
    while k < len(line):
        c = line[k]
        if c == g[T.KEY_MARKS] or c == g[T.KEY_MARKS + 1]:
            if not rule & T.KEY_SPACED or k + 1 == len(line) or _is_blank(line[k + 1]):
                break
        elif c == 34 or c == 39 or c == 35 or c == 123 or c == 91:
            return i
        k += 1
    if k >= len(line) or k == i:
        return i
    j = k
    while j > i and (_is_blank(line[j - 1]) or line[j - 1] in (33, 43, 63)):
        j -= 1
    _paint(tint, i, j, g[T.KEY_COLOUR])
    tint[k] = np.uint32(g[T.KEY_MARK_COLOUR] << GLYPH_BITS)
    return k + 1


@inner
def _scalar(words: Any, g: Any, line: Any, tint: Any, i: Any, flow: bool) -> Any:
    """Colour a plain value of YAML from `i` on; return its end."""
    j = i
    while j < len(line):
        c = line[j]
        if c == 35 and j > i and _is_blank(line[j - 1]):
            break
        if flow and (c == 44 or c == 93 or c == 125):
            break
        j += 1
    end = j
    while end > i and _is_blank(line[end - 1]):
        end -= 1
    colour = np.int64(0)
    c = line[i]
    if end == i + 1 and (c == 124 or c == 62):
        colour = np.int64(A.PREPROC)
    elif c == 38 or c == 42:
        colour = np.int64(A.TYPE)
    elif 48 <= c <= 57:
        colour = np.int64(A.CONSTANT)
        for k in range(i, end):
            if not (48 <= line[k] <= 57 or line[k] == 46):
                colour = np.int64(0)
    elif _word_end(line, g, i) == end and end > i:
        colour = _value(words, g, line, i, end, 0) & T.VALUE_COLOUR
    _paint(tint, i, end, colour)
    return max(j, i + 1)


@inner
def _colour_of(g: Any, line: Any, i: Any, j: Any) -> Any:
    """The colour of the word i:j that is not listed, from its shape and what follows."""
    if j < len(line):
        c = line[j]
        behind = line[j + 1] if j + 1 < len(line) else np.uint32(32)
        if c == 40 and g[T.CALLED]:
            return g[T.CALLED]
        if c == 33 and behind != 61 and g[T.BANGED]:
            return g[T.BANGED]
        if c == 61 and behind != 61 and g[T.ASSIGNED]:
            return g[T.ASSIGNED]
        if c == 58 and behind == 58 and g[T.PATHED]:
            return g[T.PATHED]
        if c == 58 and _is_blank(behind) and g[T.LABELLED]:
            return g[T.LABELLED]
    return g[T.CAPITAL] if 65 <= line[i] <= 90 else np.int32(0)


@inner
def _label(line: Any, i: Any, j: Any) -> Any:
    """The hash of a here-document's name."""
    h = np.int64(j - i)
    for k in range(i, j):
        h = (h * 31 + np.int64(line[k])) & _LABEL
    return h


@inner
def _here(g: Any, r: Any, line: Any, tint: Any, i: Any) -> tuple[Any, Any]:
    """Read the name of a here-document's last line behind its start mark at `i`: (its end, the state of the next line);
    the state is 0 where there is no name.
    """
    j = i + np.int64(g[r + T.START])
    strip = np.int64(0)
    if j < len(line) and (line[j] == 45 or line[j] == 126):
        strip = np.int64(1)
        j += 1
    tight = g[r + T.FLAGS] & T.HERE_QUOTED
    if not tight:
        j = _skip_blanks(line, j)
    quote = np.int64(0)
    if j < len(line) and (line[j] == 34 or line[j] == 39 or line[j] == 92):
        quote = np.int64(line[j])
        j += 1
    k = _word_end(line, g, j)
    if k == j or 48 <= line[j] <= 57 or (tight and not quote and not 65 <= line[j] <= 90):
        return i, np.int64(0)
    label = _label(line, j, k)
    if k < len(line) and line[k] == quote:
        k += 1
    _paint(tint, i, k, g[r + T.MARK_COLOUR])
    return k, np.int64((r - T.REGIONS) // T.REGION + 1) | strip << 8 | label << 16


@inner
def _ends_here(g: Any, r: Any, line: Any, before: Any) -> bool:
    """Is the line the last one of the here-document of the state `before`?"""
    i = _skip_blanks(line, 0) if before >> 8 & 255 else 0
    j = _word_end(line, g, i)
    return j > i and _label(line, i, j) == before >> 16 & _LABEL and (j == len(line) or line[j] == 59)


@inner
def _region_at(line: Any, g: Any, i: Any, first: bool, prior: Any) -> Any:
    """The number of the region that starts at `i`, -1 for none."""
    number = np.int64(g[T.CHAINS + line[i]])
    while number > 0:
        r = T.REGIONS + (number - 1) * T.REGION
        if _at(line, g, r + T.START, i) and _may_start(line, g, r, i, first, prior):
            break
        number = np.int64(g[r + T.NEXT])
    return number - 1


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
            if _ends_here(g, r, line, before):
                _paint(tint, 0, len(line), g[r + T.MARK_COLOUR])
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
            i, depth = _inside(words, g, r, line, tint, i, depth, bare)
            if depth >= 0:
                break
            depth = np.int64(0)
            flags = g[r + T.FLAGS]
            if flags & T.KEYED and opened >= 0:
                k = _skip_blanks(line, i)
                if k < len(line) and line[k] == 58:
                    _paint(tint, opened + 1, i - 1, A.STATEMENT)
            region = region + 1 if flags & T.THEN else np.int64(-1)
            prior = np.int64(34)
            first = False
            continue
        c = np.int64(line[i])
        kind = np.int64(_kind(g, c))
        if kind & T.STARTS:
            number = _region_at(line, g, i, first, prior)
            if number >= 0:
                r = T.REGIONS + number * T.REGION
                if g[r + T.FLAGS] & T.HERE:
                    k, state = _here(g, r, line, tint, i)
                    if state:
                        pending = state
                        i = k
                        prior = np.int64(34)
                        continue
                else:
                    region = number
                    opened = i
                    bare = True
                    _paint(tint, i, i + g[r + T.START], g[r + T.MARK_COLOUR])
                    i += g[r + T.START]
                    continue
        if _is_blank(c):
            tint[i] = np.uint32(base << GLYPH_BITS)
            i += 1
            continue
        kind &= T.KIND
        j = i + 1
        if g[T.SCALARS]:
            if c == 91 or c == 93 or c == 123 or c == 125 or c == 44:
                flow = True
                tint[i] = np.uint32(A.PREPROC << GLYPH_BITS)
            else:
                j = _scalar(words, g, line, tint, i, flow)
        elif kind == T.WORD:
            j = _word_end(line, g, i)
            value = np.int64(0)
            if not quiet and not (prior == 46 and g[T.DOTTED]):
                value = _value(words, g, line, i, j, 0)
                if value & T.NOTE or (value & T.FIRST_WORD and not first):
                    value = np.int64(0)
            colour = value & T.VALUE_COLOUR
            if colour == 0 and following:
                colour = following
            elif colour == 0 and not quiet and g[T.SHAPED]:
                colour = np.int64(_colour_of(g, line, i, j))
                if colour and j < len(line):
                    if line[j] == 33 and g[T.BANGED]:
                        j += 1
                    elif line[j] == 58 and g[T.PATHED]:
                        j += 2
                    elif line[j] == 58:
                        values = np.int64(g[T.VALUES])
            if colour == 0:
                colour = base | values
            if colour:
                _paint(tint, i, j, colour)
            following = value >> 6 & 63
            c = np.int64(97)
        elif kind == T.DIGIT:
            j = _number_end(line, g, i)
            _paint(tint, i, j, g[T.NUMBERS])
        elif kind == T.SIGIL:
            if c == 36 or i == 0 or not (_kind(g, line[i - 1]) & T.PART or line[i - 1] == c):
                j = _sigil(line, g, i)
            if j > i + 1:
                _paint(tint, i, j, g[T.COLOURS + c])
                if g[T.SIGIL_NAME]:
                    _paint(tint, i + 1, j, g[T.SIGIL_NAME])
                c = np.int64(97)
            else:
                tint[i] = np.uint32(base << GLYPH_BITS)
                j = i + 1
        elif kind == T.DIRECTIVE and first:
            k = _skip_blanks(line, i + 1)
            e = _word_end(line, g, k)
            value = _value(words, g, line, k, e, c) if e > k else np.int64(0)
            if value:
                j = e
                _paint(tint, i, j, value & T.VALUE_COLOUR)
                if value & T.INCLUDE:
                    k = _find(line, j, 60)
                    e = _find(line, k, 62)
                    if e < len(line):
                        _paint(tint, k, e + 1, A.CONSTANT)
                        j = e + 1
                else:
                    base = value & T.VALUE_COLOUR
                    quiet = np.int64(1) if value & T.QUIET else np.int64(0)
        elif c == 92 and j < len(line):
            j += 1
            _paint(tint, i, j, base)
        else:
            tint[i] = np.uint32((base if base or c >= 128 else np.int64(g[T.COLOURS + c])) << GLYPH_BITS)
            following = np.int64(0)
            if c == 59:
                values = np.int64(0)
        prior = c
        first = False
        i = j
    slashed = len(line) > 0 and line[len(line) - 1] == 92
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
        k = line if line < ctl[S.GAP] else line + ctl[S.GAP_SIZE]
        state = colour_line(s, s.lines[k, 0], s.lines[k, 1], state)
        line += 1
    ctl[S.SYNC_LINE] = top
    ctl[S.SYNC_STATE] = state
    ctl[S.LOWEST] = S.STICK
    return state
