"""Keystrokes while they are planned: text, in which a lone surrogate stands for a named key.

Joining and measuring text is fast, and UTF-8 text never holds surrogates, so nothing typed can be mistaken for a key.
"""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import keys

_FIRST: Final = 0xD800
_LAST: Final = 0xD8FF


def _named(key: int) -> str:
    return chr(_FIRST + key - keys.NAMED)


UP: Final = _named(keys.UP)
DOWN: Final = _named(keys.DOWN)
LEFT: Final = _named(keys.LEFT)
RIGHT: Final = _named(keys.RIGHT)
HOME: Final = _named(keys.HOME)
END: Final = _named(keys.END)
ENTER: Final = chr(keys.ENTER)
ESCAPE: Final = chr(keys.ESCAPE)
BACKSPACE: Final = chr(keys.BACKSPACE)

_LITERAL = "\x16"  # Ctrl-V: the next key is inserted as it is
_CONTROLS = re.compile("[\x01-\x08\x0b-\x1f\x7f]")


def typed(text: str) -> str:
    """The strokes that insert `text` in insert mode: a newline is Enter, control characters follow Ctrl-V."""
    if _CONTROLS.search(text):
        text = _CONTROLS.sub(_literally, text)
    return text.replace("\n", ENTER)


def _literally(match: re.Match[str]) -> str:
    # Ctrl-B is the multiplexer's prefix and Backspace a named key of many terminals; Ctrl-V also takes three digits.
    character = match.group()
    return f"{_LITERAL}{ord(character):03}" if character in "\x02\x7f" else _LITERAL + character


def to_keys(strokes: str) -> NDArray[np.uint32]:
    """Planned strokes as keystrokes (K,), codes of rcfam.terminal.keys."""
    codes = np.frombuffer(strokes.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    named = (codes >= _FIRST) & (codes <= _LAST)
    if named.any():
        codes = np.where(named, codes + np.uint32(keys.NAMED - _FIRST), codes)
    return codes
