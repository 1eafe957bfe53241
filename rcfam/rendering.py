"""One repository -> one recording and its ledger, each commit's files checked against its tree."""

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, BinaryIO, Literal

import numpy as np

from rcfam.bounds import Name, Range, Seed, Size, check
from rcfam.errors import RcfamError
from rcfam.history import (
    Change,
    Commit,
    HistoryLimits,
    Ledger,
    Repository,
    Selection,
    TransferLimits,
    TreeHash,
    blob_id,
)
from rcfam.history.changes import FILE_MODES, LINK, REGULAR, SUBMODULE, path_reason
from rcfam.recording import Writer
from rcfam.recording.layout import MAX_CHUNK_FRAMES, most_frames
from rcfam.terminal import Limits, Terminal
from rcfam.terminal.files import FULL, Entry, FilesError
from rcfam.terminal.terminal import MAX_COLUMNS, MAX_ROWS, MIN_COLUMNS, MIN_ROWS
from rcfam.typist import Typist, TypistParams

COMMIT_MARK, PROGRAM_MARK, END_MARK = "commit", "program", "end"
_MAX_SUBJECT = 120
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_SPARE_CHARACTERS = 1 << 16
_PATHS_A_FILE, _MOST_PATHS = 2, 1 << 24  # a file and its folders
_MOST_CHARACTERS = 1 << 24  # of a text, whatever files are let in

Progress = Callable[[int, int], None]  # commits done, keystrokes so far


class RenderingError(RcfamError):
    """What was typed is not what was committed. Names commit, path and first differing byte."""


@dataclass(frozen=True)
class CloneParams:
    """Which repositories are fetched."""

    repositories: str = "data/repositories/default.txt"
    """A file with a line `NAME SOURCE` for each repository."""
    revisions: dict[Name, Annotated[str, Size(1, 1_000)]] = field(default_factory=dict)
    """A commit, tag or branch for some of the names. The others stay at their default branch."""
    limits: TransferLimits = field(default_factory=TransferLimits)
    """Of each clone and update; past one of them it is an error."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class RenderParams:
    """How a history becomes a recording."""

    rows: Annotated[int, Range(MIN_ROWS, MAX_ROWS)] = 24
    """Rows of the terminal. The paper's has 48 (section 10.1)."""
    columns: Annotated[int, Range(MIN_COLUMNS, MAX_COLUMNS)] = 80
    """Columns of the terminal. The paper's has 160 (section 10.1)."""
    style: Literal["vim", "arrows"] = "vim"
    """Editor commands and motions, or cursor keys and Backspace as in the paper."""
    message: Literal["before", "after"] = "before"
    """When a commit's message is typed, relative to the edits that it describes. The paper types it before them."""
    seed: Seed = 0
    """Seed of the typist's choices among equal ways to type an edit."""
    first_parent: bool = True
    """Walk first parents only. Otherwise every commit that the revision reaches is rendered."""
    since: str | None = None
    """First date, such as 2026-01-31 or 2026-01-31T12:00:00+00:00."""
    until: str | None = None
    """Last date."""
    max_commits: Annotated[int, Range(1, 10**9)] | None = None
    """At most this many commits, the oldest of the range."""
    authors: tuple[str, ...] = ()
    """Globs on `Name <address>`; the changes of other authors are left out."""
    paths: tuple[str, ...] = ()
    """Globs on file paths; other files are left out."""
    max_file_bytes: Annotated[int, Range(0, 2**31 - 1)] = 1_000_000
    """Bytes; larger files are left out."""
    chunk_frames: Annotated[int, Range(1, MAX_CHUNK_FRAMES)] = 1024
    """Frames in one chunk of the recording, which is decoded as a whole."""
    level: Literal["fast", "small"] = "fast"
    """Compression of the recording."""
    limits: HistoryLimits = field(default_factory=HistoryLimits)
    """Of each repository; past one of them it is an error, except that a long message is cut."""

    def __post_init__(self) -> None:
        check(self)
        if self.chunk_frames > most_frames(self.rows, self.columns):
            most = most_frames(self.rows, self.columns)
            raise ValueError(f"chunk_frames: {self.chunk_frames} is not at most {most} on {self.rows} x {self.columns}")
        self.selection()

    def selection(self) -> Selection:
        """The part that the history needs. Raises RenderingError for a date that is none."""
        return Selection(
            first_parent=self.first_parent,
            since=_seconds(self.since),
            until=_seconds(self.until),
            max_commits=self.max_commits,
            authors=self.authors,
            paths=self.paths,
            max_file_bytes=self.max_file_bytes,
            limits=self.limits,
        )


def limits(selection: Selection) -> Limits:
    """Those of the terminal: an editor holds the old and the new text of the largest file together, and the disk all
    files with their folders.
    """
    spare = Limits()
    size = min(max(spare.characters, 2 * selection.max_file_bytes + _SPARE_CHARACTERS), _MOST_CHARACTERS)
    files, disk = max(spare.disk_files, _PATHS_A_FILE * selection.limits.files), selection.limits.disk_bytes
    return replace(
        spare, characters=size, lines=size, undo_lines=size, disk_files=min(files, _MOST_PATHS), disk_bytes=disk
    )


@dataclass(frozen=True)
class Rendered:
    """What became of a repository. `whole` is false where it was stopped before the last commit."""

    revision: str
    commits: int
    keystrokes: int
    whole: bool
    ledger: Ledger


def _seconds(date: str | None) -> int | None:
    if date is None:
        return None
    try:
        moment = datetime.fromisoformat(date)
    except ValueError as error:
        raise RenderingError(f"not a date: {date!r}; expected one like 2026-01-31") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let the collector rest: what is made here in great numbers is in no cycle, and what was there before stays."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def record(
    repository: Repository,
    revision: str,
    name: str,
    params: RenderParams,
    file: BinaryIO,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Rendered:
    """Render a repository called `name` into `file`, a whole recording even when `stop()` asks to end early."""
    terminal = Terminal(params.rows, params.columns, name, limits(params.selection()))
    tip = repository.resolve(revision)
    provenance = {
        "name": name,
        "revision": tip,
        "params": _document(params),
        "licence": repository.licence(tip, params.limits) or "none found",
    }
    attributes = np.asarray(terminal.attributes, np.uint32)
    ledger = Ledger(name)
    with (
        _seldom_collected(),
        Writer(file, params.rows, params.columns, attributes, provenance, params.chunk_frames, params.level) as writer,
    ):
        return render(repository, tip, writer, terminal, params, ledger, progress, stop)


def _document(params: RenderParams) -> str:
    """The parameters as a recording holds them: limits only where they are not the usual ones."""
    plain = asdict(params)
    if params.limits == HistoryLimits():
        del plain["limits"]
    return json.dumps(plain)


def render(
    repository: Repository,
    revision: str,
    writer: Writer,
    terminal: Terminal,
    params: RenderParams,
    ledger: Ledger,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Rendered:
    """Type the commits up to `revision` into a fresh `terminal` and record every frame.

    Marks of kind "commit" hold the commit id and its subject, of kind "program" the window and what runs in it; "end"
    stands after the last commit. Raises RenderingError where the files differ from a commit's tree.
    """
    selection = params.selection()
    ids = repository.ids(revision, selection)
    work = WorkingTree(repository, terminal, selection.limits)
    work.start(repository.commit(ids[0], selection).parent, selection)
    typist = Typist(TypistParams(params.style, params.message, params.seed), terminal.files)
    writer.mark(PROGRAM_MARK, f"{terminal.window}:{terminal.program}")
    started = writer.frames
    for number, oid in enumerate(ids):
        commit = repository.commit(oid, selection)
        work.check_out(commit, selection, typist)
        writer.mark(COMMIT_MARK, f"{commit.id} {_subject(commit)}")
        work.clear_away(commit)
        for keys in typist.keys(commit):
            writer.press(terminal, keys)
            if progress is not None:
                progress(number, writer.frames - started)
            if stop is not None and stop():
                return Rendered(revision, number, writer.frames - started, False, ledger)
        work.put_beside(commit)
        work.check(commit)
        ledger.add(commit)
        if progress is not None:
            progress(number + 1, writer.frames - started)
    writer.mark(END_MARK, f"{len(ids)} commits")
    return Rendered(revision, len(ids), writer.frames - started, True, ledger)


def _subject(commit: Commit) -> str:
    """The subject as a mark holds it: printable and short."""
    return "".join(character for character in commit.subject if character.isprintable())[:_MAX_SUBJECT]


class WorkingTree:
    """The virtual files of a terminal beside the repository they must follow.

    What cannot be typed is put there by hand: its contents where later commits may edit them, else a stand-in that
    begins with NUL, which no typed file holds, and tells the object id. Paths that no file system would take (`..`)
    are only kept in mind.
    """

    def __init__(self, repository: Repository, terminal: Terminal, limits: HistoryLimits) -> None:
        self._repository = repository
        self._limits = limits
        self._terminal = terminal
        self._tree = TreeHash()
        self._touched = terminal.files.watch()
        self._aside: dict[str, tuple[int, str]] = {}
        self._at: str | None = None  # the commit whose tree the files hold

    def start(self, commit: str | None, selection: Selection) -> None:
        """Put the whole tree of the commit before the first one."""
        if commit is not None:
            for change in self._repository.changes(None, commit, selection, "before the range"):
                self._put(change)
        self._at = commit

    def check_out(self, commit: Commit, selection: Selection, typist: Typist) -> None:
        """Go to the first parent of `commit`, where the commit before it was another one."""
        if self._at == commit.parent:
            return
        for change in self._repository.changes(self._at, commit.parent, selection, "before the range"):
            if change.new_id is None or (change.old_path != change.path and change.kind == "rename"):
                self._take_away(change.old_path)
                typist.paths.remove(change.old_path)
        for change in self._repository.changes(self._at, commit.parent, selection, "before the range"):
            if change.new_id is not None:
                self._put(change)
                typist.paths.add(change.path)
        self._at = commit.parent

    def clear_away(self, commit: Commit) -> None:
        """Before a commit is typed: take away what its left-out changes delete or rename."""
        for change in commit.changes:
            if change.left_out is not None:
                if change.new_id is None:
                    self._take_away(change.path)
                elif change.kind != "copy" and change.old_path != change.path:
                    self._take_away(change.old_path)

    def put_beside(self, commit: Commit) -> None:
        """After a commit is typed: put what its left-out changes add or modify."""
        for change in commit.changes:
            if change.left_out is not None and change.new_id is not None:
                self._put(change)

    def _put(self, change: Change) -> None:
        mode, oid = change.new_mode, change.new_id
        assert mode is not None and oid is not None
        if path_reason(change.path) == "unsafe path":
            self._aside[change.path] = (mode, oid)
            self._touched.add(change.path)
            return
        files = self._terminal.files
        files.prune(change.path)
        data = change.new if change.new_reason is None else None
        if data is None:
            data = b"\0%s %s\n" % (b"submodule" if mode == SUBMODULE else b"blob", oid.encode())
        try:
            files.write(change.path, data, REGULAR if mode == SUBMODULE else mode)
        except FilesError as error:
            if error.reason != FULL:
                raise
            raise RenderingError(f"{error}: {self._full()}") from error
        self._terminal.vcs.adopt(change.path)

    def _take_away(self, path: str) -> None:
        if self._aside.pop(path, None) is not None:
            self._touched.add(path)
        elif path in self._terminal.files:
            self._terminal.files.remove(path)
            self._terminal.files.prune(path.rpartition("/")[0])
            self._terminal.vcs.adopt(path)

    def _full(self) -> str:
        limits = self._terminal.limits
        return f"the files need more than {limits.disk_bytes:,} bytes or {limits.disk_files:,} files and folders"

    def check(self, commit: Commit) -> None:
        """Raise RenderingError unless the files are the commit's tree by git object id."""
        for path in self._touched:
            found = self._aside.get(path) or _identify(self._terminal.files.get(path))
            if found is None:
                self._tree.remove(path)
            else:
                self._tree.set(path, *found)
        self._touched.clear()
        if self._tree.id() != commit.tree:
            self._compare(commit)
        self._at = commit.id

    def _compare(self, commit: Commit) -> None:
        """File by file: only a tree that git itself would write in another way passes.

        Old programs wrote modes such as 100664, or empty directories; git reads them as what they are today.
        """
        if self._terminal.files.refused:
            raise RenderingError(f"commit {commit.id}: {self._full()}")
        expected = self._repository.tree(commit.id, self._limits)
        found = {path: identity for path, entry in self._terminal.files.items() if (identity := _identify(entry))}
        found |= self._aside
        for path in sorted(expected.keys() | found.keys()):
            if path not in expected:
                raise RenderingError(f"commit {commit.id}, {path}: typed but not committed")
            mode, oid = expected[path]
            if path not in found:
                raise RenderingError(f"commit {commit.id}, {path}: committed but not typed")
            if found[path][1] != oid:
                raise RenderingError(f"commit {commit.id}, {path}: {self._first_difference(path, oid)}")
            if found[path][0] != _canonical(mode):
                raise RenderingError(f"commit {commit.id}, {path}: mode {found[path][0]:o} typed, {mode:o} committed")
            if found[path][0] != mode:
                self._tree.set(path, mode, oid)

    def _first_difference(self, path: str, oid: str) -> str:
        typed, committed = self._terminal.files[path].data, self._repository.read(oid)
        place = next(
            (i for i, (a, b) in enumerate(zip(typed, committed, strict=False)) if a != b),
            min(len(typed), len(committed)),
        )
        return (
            f"first differing byte {place}, typed {typed[place : place + 8]!r} of {len(typed)} bytes,"
            f" committed {committed[place : place + 8]!r} of {len(committed)}"
        )


def _identify(entry: Entry | None) -> tuple[int, str] | None:
    """The mode and object id that git would give a virtual file."""
    if entry is None:
        return None
    if entry.data[:1] == b"\0":
        kind, _, oid = entry.data[1:].decode("ascii").strip().partition(" ")
        return (SUBMODULE if kind == "submodule" else entry.mode), oid
    return entry.mode, blob_id(entry.data)


def _canonical(mode: int) -> int:
    if mode in (LINK, SUBMODULE):
        return mode
    return FILE_MODES[1] if mode & 0o100 else FILE_MODES[0]
