"""Terminals at the places where rollouts begin, and what must have come about at the end."""

# K keystrokes, N tokens

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.dataset.tokens import Tokens
from rcfam.errors import RcfamError
from rcfam.evaluation.rollout.start_points import StartPoint
from rcfam.history import Repository
from rcfam.recording import Reader
from rcfam.terminal import Terminal
from rcfam.terminal.files import Entry
from rcfam.terminal.fork import confine, fork, text_of
from rcfam.terminal.limits import Limits
from rcfam.verifying import replay

_TOLD_EVERY: Final = 5_000  # frames
_CHARACTERS: Final = 1 << 18
_UNDO_LINES: Final = 1 << 16
_WORK: Final = 1 << 20
_DISK_BYTES: Final = 1 << 22  # beside what the disk holds at the start
_DISK_FILES: Final = 1 << 12


class RolloutError(RcfamError):
    """A recording that is not what today's terminal shows."""


Changes = frozenset[tuple[str, bytes | None]]
"""Paths and hashes of what is others than it was."""


def changes(before: Mapping[str, bytes | None], now: Mapping[str, bytes | None]) -> Changes:
    """Which texts of `now` are others than before."""
    return frozenset(
        (path, None if text is None else hashlib.sha256(text).digest())
        for path, text in now.items()
        if text != before[path]
    )


@dataclass(frozen=True)
class Truth:
    """What the teacher's keys lead to."""

    files: dict[str, Entry]
    """Every file; of a session its own alone."""
    head: dict[str, Entry]
    """What the last commit holds; nothing for a session."""
    message: str


@dataclass(frozen=True)
class Start:
    """A terminal where a rollout begins; it is forked and never typed into."""

    number: int
    """Among all starts, whatever they are batched with: what is drawn for a rollout depends on it."""
    place: StartPoint
    terminal: Terminal
    truth: Truth
    keys_K: NDArray[np.uint32]
    """What the teacher types from here on."""
    offsets_N: NDArray[np.int64]
    """Where in keys_K each of the teacher's tokens begins."""
    last_key: int
    """The key before the first one."""

    def paths(self) -> set[str]:
        """The files that differ from the truth; of a session its own."""
        if self.place.goal == "file":
            return {self.place.path}
        files, truth = self.terminal.files, self.truth.files
        return {path for path in files.keys() | truth.keys() if files.get(path) != truth.get(path)}

    @cached_property
    def way(self) -> frozenset[Changes]:
        """What the files are like here and after each of the teacher's keys."""
        terminal = fork(self.terminal)
        changed = terminal.files.watch()
        paths, begun, seen = self.paths(), dict[str, bytes | None](), {Changes()}
        for key in self.keys_K:
            terminal.press(np.array([key], np.uint32))
            if self.place.goal == "commit":
                paths |= changed
            for path in paths - begun.keys():
                begun[path] = text_of(self.terminal, path)
            seen.add(changes(begun, {path: text_of(terminal, path) for path in paths}))
        return frozenset(seen)


def starts(
    places: Sequence[StartPoint],
    recording: str,
    reader: Reader,
    tokens: Tokens,
    repository: Repository,
    progress: Callable[[int], None] = lambda frames: None,
) -> Iterator[Start]:
    """The starts of one recording, in the order of their places; those where nothing is left to do are passed over.

    They are numbered by the order of `places`. `progress` is told how many frames of the recording have been replayed.
    Raises RolloutError where the recording's frame is not what the terminal shows.
    """
    numbered = [(n, place) for n, place in enumerate(places) if place.recording == recording]
    wanted = {frame for _, place in numbered for frame in (place.frame, place.stop)}
    begun: dict[int, Terminal] = {}
    ended: dict[int, Truth] = {}
    for frame, terminal in replay(reader, repository, wanted | set(range(0, max(wanted), _TOLD_EVERY))):
        progress(frame)
        for number, place in numbered:
            if place.frame == frame:
                _agree(reader, terminal, place)
                begun[number] = fork(terminal)
                confine(begun[number], limits_of(terminal))
            if place.stop == frame:
                ended[number] = _truth(terminal, place)
    for number, place in numbered:
        if number not in begun or number not in ended or reached(begun[number], place, ended[number]):
            continue
        starts_N = tokens.starts_N[place.token : place.stop_token]
        keys_K = reader.keys(place.frame - 1, place.stop)
        yield Start(
            *(number, place, begun[number], ended[number], keys_K[1:]),
            *(starts_N - place.frame, int(keys_K[0])),
        )


def limits_of(terminal: Terminal) -> Limits:
    """What a rollout's terminal may hold, by what it holds at its start: many of them are in memory at once.

    An editor holds the largest file twice and more; the disk has room for some MiB beside what it holds.
    """
    files, given = terminal.files, terminal.limits
    largest = max((len(entry.data) for entry in files.values()), default=0)
    characters = min(given.characters, max(_CHARACTERS, 2 * largest))
    return replace(
        given,
        characters=characters,
        lines=min(given.lines, characters),
        register_bytes=min(given.register_bytes, 8 * characters),
        undo_lines=min(given.undo_lines, max(_UNDO_LINES, characters // 4)),
        work=min(given.work, max(_WORK, 4 * characters)),
        disk_bytes=min(given.disk_bytes, max(files.used_bytes, terminal.vcs.used_bytes) + _DISK_BYTES),
        disk_files=min(given.disk_files, files.used_files + _DISK_FILES),
    )


def reached(terminal: Terminal, place: StartPoint, truth: Truth) -> bool:
    """Whether the terminal's files, and for a commit what was committed last, are the truth."""
    if place.goal == "file":
        return terminal.files.get(place.path) == truth.files.get(place.path)
    commits = terminal.vcs.commits
    return (
        bool(commits)
        and commits[-1].message == truth.message
        and terminal.vcs.head == truth.head
        and dict(terminal.files) == truth.files
    )


def _truth(terminal: Terminal, place: StartPoint) -> Truth:
    if place.goal == "file":
        entry = terminal.files.get(place.path)
        return Truth({} if entry is None else {place.path: entry}, {}, "")
    commits = terminal.vcs.commits
    return Truth(dict(terminal.files), dict(terminal.vcs.head), commits[-1].message if commits else "")


def _agree(reader: Reader, terminal: Terminal, place: StartPoint) -> None:
    cells_NRC, cursors_N3 = reader.frames_at(np.array([place.frame]))
    state = terminal.state
    if not (np.array_equal(cells_NRC[0], state.cells) and np.array_equal(cursors_N3[0], state.cursor)):
        raise RolloutError(
            f"{reader.path}: frame {place.frame} is not what the terminal shows; render the recording anew"
        )
