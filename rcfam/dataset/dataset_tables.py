"""From opened recordings and their tokens to the tables of a dataset."""

# N tokens

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rcfam import atomic, documents
from rcfam.bounds import NAME, Name, Range, Seed, Sha256
from rcfam.dataset.split import HELD_OUT, TRAIN, Candidate, DatasetError, Span
from rcfam.dataset.tokens import Tokens
from rcfam.printable import whole
from rcfam.tables import Column

SPLIT: Final = "split.json"
BREAKS: Final = ("commit", "program")  # kinds of marks that no token may span
COMMITS_SCHEMA: Final = {
    "recording": pl.String,
    "commit": pl.String,
    "subject": pl.String,
    "side": pl.String,
    "first_frame": pl.Int64,
    "frames": pl.Int64,
    "first_token": pl.Int64,
    "tokens": pl.Int64,
}


COMMITS: Final = {
    "recording": Column(str, NAME),
    "commit": Column(str),
    "subject": Column(str),
    "side": Column(str, among=(TRAIN, HELD_OUT)),
    **dict.fromkeys(("first_frame", "frames", "first_token", "tokens"), Column(int, Range(0, 2**36))),
}
"""What a table of commits that is read must hold."""


class Mark(Protocol):
    """A mark of a recording, as far as the dataset cares."""

    @property
    def frame(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...


_Frame = Annotated[int, Range(0, 2**36)]


@dataclass(frozen=True)
class _Split:
    """split.json."""

    held_out: Annotated[float, Range(above=0, below=1)]
    seed: Seed
    vocabulary: Sha256
    spans: tuple[tuple[Name, Literal["train", "held_out"], _Frame, _Frame], ...]
    """Recording, side, first frame, the frame after the last."""


class Split(NamedTuple):
    """A split as it was written down by the stage that trained the vocabulary."""

    held_out: float
    seed: int
    vocabulary_hash: str
    spans: list[Span]


def source(name: str, repository: str, frames: int, marks: Sequence[Mark]) -> Candidate:
    """What the split asks of a recording."""
    return Candidate(name, repository, frames, tuple(mark.frame for mark in marks if mark.kind == "commit"))


def breaks(marks: Sequence[Mark]) -> NDArray[np.int64]:
    """The frames before which a token must end, ascending: a commit begins, or another program is in the foreground."""
    return np.unique(np.array([mark.frame for mark in marks if mark.kind in BREAKS], np.int64))


def stretch_row(span: Span, repository: str, tokens: Tokens) -> dict[str, Any]:
    """A span of frames as a row of the index. No token reaches across a span, since none spans a commit."""
    first, stop = np.searchsorted(tokens.starts_N, [span.start, span.stop]).tolist()
    return {
        "recording": span.name,
        "repository": repository,
        "side": span.side,
        "first_frame": span.start,
        "frames": span.stop - span.start,
        "first_token": first,
        "tokens": stop - first,
    }


def commit_rows(name: str, spans: Sequence[Span], frames: int, marks: Sequence[Mark], tokens: Tokens) -> pl.DataFrame:
    """One row a commit of one recording. A commit's mark is its id and subject; frames before the first belong to
    none.
    """
    begun = [mark for mark in marks if mark.kind == "commit"]
    first = np.array([mark.frame for mark in begun], np.int64)
    stop = np.append(first[1:], frames) if len(first) else first
    first_token, stop_token = np.searchsorted(tokens.starts_N, first), np.searchsorted(tokens.starts_N, stop)
    return pl.DataFrame(
        {
            "recording": [name] * len(begun),
            "commit": [whole(mark.text.partition(" ")[0]) for mark in begun],
            "subject": [whole(mark.text.partition(" ")[2]) for mark in begun],
            "side": [_side(spans, mark.frame) for mark in begun],
            "first_frame": first,
            "frames": stop - first,
            "first_token": first_token,
            "tokens": stop_token - first_token,
        },
        COMMITS_SCHEMA,
    )


def _side(spans: Sequence[Span], frame: int) -> str:
    """The side of the frame, or of the last frame before it: a commit without keystrokes may stand at the end."""
    return max((span for span in spans if span.start <= frame), key=lambda span: span.start).side


def write_split(path: Path, split: Split) -> None:
    """Write a split as JSON, one span a line."""
    rows = ",\n".join("    " + json.dumps([s.name, s.side, s.start, s.stop]) for s in split.spans)
    head = json.dumps({"held_out": split.held_out, "seed": split.seed, "vocabulary": split.vocabulary_hash}, indent=2)
    with atomic.writing(path) as temporary:
        temporary.write_text(f'{head[:-2]},\n  "spans": [\n{rows}\n  ]\n}}\n', encoding="utf-8")


def read_split(path: Path) -> Split:
    """What `write_split` wrote. Raises DocumentError or DatasetError where it is missing or damaged."""
    found = documents.load(path, _Split)
    ends: dict[str, int] = {}
    for name, _, start, stop in found.spans:
        if start != ends.get(name, 0) or stop < start:
            raise DatasetError(f"{path}: spans: frames {start} to {stop} of '{name}' do not follow {ends.get(name, 0)}")
        ends[name] = stop
    return Split(found.held_out, found.seed, found.vocabulary, [Span(*span) for span in found.spans])
