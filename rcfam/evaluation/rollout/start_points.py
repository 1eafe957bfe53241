"""Where rollouts begin: so many keystrokes before the end of an editor session or of a commit that is held out."""

# K keystrokes

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl

from rcfam.dataset.dataset_tables import Mark
from rcfam.dataset.sessions import sessions
from rcfam.dataset.split import HELD_OUT
from rcfam.dataset.tokens import Tokens
from rcfam.recording import Reader

Goal = Literal["file", "commit"]
GOALS: Final[tuple[Goal, ...]] = ("file", "commit")


class StartPoint(NamedTuple):
    """A beginning and a known end in a recording. Frames and tokens count from the recording's first."""

    recording: str
    commit: str
    goal: Goal
    before: int
    """Keystrokes before the end, as asked for; the token that holds the first of them is the first to be typed."""
    path: str
    """The file of a session; empty for a commit."""
    context: int
    """The first token that is shown, typed by the teacher."""
    token: int
    """The first token that is left to type."""
    stop_token: int
    frame: int
    """The frame of that first token."""
    stop: int
    """The frame after the last key."""


def choose(
    commits: pl.DataFrame,
    opened: Callable[[str], tuple[Reader, Tokens]],
    count: int,
    before: Sequence[int],
    context: int,
    seed: int,
) -> list[StartPoint]:
    """Up to `count` held-out commits, drawn by `seed`, and in each of them every goal at every distance that it is
    long enough for; in the order of the history.

    `commits` is the dataset's table of commits, `opened` a recording by its name. Of several editor sessions one is
    drawn. No place has less than `context` tokens of the held-out side before it.
    """
    held = commits.filter((pl.col("side") == HELD_OUT) & (pl.col("frames") > 0))
    first = dict(held.group_by("recording", maintain_order=True).agg(pl.col("first_token").min()).iter_rows())
    numbers = list(range(held.height))
    Random(seed).shuffle(numbers)
    found: dict[int, list[StartPoint]] = {}
    for number in numbers:
        if len(found) == count:
            break
        row = held.row(number, named=True)
        places = _places(row, *opened(row["recording"]), before, context)
        kept = [place for place in places if place.context >= first[place.recording]]
        if kept:
            found[number] = kept
    return [place for number in sorted(found) for place in found[number]]


def _places(
    row: Mapping[str, Any], reader: Reader, tokens: Tokens, before: Sequence[int], context: int
) -> Iterator[StartPoint]:
    start, commit = row["first_frame"], row["commit"]
    stop = start + row["frames"]
    marks: list[Mark] = [mark for mark in reader.marks if mark.frame < stop]
    files = [s for s in sessions(reader.keys(start, stop), _within(marks, start), start) if s.path is not None]
    for size in before:
        long = [session for session in files if session.stop - session.start > size]
        if long:
            session = Random(f"{commit}:{size}").choice(long)
            yield _place(row, "file", size, str(session.path), start + session.stop, tokens, context)
        if stop - start > size:
            yield _place(row, "commit", size, "", stop, tokens, context)


def _within(marks: list[Mark], start: int) -> list[Mark]:
    """The marks of the stretch from `start` on, and the last program before it."""
    programs = [mark for mark in marks if mark.kind == "program"]
    last = [mark for mark in programs if mark.frame <= start][-1:]
    return [*last, *(mark for mark in programs if mark.frame > start)]


def _place(
    row: Mapping[str, Any], goal: Goal, size: int, path: str, stop: int, tokens: Tokens, context: int
) -> StartPoint:
    starts_N = tokens.starts_N
    token = int(np.searchsorted(starts_N, stop - size, side="right")) - 1
    last = int(np.searchsorted(starts_N, stop))
    while token > 0 and starts_N[token - 1] == starts_N[token]:
        token -= 1  # the first of the tokens that spell one key
    frame = int(starts_N[token])
    return StartPoint(
        *(row["recording"], row["commit"], goal, size, path),
        *(token - context, token, last, frame, stop),
    )
