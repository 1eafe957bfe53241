"""Where two texts differ: runs of whole lines, found without looking twice at what is equal at both ends."""

from functools import lru_cache
from typing import NamedTuple, TypeVar

from rcfam.typist.lines import Changes

Text = TypeVar("Text", str, bytes)

_STRIDE = 1 << 14


class ChangedLines(NamedTuple):
    """Lines of the old text from line `start` (from 0) on, `old`, become `new`; lines are without their newlines."""

    start: int
    old: list[str]
    new: list[str]


class Difference(NamedTuple):
    """What separates two texts. `lines` counts the lines of the old one; the first `shared` of them are `before`.

    `middle` holds the old lines that follow, at least up to the end of the last region; None where there is one region.
    """

    lines: int
    regions: list[ChangedLines]
    before: bytes
    shared: int
    middle: Changes | None

    def occurs(self, word: str, start: int, stop: int) -> bool:
        """Whether an ASCII word stands anywhere in the old lines `start : stop`, where start is 0 or in the middle."""
        sought = word.encode("ascii")
        if start < self.shared and sought in self.before:
            return True
        first, last = max(0, start - self.shared), max(0, stop - self.shared)
        return self.middle is not None and first < last and sought in self.middle.text(first, last)


def common_prefix(a: Text, b: Text) -> int:
    """The number of leading items that `a` and `b` share."""
    place, limit = 0, min(len(a), len(b))
    while place < limit and a[place : place + _STRIDE] == b[place : place + _STRIDE]:
        place += _STRIDE
    if place >= limit:
        return limit
    low, high = place, min(place + _STRIDE, limit)  # equal up to low; the first difference is at high or before
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_suffix(a: Text, b: Text, limit: int) -> int:
    """The number of trailing items that `a` and `b` share, at most `limit`."""
    length_a, length_b, place = len(a), len(b), 0
    while place + _STRIDE <= limit and (
        a[length_a - place - _STRIDE : length_a - place] == b[length_b - place - _STRIDE : length_b - place]
    ):
        place += _STRIDE
    low, high = place, min(place + _STRIDE, limit)
    while low < high:
        middle = (low + high + 1) // 2
        if a[length_a - middle : length_a - low] == b[length_b - middle : length_b - low]:
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=256)
def common_ends(a: str, b: str) -> tuple[int, int]:
    """The numbers of leading and of trailing characters that two lines share, none counted twice."""
    prefix = common_prefix(a, b)
    return prefix, common_suffix(a, b, min(len(a), len(b)) - prefix)


def difference(old: bytes, new: bytes) -> Difference:
    """The regions that turn the lines of `old` into those of `new`, both UTF-8, top to bottom.

    A missing final newline counts as present: who cares compares the ends. Lines split at newlines only.
    """
    old = old if old.endswith(b"\n") or not old else old + b"\n"
    new = new if new.endswith(b"\n") or not new else new + b"\n"
    if old == new:
        return Difference(old.count(b"\n"), [], b"", 0, None)
    start = old.rfind(b"\n", 0, common_prefix(old, new)) + 1
    suffix = common_suffix(old, new, min(len(old), len(new)) - start)
    cut_old, cut_new = len(old) - suffix, len(new) - suffix
    if not (_starts_line(old, cut_old, start) and _starts_line(new, cut_new, start)):
        newline = old.find(b"\n", cut_old)
        suffix = len(old) - newline - 1 if newline >= 0 else 0
    before, after = old.count(b"\n", 0, start), old.count(b"\n", len(old) - suffix)
    old_part, new_part = old[start : len(old) - suffix], new[start : len(new) - suffix]
    if not old_part or not new_part or (_is_one_line(old_part) and _is_one_line(new_part)):
        only = ChangedLines(before, _split(old_part), _split(new_part))
        return Difference(before + len(only.old) + after, [only], old[:start], before, None)
    found = Changes(old_part, new_part)
    regions = [ChangedLines(before + h[0], found.old(h[0], h[1]), found.new(h[2], h[3])) for h in found.hunks]
    return Difference(before + found.lines + after, regions, old[:start], before, found)


def _starts_line(text: bytes, place: int, start: int) -> bool:
    return place == start or text[place - 1 : place] == b"\n"


def _is_one_line(part: bytes) -> bool:
    return part.find(b"\n") + 1 == len(part)


def _split(part: bytes) -> list[str]:
    return part.decode("utf-8").split("\n")[:-1]
