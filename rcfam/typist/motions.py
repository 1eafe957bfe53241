"""The cheapest plausible keys that move the editor's cursor."""

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from random import Random
from typing import NamedTuple

from rcfam.typist.key_text import DOWN, ENTER, UP

_PLAIN = re.compile(r"[\t -~]*")
_WORDS = re.compile(r"[0-9A-Za-z_]+|[^0-9A-Za-z_ \t]+")
_BLANK = " \t"
_FEW = 3  # up to here a key is repeated rather than counted
_MANY_WORDS = 9  # nobody counts further
_MANY_COLUMNS = 9
_MANY_LINES = 12  # farther lines are known by their number
_UNCOUNTABLE = 2  # keys that other ways may cost more where one would have to count farther
_REPEATS = 3  # of `f` by `;`
_ARROWS_SHARE = 0.15
_COLON_SHARE = 0.15


def is_plain(line: str) -> bool:
    """Whether every character is printable ASCII or a tab, so that words are where ASCII puts them."""
    return line.isascii() and (line.isprintable() or _PLAIN.fullmatch(line) is not None)


class Words(NamedTuple):
    """Where the editor's words in a plain line begin and end (end excluded), left to right."""

    begins: list[int]
    ends: list[int]


@lru_cache(maxsize=64)
def words(line: str) -> Words:
    """The words of a plain line."""
    spans = [match.span() for match in _WORDS.finditer(line)]
    return Words([begin for begin, _ in spans], [end for _, end in spans])


def first_non_blank(line: str) -> int:
    """Where `^`, `I` and line jumps put the cursor: the last column for a line of blanks only."""
    column = len(line) - len(line.lstrip(_BLANK))
    return max(0, len(line) - 1) if column == len(line) else column


def times(count: int, key: str) -> str:
    """`key`, `count` times: repeated when few, else with a count."""
    return key * count if count <= _FEW else f"{count}{key}"


def _by_count(count: int, key: str, best: str, limit: int) -> str:
    """`count` times `key` where people count so far and it takes at most `limit` keys, else `best`."""
    keys = times(count, key)
    return keys if count <= _MANY_WORDS and len(keys) <= limit else best


def to_row(row: int, target: int, rows: int, random: Random) -> tuple[str, bool]:
    """The keys from line `row` to line `target` (from 0, of `rows`), and whether they end on the first non-blank."""
    distance = abs(target - row)
    if distance == 0:
        return "", False
    down = target > row
    if distance <= _FEW or (distance <= _MANY_LINES and len(str(distance)) < len(str(target + 1))):
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
    distance = abs(target - start)
    best = times(distance, "l" if target > start else "h")
    if len(best) == 1 or not is_plain(line):
        return best
    limit = len(best) + (_UNCOUNTABLE if distance > _MANY_COLUMNS else 0)
    found = _by_character(line, start, target)
    if found and len(found) < limit:
        best, limit = found, len(found)
    return (_by_words if target > start else _back_by_words)(line, start, target, best, limit)


def _by_character(line: str, start: int, target: int) -> str:
    """The same way by `f`, `t` or `F`; nothing where none of them leads there soon."""
    wanted = line[target]
    if target < start:
        steps = line.count(wanted, target, start)
        return "F" + wanted + ";" * (steps - 1) if steps <= _REPEATS else ""
    steps = line.count(wanted, start + 1, target + 1)
    if steps <= _REPEATS:
        return "f" + wanted + ";" * (steps - 1)
    if target + 1 < len(line) and line.find(line[target + 1], start + 1) == target + 1:
        return "t" + line[target + 1]
    return ""


def _by_words(line: str, start: int, target: int, best: str, limit: int) -> str:
    """The same way forward by word starts or ends, if that takes at most `limit` keys, else `best`."""
    begins, ends = words(line)
    place = bisect_right(begins, target)
    if place and begins[place - 1] == target:
        return _by_count(place - bisect_right(begins, start), "w", best, limit)
    place = bisect_right(ends, target + 1)
    if place and ends[place - 1] == target + 1:
        return _by_count(place - bisect_right(ends, start + 1), "e", best, limit)
    return best


def _back_by_words(line: str, start: int, target: int, best: str, limit: int) -> str:
    """The same way back by word starts, if that takes at most `limit` keys, else `best`."""
    begins = words(line).begins
    place = bisect_left(begins, target)
    if place == len(begins) or begins[place] != target:
        return best
    return _by_count(bisect_left(begins, start) - place, "b", best, limit)
