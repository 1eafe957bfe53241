"""A recording held against the history that it says it shows: its marks, its keystrokes, on demand its frames."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Final, NamedTuple

import numpy as np

from rcfam import documents
from rcfam.documents import DocumentError
from rcfam.history import Commit, HistoryError, Repository, Selection
from rcfam.printable import whole
from rcfam.recording import Mark, Reader
from rcfam.rendering import COMMIT_MARK, END_MARK, PROGRAM_MARK, RenderingError, RenderParams, WorkingTree, limits
from rcfam.terminal import Terminal
from rcfam.typist import Typist, TypistParams

Progress = Callable[[int, int], None]  # commits compared, keystrokes pressed for them

_ID: Final = re.compile(r"[0-9a-f]{40}")
_MOST_NAME: Final = 255  # characters: what a file may be called
_SPAN_FRAMES: Final = 4096


class Verified(NamedTuple):
    """What was done, and what there was to do: every figure counts what was pressed or compared."""

    commits: int
    """whose files were compared with their trees"""
    keystrokes: int
    """pressed for these commits"""
    selected: int
    """commits that the provenance selects, from its first to its revision"""
    frames: int
    """compared cell by cell"""
    rest: int
    """keystrokes pressed for the commit inside which the recording was stopped"""

    @property
    def whole(self) -> bool:
        """False for a recording that was stopped: it is a prefix."""
        return self.commits == self.selected


def verify(reader: Reader, repository: Repository, frames: bool = False, progress: Progress | None = None) -> Verified:
    """Press a recording's keystrokes in a fresh terminal; after each commit the files must be its tree.

    The marks must be those of every commit that the provenance selects, in order, each where the commit before is
    complete; a recording without an end mark is a prefix. With `frames` every frame, every cursor and every mark of a
    program is compared too. The subjects in the marks are not compared. Raises RenderingError at the first difference
    and where there is nothing to compare, and HistoryError when the recording is of commits that the repository lacks.
    """
    outline = _outline(reader, repository)
    commits = keystrokes = rest = compared = 0
    programs = [(0, _program(Terminal(reader.rows, reader.columns)))]
    for typed in _again(reader, repository, outline):
        if frames:
            compared += _compare_frames(reader, typed, programs)
        else:
            typed.terminal.press(reader.keys(typed.start, typed.stop))
        if typed.complete:
            commits, keystrokes = commits + 1, keystrokes + typed.stop - typed.start
        else:
            rest = typed.stop - typed.start
        if progress is not None:
            progress(commits, keystrokes)
    if commits == 0:
        raise RenderingError("nothing to verify: the recording was stopped inside its first commit")
    if frames:
        _compare_programs(reader, programs)
        _compare_tables(reader, typed.terminal)
    return Verified(commits, keystrokes, outline.selected, compared, rest)


def replay(reader: Reader, repository: Repository, frames: Iterable[int]) -> Iterator[tuple[int, Terminal]]:
    """Press a recording's keystrokes again; at each of `frames`, the key before it just pressed, hand the terminal out.

    It is the one terminal throughout: what is to be kept of it must be copied before the next frame is asked for.
    Frame 0 and frames outside the recording are passed over. Raises what `verify` raises.
    """
    wanted = sorted(set(frames), reverse=True)
    for typed in _again(reader, repository, _outline(reader, repository)):
        at = typed.start
        while wanted and wanted[-1] <= typed.stop:
            frame = wanted.pop()
            if frame > typed.start:
                typed.terminal.press(reader.keys(at, frame))
                at = frame
                yield frame, typed.terminal
        if not wanted:
            return
        typed.terminal.press(reader.keys(at, typed.stop))


class _Outline(NamedTuple):
    """What a recording says of itself, and found to be so: how it was rendered, and where each commit begins."""

    name: str
    selection: Selection
    ids: list[str]
    """of the commits that have a mark"""
    starts: list[int]
    """the frame of each mark, and the end"""
    selected: int
    """commits that should have one"""
    ended: bool


class _Typed(NamedTuple):
    """One commit that is to be typed again: the keys start..stop (exclusive) of the recording."""

    terminal: Terminal
    start: int
    stop: int
    commit: Commit
    complete: bool


def _outline(reader: Reader, repository: Repository) -> _Outline:
    """Read provenance and marks; raises RenderingError unless they are of the history that the provenance names."""
    try:
        where = f"{reader.path}: params"
        given = documents.json_value(reader.provenance["params"], where)
        params = documents.build(RenderParams, given, where, complete=False)
        name, revision = reader.provenance["name"], reader.provenance["revision"]
    except (KeyError, DocumentError) as error:
        raise RenderingError(f"the recording does not say how it was rendered: {error}") from error
    if len(name) > _MOST_NAME:
        raise RenderingError(f"the recording's name has {len(name):,} characters: at most {_MOST_NAME} allowed")
    if whole(name) != name:
        raise RenderingError("the recording's name holds half a surrogate pair")
    if not _ID.fullmatch(revision):
        raise RenderingError(f"the recording's revision is no commit id: {revision[:_MOST_NAME]!r}")
    selection = params.selection()
    _known(repository, revision)
    selected = repository.ids(revision, selection)
    marks = [mark for mark in reader.marks if mark.kind in (COMMIT_MARK, END_MARK)]
    ended = bool(marks) and marks[-1].kind == END_MARK
    commits = marks[:-1] if ended else marks
    _check_marks(commits, selected, revision)
    if ended:
        _check_end(reader, marks[-1], len(commits), len(selected))
    starts = [*(mark.frame for mark in commits), reader.frames]
    return _Outline(name, selection, selected[: len(commits)], starts, len(selected), ended)


def _check_marks(commits: list[Mark], selected: list[str], revision: str) -> None:
    """Each mark is of the commit whose turn it is, the first at frame 0."""
    if not commits:
        raise RenderingError("nothing to verify: the recording has no mark of a commit")
    for number, (mark, oid) in enumerate(zip_longest(commits, selected), 1):
        if mark is None:
            return
        if mark.kind == END_MARK:
            raise RenderingError(f"frame {mark.frame}: a mark of the end before the last commit's")
        found = mark.text.partition(" ")[0][:_MOST_NAME]
        if found != oid:
            expected = "no further one" if oid is None else oid
            raise RenderingError(
                f"frame {mark.frame}: mark {number} is of commit {found!r}, the history up to {revision} has {expected}"
            )
    if commits[0].frame != 0:
        raise RenderingError(f"{commits[0].frame} keystrokes before the first commit's mark belong to no commit")


def _check_end(reader: Reader, mark: Mark, commits: int, selected: int) -> None:
    """The end stands behind the last keystroke of the last commit."""
    if mark.frame != reader.frames:
        raise RenderingError(f"{reader.frames - mark.frame} keystrokes after the mark of the end belong to no commit")
    if commits != selected or mark.text != f"{commits} commits":
        raise RenderingError(
            f"the mark of the end says {mark.text[:_MOST_NAME]!r} after {commits} commits; the history has {selected}"
        )


def _again(reader: Reader, repository: Repository, outline: _Outline) -> Iterator[_Typed]:
    """Each commit of a recording; whoever asks for the next one has pressed its keys, and then it is checked.

    Raises RenderingError where the files differ from the commit's tree, or the commit is not where its keys end.
    """
    terminal = Terminal(reader.rows, reader.columns, outline.name, limits(outline.selection))
    work = WorkingTree(repository, terminal, outline.selection.limits)
    typist = Typist(TypistParams())
    selection = outline.selection
    work.start(_commit(repository, outline.ids[0], selection).parent, selection)
    for number, oid in enumerate(outline.ids):
        commit = _commit(repository, oid, selection)
        work.check_out(commit, selection, typist)
        work.clear_away(commit)
        start, stop = outline.starts[number : number + 2]
        complete = outline.ended or number + 1 < len(outline.ids)
        made = len(terminal.vcs.commits)
        yield _Typed(terminal, start, stop, commit, complete)
        if complete:
            if stop > start:
                _check_end_of_commit(terminal, commit, made)
            work.put_beside(commit)
            work.check(commit)


def _check_end_of_commit(terminal: Terminal, commit: Commit, made: int) -> None:
    """The keys end with the commit's `git commit` and make no other one: else a mark stands at a wrong frame."""
    line = terminal.waits_after
    if line is None or not line.startswith("git commit") or len(terminal.vcs.commits) > made + 1:
        raise RenderingError(f"commit {commit.id}: its keystrokes do not end where the next mark stands")


def _known(repository: Repository, oid: str) -> str:
    try:
        return repository.resolve(oid)
    except HistoryError as error:
        raise HistoryError(f"the recording's commit {oid} is not in {repository.path}") from error


def _commit(repository: Repository, oid: str, selection: Selection) -> Commit:
    return repository.commit(_known(repository, oid), selection)


def _program(terminal: Terminal) -> str:
    return f"{terminal.window}:{terminal.program}"


def _compare_frames(reader: Reader, typed: _Typed, programs: list[tuple[int, str]]) -> int:
    """Press the keys of a commit, each after its frame was compared; returns how many.

    `programs` gets what came to the foreground, and at which frame.
    """
    terminal = typed.terminal
    for first in range(typed.start, typed.stop, _SPAN_FRAMES):
        cells_NRC, cursors_N3, keys_N = reader.read(first, min(first + _SPAN_FRAMES, typed.stop))
        for offset in range(len(keys_N)):
            state = terminal.state
            if not (
                np.array_equal(state.cells, cells_NRC[offset]) and np.array_equal(state.cursor, cursors_N3[offset])
            ):
                raise RenderingError(f"commit {typed.commit.id}: frame {first + offset} is not what the terminal shows")
            terminal.press(keys_N[offset : offset + 1])
            if (program := _program(terminal)) != programs[-1][1]:
                programs.append((first + offset + 1, program))
    return typed.stop - typed.start


def _compare_tables(reader: Reader, terminal: Terminal) -> None:
    """Attributes and clusters, which the numbers in cells mean."""
    if not np.array_equal(reader.attributes, np.asarray(terminal.attributes, np.uint32)):
        raise RenderingError("the recording's table of attributes is not the terminal's")
    if reader.clusters != terminal.clusters:
        raise RenderingError("the recording's clusters of characters are not the terminal's")


def _compare_programs(reader: Reader, programs: list[tuple[int, str]]) -> None:
    """The marks of programs are those that came to the foreground."""
    marks = [(mark.frame, mark.text) for mark in reader.marks if mark.kind == PROGRAM_MARK]
    for found, expected in zip_longest(marks, programs):
        if found != expected:
            said = "nothing" if found is None else f"{found[1][:_MOST_NAME]!r} at frame {found[0]}"
            was = "nothing" if expected is None else f"{expected[1]!r} at frame {expected[0]}"
            raise RenderingError(f"a mark says that {said} comes to the foreground, where the terminal has {was}")
