"""What of a long output can still be seen: a key costs no more for what has scrolled away before it ends."""

from typing import Final, TypeVar

from rcfam.terminal.shell.context import Output

_SCREENS: Final = 64
Text = TypeVar("Text", str, bytes)


def most(rows: int, columns: int) -> int:
    """Characters that are printed of an output at most."""
    return _SCREENS * rows * columns


def last_part(text: Text, newline: Text, count: int, columns: int) -> Text:
    """At least the last `count` of a text, from the beginning of a line on.

    Of a line longer than `count` from the beginning of a row on, if all its characters are one column wide.
    """
    if len(text) <= count:
        return text
    cut = len(text) - count
    start = text.rfind(newline, 0, cut) + 1
    return text[start if cut - start < count else cut - (cut - start) % columns :]


def last_screens(output: Output, rows: int, columns: int) -> Output:
    """The end of an output, of which all that is before has scrolled away."""
    count = most(rows, columns)
    total = sum(len(text) for text, _ in output)
    if total <= count:
        return output
    left = len(last_part("".join(text for text, _ in output), "\n", count, columns))
    kept: Output = []
    for text, attribute in reversed(output):
        kept.append((text[max(len(text) - left, 0) :], attribute))
        left -= len(text)
        if left <= 0:
            break
    return kept[::-1]
