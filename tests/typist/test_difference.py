"""Which lines differ: right, as few as there can be, and never where it matters that two lines are alike."""

import itertools
from bisect import bisect_right

from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.terminal.lines import MOST_EDITS
from rcfam.typist.difference import common_ends, difference
from rcfam.typist.lines import Changes
from rcfam.typist.motions import times, to_column

_LINE = st.sampled_from([b"a\n", b"b\n", b"\n", b"  x\n", b"a b\n", "é\n".encode()])
_TEXT = st.lists(_LINE, min_size=1, max_size=25)


def _longest_common(a: list[bytes], b: list[bytes]) -> int:
    """The length of the longest common subsequence, by the table."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = row
        row = [0]
        for j, y in enumerate(b):
            row.append(before[j] + 1 if x == y else max(before[j + 1], row[j]))
    return row[-1]


def _apply(found: list[tuple[int, int, int, int]], old: list[bytes], new: list[bytes]) -> list[bytes]:
    made: list[bytes] = []
    done = 0
    for start, stop, new_start, new_stop in found:
        made += old[done:start]
        assert len(made) == new_start
        made += new[new_start:new_stop]
        done = stop
    return made + old[done:]


@settings(deadline=None)
@given(_TEXT, _TEXT)
def test_hunks_are_right_and_the_fewest(old: list[bytes], new: list[bytes]) -> None:
    found = Changes(b"".join(old), b"".join(new))
    assert found.lines == len(old)
    assert _apply(found.hunks, old, new) == new
    touched = sum(stop - start + new_stop - new_start for start, stop, new_start, new_stop in found.hunks)
    assert touched == len(old) + len(new) - 2 * _longest_common(old, new)
    for (_, stop, _, new_stop), (start, _, new_start, _) in itertools.pairwise(found.hunks):
        assert stop < start and new_stop < new_start


def test_additions_stand_as_low_as_they_can() -> None:
    old = b"def f():\n    x\n\ndef g():\n    x\n\n"
    new = b"def f():\n    x\n\ndef h():\n    x\n\ndef g():\n    x\n\n"
    assert Changes(old, new).hunks == [(3, 3, 3, 6)]
    assert Changes(b"a\na\n", b"a\na\na\na\n").hunks == [(2, 2, 2, 4)]


def test_texts_that_differ_in_too_much_are_left_to_the_library() -> None:
    old = [b"%d\n" % i for i in range(800)]
    new = [b"x%d\n" % i if i % 2 else b"%d\n" % i for i in range(800)]
    assert MOST_EDITS < 800
    assert _apply(Changes(b"".join(old), b"".join(new)).hunks, old, new) == new


@settings(deadline=None)
@given(st.lists(_LINE, max_size=12), st.lists(_LINE, max_size=12), st.booleans(), st.booleans())
def test_regions_turn_the_old_text_into_the_new(
    old: list[bytes], new: list[bytes], old_ends: bool, new_ends: bool
) -> None:
    before, after = b"".join(old), b"".join(new)
    before, after = before if old_ends else before[:-1], after if new_ends else after[:-1]
    found = difference(before, after)
    split = (before if before.endswith(b"\n") or not before else before + b"\n").decode().split("\n")[:-1]
    assert found.lines == len(split)
    for region in reversed(found.regions):
        assert split[region.start : region.start + len(region.old)] == region.old
        split[region.start : region.start + len(region.old)] = region.new
    assert split == (after if after.endswith(b"\n") or not after else after + b"\n").decode().split("\n")[:-1]


@settings(deadline=None)
@given(st.text("abé", max_size=12), st.text("abé", max_size=12))
def test_common_ends(a: str, b: str) -> None:
    prefix, suffix = common_ends(a, b)
    assert a[:prefix] == b[:prefix]
    assert a[prefix : prefix + 1] != b[prefix : prefix + 1] or prefix == min(len(a), len(b))
    assert prefix + suffix <= min(len(a), len(b))
    assert a[len(a) - suffix :] == b[len(b) - suffix :]


def _moved(line: str, column: int, keys: str) -> int:
    """Where vim's h l 0 ^ $ f t F ; w e b lead in a line of plain text: what the planner may use."""
    begins, ends, last, find, sought = [], [], "", "", ""
    for i, character in enumerate([*line, " "]):
        kind = "" if character in " \t" else "w" if character.isalnum() or character == "_" else "p"
        if kind != last and last:
            ends.append(i - 1)
        if kind != last and kind:
            begins.append(i)
        last = kind
    while keys:
        digits = ""
        while keys[0] in "123456789" or (digits and keys[0] == "0"):
            digits, keys = digits + keys[0], keys[1:]
        key, keys = keys[0], keys[1:]
        if key in "ftF;":
            if key != ";":
                find, sought, keys = key, keys[0], keys[1:]
            if find == "F":
                column = line.rindex(sought, 0, column)
            else:
                column = line.index(sought, column + 1) - (find == "t")
            continue
        for _ in range(int(digits or 1)):
            if key in "hl":
                column += 1 if key == "l" else -1
            elif key == "0":
                column = 0
            elif key == "^":
                column = begins[0] if begins else len(line) - 1
            elif key == "$":
                column = len(line) - 1
            elif key == "w":
                column = begins[bisect_right(begins, column)]
            elif key == "e":
                column = ends[bisect_right(ends, column)]
            else:
                assert key == "b"
                column = max(begin for begin in begins if begin < column)
    return column


@settings(max_examples=400, deadline=None)
@given(st.text("ab_ (.\t", min_size=1, max_size=40), st.data())
def test_motions_lead_where_they_should_in_few_keys(line: str, data: st.DataObject) -> None:
    column = data.draw(st.none() | st.integers(0, len(line) - 1))
    target = data.draw(st.integers(0, len(line) - 1))
    keys = to_column(line, column, target)
    assert _moved(line, column or 0, keys) == target
    if column is not None:
        assert len(keys) <= len(times(abs(target - column), "l")) + 2
