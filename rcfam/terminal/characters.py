"""Tests of characters that the shell, the editor and the colours share."""

from typing import Any, Final

from rcfam.jit import inner
from rcfam.terminal import keys as K

_LATIN_LETTERS: Final = 0xC0  # from here on every character is a letter to vim's 'iskeyword'


@inner
def is_blank(c: Any) -> bool:
    """Whether `c` is a space or a tab."""
    return c == K.SPACE or c == K.TAB


@inner
def is_digit(c: Any) -> bool:
    """Whether `c` is a decimal digit of ASCII."""
    return K.ZERO <= c <= K.NINE


@inner
def is_lower(c: Any) -> bool:
    """Whether `c` is a small letter of ASCII."""
    return K.a <= c <= K.z


@inner
def is_upper(c: Any) -> bool:
    """Whether `c` is a capital letter of ASCII."""
    return K.A <= c <= K.Z


@inner
def is_word(c: Any) -> bool:
    """Whether `c` belongs to a word as vim's default 'iskeyword' has it: `@,48-57,_,192-255` and all beyond."""
    return c == K.UNDERSCORE or is_digit(c) or is_upper(c) or is_lower(c) or c >= _LATIN_LETTERS
