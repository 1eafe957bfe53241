"""The cheapest plausible keys that change a part of one line."""

import re
from bisect import bisect_right
from random import Random
from typing import NamedTuple

from rcfam.typist.difference import common_ends
from rcfam.typist.key_text import BACKSPACE, ESCAPE, typed
from rcfam.typist.lines import Changes
from rcfam.typist.motions import first_non_blank, is_plain, times, to_column, words

# Characters that certainly stand alone: no combining marks, joiners, variation selectors or emoji modifiers among them.
# The editor counts a base character with its marks as one, so a line with others is changed whole.
_ALONE = re.compile(
    "[\x01-\u02ff\u0370-\u0482\u048a-\u0590\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u3029\u3030-\u3098\u309b-\ua66e"
    "\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U0001f300-\U0001f3fa\U0001f400-\U0001faff]*"
)
_PIECES = re.compile(r"\w+|[ \t]+|[^\w \t]")
_WORTH_SPLITTING = 8  # both sides at least this long before a second look, word by word
_CLOSE = 3  # edits this near to each other are one
_FEW_BACKSPACES = 3
_MANY_WORDS = 5  # nobody counts further before `d` or `c`
_MANY_CHARACTERS = 9  # nor further before `s`
_SHORT_TAIL = 15  # what is rather typed again
_WORTH_A_WORD = 3  # characters; smaller changes are made inside a word
_REST_OF_WORD = 5  # at most so many of a word's other characters are typed again with it


class Edit(NamedTuple):
    """Keys, and the cursor's column after them (None: not known)."""

    keys: str
    column: int | None


class _Span(NamedTuple):
    start: int
    stop: int
    new: str


def stands_alone(text: str) -> bool:
    """Whether each code point of `text` is one character to the editor."""
    return (text.isascii() and "\0" not in text) or _ALONE.fullmatch(text) is not None


def edit_line(line: str, column: int | None, new: str, random: Random) -> Edit | None:
    """Turn `line` into `new`, which may hold newlines, with the cursor on the line. None where only the whole will do.

    The column after is that in the last line of `new`.
    """
    if not (stands_alone(line) and stands_alone(new.replace("\n", ""))):
        if new.startswith(line):
            return Edit("A" + typed(new[len(line) :]) + ESCAPE, None)
        return None
    prefix, suffix = common_ends(line, new)
    span = _whole_words(line, _Span(prefix, len(line) - suffix, new[prefix : len(new) - suffix]))
    best = _one(line, column, span, random)
    if "\n" not in span.new and span.stop - span.start >= _WORTH_SPLITTING and len(span.new) >= _WORTH_SPLITTING:
        spans = _split(line, span)
        if len(spans) > 1:
            several = _several(line, column, spans, random)
            if len(several.keys) < len(best.keys):
                return several
    return best


def _whole_words(line: str, span: _Span) -> _Span:
    """The change as people see it: where a good part of a word becomes another, the word does."""
    start, stop, new = span
    if not new or "\n" in new or start == stop or max(stop - start, len(new)) < _WORTH_A_WORD or not is_plain(line):
        return span
    begins, ends = words(line)
    place = bisect_right(begins, start) - 1
    if place >= 0 and start < ends[place]:
        start = begins[place]
    place = bisect_right(begins, stop - 1) - 1
    if place >= 0 and stop < ends[place]:
        stop = ends[place]
    if span.start - start + stop - span.stop > _REST_OF_WORD:
        return span
    return _Span(start, stop, line[start : span.start] + new + line[span.stop : stop])


def _split(line: str, span: _Span) -> list[_Span]:
    """A long change as several short ones, word by word, left to right."""
    old, new = _PIECES.findall(line[span.start : span.stop]), _PIECES.findall(span.new)
    found: list[_Span] = []
    place, done = span.start, 0
    for old_start, old_stop, new_start, new_stop in Changes(_as_lines(old), _as_lines(new)).hunks:
        start = place + sum(map(len, old[done:old_start]))
        place = start + sum(map(len, old[old_start:old_stop]))
        done = old_stop
        text = "".join(new[new_start:new_stop])
        if found and start - found[-1].stop <= _CLOSE:
            last = found.pop()
            start, text = last.start, last.new + line[last.stop : start] + text
        found.append(_Span(start, place, text))
    return found


def _as_lines(pieces: list[str]) -> bytes:
    return ("\n".join(pieces) + "\n").encode("utf-8")


def _several(line: str, column: int | None, spans: list[_Span], random: Random) -> Edit:
    keys, shift = [], 0
    for span in spans:
        moved = _Span(span.start + shift, span.stop + shift, span.new)
        edit = _one(line, column, moved, random)
        keys.append(edit.keys)
        column = edit.column
        line = line[: moved.start] + moved.new + line[moved.stop :]
        shift += len(span.new) - (span.stop - span.start)
    return Edit("".join(keys), column)


def _one(line: str, column: int | None, span: _Span, random: Random) -> Edit:
    """One change in one place."""
    start, stop, new = span
    if start == stop:
        return _insert(line, column, start, new)
    if stop == len(line):
        return _change_tail(line, column, start, new)
    go = to_column(line, column, start)
    if not new:
        return Edit(go + _delete(line, start, stop, random), start)
    if stop - start == 1 and len(new) == 1 and new.isprintable():
        return Edit(f"{go}r{new}", start)
    command = _change(line, start, stop, random)
    if command[0].isdigit() and stop - start > _MANY_CHARACTERS and len(line) - stop <= _SHORT_TAIL:
        return _after_typing(go + "C", start, new + line[stop:])
    return _after_typing(go + command, start, new)


def _after_typing(command: str, start: int, new: str) -> Edit:
    last = new.rpartition("\n")[2]
    column = len(last) if "\n" in new else start + len(last)
    return Edit(command + typed(new) + ESCAPE, max(0, column - 1))


def _insert(line: str, column: int | None, start: int, new: str) -> Edit:
    if start == len(line):
        return _after_typing("A", start, new)
    if start == first_non_blank(line) and line[start] not in " \t":
        return _after_typing("I", start, new)
    before = to_column(line, column, start) + "i"
    if start > 0 and len(before) > 1:
        after = to_column(line, column, start - 1) + "a"
        before = min(before, after, key=len)
    return _after_typing(before, start, new)


def _change_tail(line: str, column: int | None, start: int, new: str) -> Edit:
    """Replace everything from `start` to the line's end."""
    count = len(line) - start
    if new:
        if start == 0:
            return _after_typing("cc", 0, new)
        command = to_column(line, column, start) + "C"
        if count <= _FEW_BACKSPACES and count + 1 <= len(command) and is_plain(line[start:]):
            command = "A" + BACKSPACE * count
        return _after_typing(command, start, new)
    return Edit(to_column(line, column, start) + ("x" if count == 1 else "D"), max(0, start - 1))


def _delete(line: str, start: int, stop: int, random: Random) -> str:
    """Keys that delete up to `stop`, which is not the line's end, from the cursor at `start`."""
    best = times(stop - start, "x")
    if len(best) == 1 or not is_plain(line):
        return best
    begins, ends = words(line)
    place = bisect_right(begins, stop)
    if place and begins[place - 1] == stop:
        count = place - bisect_right(begins, start)
        if count <= _MANY_WORDS:
            return "dw" if count == 1 else f"d{count}w"
    place = bisect_right(ends, stop)
    if place and ends[place - 1] == stop and stop > start + 1:
        count = place - bisect_right(ends, start + 1)
        if count <= _MANY_WORDS:
            best = "de" if count == 1 else f"d{count}e"
    near = best[0] != "d" and len(best) > 2 and line.find(line[stop], start + 1) == stop
    if near and (stop - start > _MANY_CHARACTERS or random.random() < 0.5):
        best = "dt" + line[stop]
    return best


def _change(line: str, start: int, stop: int, random: Random) -> str:
    """Keys that delete up to `stop`, which is not the line's end, from the cursor at `start`, and begin to insert."""
    count = stop - start
    best = "s" if count == 1 else f"{count}s"
    if count == 1 or not is_plain(line):
        return best
    if line[start] not in " \t":
        ends = words(line).ends
        place = bisect_right(ends, stop)
        if place and ends[place - 1] == stop:
            words_changed = place - bisect_right(ends, start)
            if words_changed <= _MANY_WORDS:
                return "cw" if words_changed == 1 else f"c{words_changed}w"
    if line.find(line[stop], start + 1) == stop and (count > _MANY_CHARACTERS or random.random() < 0.5):
        return "ct" + line[stop]
    return best
