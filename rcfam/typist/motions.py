"""The cheapest plausible keys that move the editor's cursor."""

import re
from collections.abc import Iterator
from itertools import islice
from random import Random

from rcfam.typist.strokes import DOWN, ENTER, UP

_PLAIN = re.compile(r"[\t -~]*")
_WORDS = re.compile(r"[0-9A-Za-z_]+|[^0-9A-Za-z_ \t]+")
_BLANK = " \t"
_FEW = 3  # up to here a key is repeated rather than counted
_MANY_WORDS = 9  # nobody counts further
_ARROWS_SHARE = 0.15
_COLON_SHARE = 0.15


def is_plain(line: str) -> bool:
    """Whether every character is printable ASCII or a tab, so that words are where ASCII puts them."""
    return _PLAIN.fullmatch(line) is not None


def words(line: str, start: int) -> Iterator[tuple[int, int]]:
    """The (start, end) of the editor's words in a plain line from column `start` on, end excluded.

    A word that begins before `start` comes with `start` as its beginning.
    """
    return (match.span() for match in _WORDS.finditer(line, start))


def first_non_blank(line: str) -> int:
    """Where `^`, `I` and line jumps put the cursor: the last column for a line of blanks only."""
    column = len(line) - len(line.lstrip(_BLANK))
    return max(0, len(line) - 1) if column == len(line) else column


def times(count: int, key: str) -> str:
    """`key`, `count` times: repeated when few, else with a count."""
    return key * count if count <= _FEW else f"{count}{key}"


def to_row(row: int, target: int, rows: int, random: Random) -> tuple[str, bool]:
    """The keys from line `row` to line `target` (from 0, of `rows`), and whether they end on the first non-blank."""
    distance = abs(target - row)
    if distance == 0:
        return "", False
    down = target > row
    if distance <= _FEW or len(str(distance)) < len(str(target + 1)):
        if random.random() < _ARROWS_SHARE:
            return times(distance, DOWN if down else UP), False
        return times(distance, "j" if down else "k"), False
    if target == 0:
        return "gg", True
    if target == rows - 1:
        return "G", True
    return (f":{target + 1}{ENTER}" if random.random() < _COLON_SHARE else f"{target + 1}G"), True


def to_column(line: str, column: int | None, target: int) -> str:
    """The cheapest keys from `column` (None: unknown) to `target` within `line`, whose length is above both."""
    if column == target:
        return ""
    best = ""
    for start, anchor in _anchors(line, column):
        if start == target:
            keys = anchor
        elif best and len(best) <= len(anchor) + 1:
            continue
        else:
            keys = anchor + _relative(line, start, target)
        if not best or len(keys) < len(best):
            best = keys
    return best


def _anchors(line: str, column: int | None) -> list[tuple[int, str]]:
    anchors = [] if column is None else [(column, "")]
    anchors.append((0, "0"))
    first = first_non_blank(line)
    if first:
        anchors.append((first, "^"))
    anchors.append((len(line) - 1, "$"))
    return anchors


def _relative(line: str, start: int, target: int) -> str:
    distance = target - start
    best = times(abs(distance), "l" if distance > 0 else "h")
    if len(best) == 1 or not is_plain(line):
        return best
    if distance > 0:
        if line.find(line[target], start + 1) == target and len(best) > 2:
            best = "f" + line[target]
        elif target + 1 < len(line) and line.find(line[target + 1], start + 1) == target + 1 and len(best) > 2:
            best = "t" + line[target + 1]
    return _by_words(line, start, target, best)


def _by_words(line: str, start: int, target: int, best: str) -> str:
    """The same way by word starts or ends, if that is no longer than `best`."""
    if target < start:
        return _back_by_words(line, start, target, best)
    begins = ends = 0
    for begin, end in words(line, start):
        if begin > target or begins > _MANY_WORDS:
            break
        if begin > start:
            begins += 1
            if begin == target:
                keys = times(begins, "w")
                return keys if len(keys) <= len(best) else best
        if start < end - 1 <= target:
            ends += 1
            if end - 1 == target:
                keys = times(ends, "e")
                return keys if len(keys) < len(best) else best
    return best


def _back_by_words(line: str, start: int, target: int, best: str) -> str:
    inside = target > 0 and any(end > target for _, end in islice(words(line, target - 1), 1))
    if inside and line[target - 1] not in _BLANK:
        return best  # the target is no word's beginning
    begins = 0
    for begin, _ in words(line, target):
        if begin >= start or begins > _MANY_WORDS:
            break
        if not begins and begin != target:
            return best
        begins += 1
    keys = times(begins, "b")
    return keys if 0 < begins <= _MANY_WORDS and len(keys) <= len(best) else best
