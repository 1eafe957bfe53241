"""Text from elsewhere for people to read: what a file, a repository or a server says, safe to print.

Names, paths, messages, marks and answers of others may hold escape sequences, which move the cursor, set the title or
rewrite what stands above; format characters, which turn the reading direction round; and halves of surrogate pairs,
which no encoding takes. `printable` shows them; `say` prints lines of such text. No other code prints.
"""

import sys
import unicodedata
from functools import lru_cache
from typing import Final, TextIO

MOST_CHARACTERS: Final = 4_000
"""Of one printed line. What is longer is cut there, and the number of characters left out is said."""

_INVISIBLE: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # controls, formats, surrogates, line separators
_JOINER: Final = "\u200d"  # holds the parts of an emoji together
_PICTURES: Final = 0x2400  # the picture of control character n is U+2400 + n
_DELETE: Final = 0x7F
_DELETE_PICTURE: Final = "\u2421"
_REPLACEMENT: Final = "\ufffd"


def printable(text: object, most: int = MOST_CHARACTERS) -> str:
    """`text` as one line: control, format and surrogate characters become visible ones.

    A control character below 32 and Delete become their pictures (a newline becomes U+240A), the others U+FFFD. Text of
    more than `most` characters ends with how many more there are.
    """
    line = str(text)
    left_out = len(line) - most
    if left_out > 0:
        line = line[:most]
    if not line.isprintable():
        line = "".join(map(_visible, line))
    return line if left_out <= 0 else f"{line} ... ({left_out:,} more characters)"


def whole(text: str) -> str:
    """`text` with U+FFFD for each half of a surrogate pair, so that any file and any table takes it."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@lru_cache(4096)
def _visible(character: str) -> str:
    code = ord(character)
    if code < ord(" "):
        return chr(_PICTURES + code)
    if code == _DELETE:
        return _DELETE_PICTURE
    if unicodedata.category(character) in _INVISIBLE and character != _JOINER:
        return _REPLACEMENT
    return character


def say(text: object = "", file: TextIO | None = None, flush: bool = False) -> None:
    """Print `text` to `file` (standard output), each of its lines printable.

    A character that the file's encoding lacks becomes a question mark.
    """
    file = sys.stdout if file is None else file
    if file is None:  # standard output was closed before the program began
        return
    lines = "\n".join(map(printable, str(text).split("\n")))
    encoding = getattr(file, "encoding", None) or "utf-8"
    file.write(lines.encode(encoding, "replace").decode(encoding) + "\n")
    if flush:
        file.flush()
