"""Where a token may not reach across: keystrokes fall into chunks by case class, and a token lies inside one chunk.

A chunk is, at the first place where it fits:
- a word piece, with at most one space before it: a lower run, Capitalised, an UPPER run (without the capital that
  begins the next piece), digits, or letters outside ASCII. So camelCase, PascalCase, HTTPServer and snake_case part
  where a reader parts them (paper, section 7).
- a run of punctuation, with at most one space before it and the end of the line behind it, where there is one.
- a run of spaces.
- the end of a line: Enter, repeated or not, with the spaces that follow; any other control or named key repeated.
"""

# K keystrokes

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import kernel
from rcfam.terminal import keys

LOWER: Final = 0
UPPER: Final = 1
DIGIT: Final = 2
SPACE: Final = 3
PUNCTUATION: Final = 4
FOREIGN: Final = 5  # any character from 0x80 on
CONTROL: Final = 6  # control characters and named keys
OUTSIDE: Final = 7  # surrogates and values that are no key: never in a vocabulary, always spelled out

MAX_CHUNK_KEYS: Final = 256  # bounds what a streaming encoder must hold back
_ENTER: Final = keys.ENTER
_LAST_NAMED: Final = keys.NAMED + 63  # room for named keys to come


def _classes() -> NDArray[np.uint8]:
    table = np.full(128, PUNCTUATION, dtype=np.uint8)
    table[:32] = CONTROL
    table[127] = CONTROL
    table[ord(" ")] = SPACE
    table[ord("0") : ord("9") + 1] = DIGIT
    table[ord("A") : ord("Z") + 1] = UPPER
    table[ord("a") : ord("z") + 1] = LOWER
    return table


CLASSES: Final = _classes()


@kernel
def key_class(key):  # type: ignore[no-untyped-def]
    """The class of one key."""
    if key < 128:
        return CLASSES[key]
    if 0xD800 <= key <= 0xDFFF or key > _LAST_NAMED:
        return OUTSIDE
    if key >= 0x110000:
        return CONTROL
    return FOREIGN


@kernel
def _run_end(keys_K, start, stop, wanted):  # type: ignore[no-untyped-def]
    end = start
    while end < stop and key_class(keys_K[end]) == wanted:
        end += 1
    return end


@kernel
def _line_end(keys_K, start, stop):  # type: ignore[no-untyped-def]
    """Past the Enters at `start` and, where there are any, the spaces after them."""
    end = start
    while end < stop and keys_K[end] == _ENTER:
        end += 1
    return _run_end(keys_K, end, stop, SPACE) if end > start else start


@kernel
def _word_end(keys_K, start, stop):  # type: ignore[no-untyped-def]
    """End of the word piece or punctuation that starts at `start`, or `start` where none does."""
    first = key_class(keys_K[start])
    if first == PUNCTUATION:
        return _line_end(keys_K, _run_end(keys_K, start, stop, PUNCTUATION), stop)
    if first in (LOWER, DIGIT, FOREIGN):
        return _run_end(keys_K, start, stop, first)
    if first != UPPER:
        return start
    end = _run_end(keys_K, start, stop, UPPER)
    if end < stop and key_class(keys_K[end]) == LOWER:
        if end == start + 1:
            return _run_end(keys_K, end, stop, LOWER)
        return end - 1
    return end


@kernel
def chunk_end(keys_K, start, stop):  # type: ignore[no-untyped-def]
    """The end (exclusive) of the chunk that begins at `start`; it is at most `stop` and more than `start`."""
    stop = min(stop, start + MAX_CHUNK_KEYS)
    first = key_class(keys_K[start])
    if first == OUTSIDE:
        return start + 1
    if first == CONTROL:
        key = keys_K[start]
        if key == _ENTER:
            return _line_end(keys_K, start, stop)
        end = start + 1
        while end < stop and keys_K[end] == key:
            end += 1
        return end
    if first == SPACE:
        end = _run_end(keys_K, start, stop, SPACE)
        if end == start + 1 and end < stop:
            return max(end, _word_end(keys_K, end, stop))
        return end
    return _word_end(keys_K, start, stop)
