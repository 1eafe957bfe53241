"""What is trained on and what is held out: decided once, before the tokenizer is trained, and written down."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from rcfam.bounds import Range, Seed, check
from rcfam.errors import RcfamError

TRAIN: Final = "train"
HELD_OUT: Final = "held_out"


class DatasetError(RcfamError):
    """Recordings, tokens or an index that do not belong together or cannot be split, or a window that does not
    exist.
    """


@dataclass(frozen=True)
class DatasetParams:
    """The split, and how windows are drawn."""

    held_out: Annotated[float, Range(above=0, below=1)] = 0.1
    """Share of all keystrokes that is never trained on: whole repositories, or the last commits of a single one."""
    seed: Seed = 0
    """Seed of the choice of held-out repositories. A single repository is split by time, without a seed."""
    sampling: Literal["length", "uniform"] = "length"
    """What is equally likely: every position where a window may begin, or every recording. The author's trainer
    draws recordings uniformly.
    """

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Candidate:
    """One recording, as far as the split cares."""

    name: str
    repository: str
    frames: int
    commits: tuple[int, ...]
    """The frame at which each commit begins, in order."""


@dataclass(frozen=True)
class Span:
    """A stretch of one recording, frames start..stop (exclusive), that belongs to one side."""

    name: str
    side: str
    start: int
    stop: int


def split(sources: Sequence[Candidate], held_out: float, seed: int) -> list[Span]:
    """Give every recording its side; recordings of one repository stay together.

    With two repositories or more: in an order drawn from `seed` by hashing names, every repository that still fits into
    `held_out` of all keystrokes is held out; where none fits, the smallest is. With one repository the split is by
    time, at the beginning of a commit: the cut that comes nearest to holding out `held_out` of all keystrokes.
    Raises DatasetError where a side would stay empty.
    """
    filled = [source for source in sources if source.frames > 0]
    sizes: dict[str, int] = {}
    for source in filled:
        sizes[source.repository] = sizes.get(source.repository, 0) + source.frames
    if not sizes:
        raise DatasetError("no recording holds a keystroke: nothing can be split")
    if len(sizes) == 1:
        return _by_time(filled, held_out)
    chosen = _held_out_repositories(sizes, held_out, seed)
    return [Span(s.name, HELD_OUT if s.repository in chosen else TRAIN, 0, s.frames) for s in filled]


def _held_out_repositories(sizes: dict[str, int], held_out: float, seed: int) -> set[str]:
    room = held_out * sum(sizes.values())
    chosen: set[str] = set()
    for name in sorted(sizes, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest()):
        if sizes[name] <= room:
            chosen.add(name)
            room -= sizes[name]
    return chosen or {min(sizes, key=lambda name: (sizes[name], name))}


def _by_time(sources: list[Candidate], held_out: float) -> list[Span]:
    """Several recordings of one repository follow each other in the order of their names."""
    sources = sorted(sources, key=lambda source: source.name)
    total = sum(source.frames for source in sources)
    borders: list[int] = []
    before = 0
    for source in sources:
        borders += [before + frame for frame in source.commits if 0 < before + frame < total]
        before += source.frames
    if not borders:
        raise DatasetError(f"{sources[0].repository}: one repository with one commit: no later commit can be held out")
    cut = min(borders, key=lambda border: (abs(border - (1 - held_out) * total), border))
    spans: list[Span] = []
    before = 0
    for source in sources:
        here = min(max(cut - before, 0), source.frames)
        spans += [Span(source.name, TRAIN, 0, here)] if here > 0 else []
        spans += [Span(source.name, HELD_OUT, here, source.frames)] if here < source.frames else []
        before += source.frames
    return spans
