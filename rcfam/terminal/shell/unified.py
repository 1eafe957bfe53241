"""The hunks of `git diff`: three lines around each change, those that meet in one."""

from typing import Final

import numpy as np

from rcfam.terminal import attributes as A
from rcfam.terminal.lines import differ
from rcfam.terminal.shell.context import Output

_AROUND: Final = 3
_NO_END: Final = "\n\\ No newline at end of file\n"

Change = tuple[int, int, int, int]
"""lines old[a:b] give way to new[c:d]"""


def unified(old: bytes, new: bytes) -> Output:
    """What `git diff` prints of two texts below its headers. Lines that need too many edits are replaced whole."""
    before, after = _lines(old), _lines(new)
    changes = _changes(before, after)
    output: Output = []
    start = 0
    for stop in range(1, len(changes) + 1):
        if stop == len(changes) or changes[stop][0] - changes[stop - 1][1] > 2 * _AROUND:
            output += _hunk(before, after, changes[start:stop])
            start = stop
    return output


def _lines(text: bytes) -> list[bytes]:
    """Lines with their newline; the last one may have none."""
    lines = text.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _changes(before: list[bytes], after: list[bytes]) -> list[Change]:
    first, most = 0, min(len(before), len(after))
    while first < most and before[first] == after[first]:
        first += 1
    last = 0
    while last < most - first and before[-1 - last] == after[-1 - last]:
        last += 1
    a, b = before[first : len(before) - last], after[first : len(after) - last]
    if not a or not b:
        return [(first, first + len(a), first, first + len(b))]
    *_, hunks = differ(_text(a), len(a), _text(b), len(b))
    found = hunks.tolist() or [[0, len(a), 0, len(b)]]
    return [(first + i, first + j, first + k, first + n) for i, j, k, n in found]


def _text(lines: list[bytes]) -> np.ndarray:
    """Lines as the kernel takes them: a last one without a newline differs from the same one with it."""
    text = b"".join(lines)
    return np.frombuffer(text if text.endswith(b"\n") else text + b"\0\n", np.uint8)


def _hunk(before: list[bytes], after: list[bytes], changes: list[Change]) -> Output:
    start, stop = max(changes[0][0] - _AROUND, 0), min(changes[-1][1] + _AROUND, len(before))
    new_start = changes[0][2] - (changes[0][0] - start)
    new_stop = changes[-1][3] + stop - changes[-1][1]
    head = f"@@ -{_range(start, stop)} +{_range(new_start, new_stop)} @@\n"
    output: Output = [(head, A.HUNK)]
    at = start
    for a, b, c, d in changes:
        output += [(_marked(" ", before[at:a]), A.PLAIN)]
        output += [(_marked("-", before[a:b]), A.REMOVED), (_marked("+", after[c:d]), A.ADDED)]
        at = b
    return [*output, (_marked(" ", before[at:stop]), A.PLAIN)]


def _range(start: int, stop: int) -> str:
    count = stop - start
    first = start if count == 0 else start + 1
    return str(first) if count == 1 else f"{first},{count}"


def _marked(mark: str, lines: list[bytes]) -> str:
    text = "".join(mark + line.decode("utf-8", "surrogateescape") for line in lines)
    return text if text.endswith("\n") or not text else text + _NO_END
