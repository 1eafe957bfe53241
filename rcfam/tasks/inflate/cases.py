"""Cases of Diff-Inflate-Bench: successive states of one file of a real history, told as git diffs (paper, 8.2.2).

A file's history is cut into chains: states that follow one another at one path, each different from the one before.
A chain ends where the file is deleted, renamed, or is no text within the bounds. A case is a stretch of a chain: the
first diff makes its first state from nothing, each of the `n` others takes one step. At n = 0 the task is to copy.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl

from rcfam import tables
from rcfam.atomic import writing
from rcfam.bounds import Different, Range, Seed, Size, check
from rcfam.errors import RcfamError
from rcfam.history import Change, Commit, Repository, Selection, patch
from rcfam.history.changes import FILE_MODES


class InflateError(RcfamError):
    """Cases, contestants or answers that cannot be used."""


@dataclass(frozen=True)
class InflateParams:
    """How cases are drawn."""

    patches: Annotated[tuple[Annotated[int, Range(0, 100_000)], ...], Size(1, 100), Different()] = (0, 1, 2, 4, 8, 16)
    """Steps after the first state, N; cases are drawn for each."""
    contexts: Annotated[tuple[Annotated[int, Range(0, 100_000)], ...], Size(1, 100), Different()] = (3, 1, 0)
    """Lines of context in the diffs: U3, U1, U0. Every case is told in each."""
    cases: Annotated[int, Range(1, 10**6)] = 48
    """Cases for each N. The paper has 48 (section 8.2.2)."""
    seed: Seed = 0
    """Seed of the choice of cases."""
    start: Literal["anywhere", "birth"] = "anywhere"
    """The first state: any that the file had, or that in which it came into being."""
    min_bytes: Annotated[int, Range(1, 2**31 - 1)] = 200
    """Bytes of the file at least, in every state."""
    max_bytes: Annotated[int, Range(1, 2**31 - 1)] = 16_000
    """Bytes of the file at most, in every state."""
    paths: tuple[str, ...] = ()
    """Only files whose paths match one of these globs; empty: all."""
    max_patch_bytes: Annotated[int, Range(1, 2**31 - 1)] = 100_000
    """Bytes of all diffs of a case together, with the widest context."""

    def __post_init__(self) -> None:
        check(self)
        if self.min_bytes > self.max_bytes:
            raise ValueError(f"min_bytes: {self.min_bytes} is not at most max_bytes, {self.max_bytes}")


@dataclass(frozen=True)
class Version:
    """One state of a file: its object, and the commit (time in seconds since 1970) that made it."""

    oid: str
    commit: str
    time: int


@dataclass(frozen=True)
class Chain:
    """States of one path, oldest first, each different from the one before."""

    repository: str
    path: str
    versions: tuple[Version, ...]
    born: bool
    """Whether the file came into being with the first state; else it was moved there, or was no such text before."""
    read: Callable[[str], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Case:
    """A file's first state and the steps to its last, the truth. `patches[context]` holds n + 1 diffs, oldest first."""

    id: str
    repository: str
    path: str
    first: Version
    last: Version
    initial: str
    truth: str
    patches: dict[int, tuple[str, ...]] = field(repr=False)

    @property
    def n(self) -> int:
        return len(next(iter(self.patches.values()))) - 1


def chains(commits: Iterable[Commit], repository: str, read: Callable[[str], bytes]) -> list[Chain]:
    """The chains of a walk that goes forward, each commit after its first parent."""
    growing: dict[str, list[Version]] = {}
    born: set[str] = set()
    found: list[Chain] = []

    def end(path: str) -> None:
        if versions := growing.pop(path, None):
            found.append(Chain(repository, path, tuple(versions), path in born, read))
        born.discard(path)

    for commit in commits:
        for change in commit.changes:
            if change.kind == "rename":
                end(change.old_path)
        for change in commit.changes:
            if change.kind == "mode":
                continue
            if change.kind != "modify" or not _follows(change, growing.get(change.path)):
                end(change.path)
                if change.kind in ("add", "copy"):
                    born.add(change.path)
            fit = change.left_out is None and change.new_reason is None  # what is no text may be moved
            if change.new_id is not None and change.new_mode in FILE_MODES and fit:
                growing.setdefault(change.path, []).append(Version(change.new_id, commit.id, commit.time))
            else:
                end(change.path)
    for path in list(growing):
        end(path)
    return sorted(found, key=lambda chain: (chain.repository, chain.path, chain.versions[0].time))


def _follows(change: Change, versions: list[Version] | None) -> bool:
    return versions is not None and versions[-1].oid == change.old_id


def chains_of(repository: Repository, name: str, params: InflateParams, revision: str = "HEAD") -> list[Chain]:
    """The chains of a history along first parents; files that are too large or not asked for are left out."""
    selection = Selection(max_file_bytes=params.max_bytes, paths=params.paths)
    return chains(repository.commits(revision, selection), name, repository.read)


def sample(pool: Sequence[Chain], params: InflateParams) -> list[Case]:
    """Up to `params.cases` cases for each N, all different, drawn by seed; fewer where the histories have no more.

    Files take turns, so that one which changed often does not crowd out the others.
    """
    cases: list[Case] = []
    for n in params.patches:
        found = _cases(pool, n, params)
        cases.extend(case for case, _ in zip(found, range(params.cases), strict=False))
    return cases


def _cases(pool: Sequence[Chain], n: int, params: InflateParams) -> Iterator[Case]:
    rng = random.Random(f"{params.seed}:{n}")
    turns = []
    for chain in pool:
        last = len(chain.versions) - n  # one past the last start
        starts = list(range(last if params.start == "anywhere" else min(last, int(chain.born))))
        if starts:
            rng.shuffle(starts)
            turns.append((chain, starts))
    rng.shuffle(turns)
    while turns:
        for chain, starts in turns:
            case = None
            while starts and case is None:
                start = starts.pop()
                case = make(chain, start, n, params)
            if case is not None:
                yield case
        turns = [turn for turn in turns if turn[1]]


def make(chain: Chain, start: int, n: int, params: InflateParams) -> Case | None:
    """The case of n steps from a chain's state number `start`; None where a state or the diffs are out of bounds."""
    versions = chain.versions[start : start + n + 1]
    states = [chain.read(version.oid) for version in versions]
    if not all(params.min_bytes <= len(state) <= params.max_bytes for state in states):
        return None
    before = [None, *states[:-1]]
    patches = {
        context: tuple(patch(old, new, chain.path, context) for old, new in zip(before, states, strict=True))
        for context in params.contexts
    }
    widest = patches[max(params.contexts)]
    if sum(len(text.encode()) for text in widest) > params.max_patch_bytes:
        return None
    name = "\0".join([chain.repository, chain.path, *(version.oid for version in versions)])
    return Case(
        id=sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16],
        repository=chain.repository,
        path=chain.path,
        first=versions[0],
        last=versions[-1],
        initial=states[0].decode(),
        truth=states[-1].decode(),
        patches=patches,
    )


def table(cases: Sequence[Case]) -> pl.DataFrame:
    """One row a case; `u3` and its like hold the diffs. Commit times say what a model may have seen in training."""
    rows: list[dict[str, Any]] = [
        {
            "case": case.id,
            "repository": case.repository,
            "path": case.path,
            "n": case.n,
            "first_commit": case.first.commit,
            "last_commit": case.last.commit,
            "first_time": datetime.fromtimestamp(case.first.time, UTC),
            "last_time": datetime.fromtimestamp(case.last.time, UTC),
            "first_object": case.first.oid,
            "last_object": case.last.oid,
            "initial": case.initial,
            "truth": case.truth,
            **{f"u{context}": list(patches) for context, patches in case.patches.items()},
        }
        for case in cases
    ]
    return pl.DataFrame(rows)


def write(path: Path, cases: Sequence[Case]) -> None:
    """Write the table of cases as Parquet."""
    with writing(path) as temporary:
        table(cases).write_parquet(temporary, compression="zstd")


def load(path: Path) -> list[Case]:
    """The cases of a file that `write` made. Raises InflateError where it is none."""
    try:
        rows = tables.read(path, {}, others=True)
        contexts = [int(name[1:]) for name in rows.columns if name[0] == "u" and name[1:].isdigit()]
        found = [_case(row, contexts) for row in rows.iter_rows(named=True)]
    except (OSError, KeyError, AttributeError, TypeError, pl.exceptions.PolarsError) as error:
        raise InflateError(f"{path}: no table of cases: {' '.join(str(error).split())[:200]}") from error
    if not found or not contexts:
        raise InflateError(f"{path}: no cases in it")
    return found


def _case(row: dict[str, Any], contexts: Sequence[int]) -> Case:
    return Case(
        id=row["case"],
        repository=row["repository"],
        path=row["path"],
        first=Version(row["first_object"], row["first_commit"], int(row["first_time"].timestamp())),
        last=Version(row["last_object"], row["last_commit"], int(row["last_time"].timestamp())),
        initial=row["initial"],
        truth=row["truth"],
        patches={context: tuple(row[f"u{context}"]) for context in contexts},
    )
