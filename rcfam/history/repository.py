"""One repository: resolve a revision, walk its commits, read their changes and trees."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, DiffFind, DiffOption, Option, SortMode

from rcfam.history.changes import LINK, SUBMODULE, Change, Commit, Kind, Reason, content_reason, path_reason
from rcfam.history.errors import HistoryError

# Git checks who owns a repository because its configuration may name programs to run. Here none ever runs.
pygit2.option(Option.SET_OWNER_VALIDATION, False)
# Packs hold checksums, and who types a history checks every tree's id: objects are not hashed once more when read.
pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, False)

MAX_FILE_BYTES = 1_000_000
_REMEMBERED_REASONS = 1 << 16
_RECENT_BYTES = 1 << 24
_RENAME_LIMIT = 400  # candidates on each side; beyond it only exact renames are found

_FLAGS = DiffOption.INCLUDE_TYPECHANGE

_KINDS: dict[DeltaStatus, Kind] = {
    DeltaStatus.ADDED: "add",
    DeltaStatus.DELETED: "delete",
    DeltaStatus.MODIFIED: "modify",
    DeltaStatus.RENAMED: "rename",
    DeltaStatus.COPIED: "copy",
    DeltaStatus.TYPECHANGE: "link",
}


@dataclass(frozen=True)
class Selection:
    """Which commits of a history, and which of their changes.

    `since` and `until` (seconds since 1970) and `max_commits` cut the walk to one piece, so that what comes before
    is where it starts; `max_commits` keeps the oldest. Commits by authors and files at paths that match no glob stay in
    the walk with their changes left out, so that every tree can still be checked; empty tuples select all.
    """

    first_parent: bool = True
    since: int | None = None
    until: int | None = None
    max_commits: int | None = None
    authors: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    max_file_bytes: int = MAX_FILE_BYTES


def one_line(error: BaseException) -> str:
    """A library's message without line breaks."""
    return " ".join(str(error).split())


class Repository:
    """An opened repository. Raises HistoryError where there is none, or an empty or shallow one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise HistoryError(f"no such repository: {path}")
        try:
            self.raw = pygit2.Repository(path)
        except pygit2.GitError as error:
            raise HistoryError(f"not a git repository: {path}") from error
        if self.raw.is_shallow:
            raise HistoryError(f"{path} is a shallow clone; fetch its whole history first (git fetch --unshallow)")
        if self.raw.is_empty:
            raise HistoryError(f"{path} is empty: it has no commit yet")
        self._reasons: dict[tuple[str, bool, int], Reason | None] = {}
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._recent_bytes = 0

    def resolve(self, revision: str = "HEAD") -> str:
        """The commit id of a branch, tag, id or other revision. Raises HistoryError when it is unknown or no commit."""
        try:
            return str(self.raw.revparse_single(revision).peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise HistoryError(f"unknown revision in {self.path}: {revision!r}") from error

    def ids(self, revision: str = "HEAD", selection: Selection | None = None) -> list[str]:
        """The ids of the selected commits, oldest first. Raises HistoryError when none is left."""
        chosen = selection or Selection()
        walker = self.raw.walk(self.resolve(revision), SortMode.TOPOLOGICAL | SortMode.REVERSE)
        if chosen.first_parent:
            walker.simplify_first_parent()
        try:
            walked = [(str(commit.id), commit.commit_time) for commit in walker]
        except (KeyError, pygit2.GitError) as error:
            raise HistoryError(f"{self.path}: the history of {revision!r} is incomplete: {one_line(error)}") from error
        start, stop = 0, len(walked)
        if chosen.since is not None:
            start = next((i for i, (_, time) in enumerate(walked) if time >= chosen.since), stop)
        if chosen.until is not None:
            stop = next((i for i in range(stop, start, -1) if walked[i - 1][1] <= chosen.until), start)
        ids = [oid for oid, _ in walked[start:stop]][: chosen.max_commits]
        if not ids:
            raise HistoryError(f"{self.path}: no commit of {revision!r} is selected")
        return ids

    def commits(self, revision: str = "HEAD", selection: Selection | None = None) -> Iterator[Commit]:
        """The selected commits, oldest first, each with its changes against its first parent."""
        chosen = selection or Selection()
        for oid in self.ids(revision, chosen):
            yield self.commit(oid, chosen)

    def commit(self, oid: str, selection: Selection | None = None) -> Commit:
        """One commit with its changes; those that `selection` does not want are left out."""
        chosen = selection or Selection()
        raw = self.raw[oid]
        if not isinstance(raw, pygit2.Commit):
            raise HistoryError(f"{self.path}: {oid} is no commit")
        author = f"{_decode(raw.author.raw_name)} <{_decode(raw.author.raw_email)}>"
        by_others = bool(chosen.authors) and not any(fnmatchcase(author, glob) for glob in chosen.authors)
        parent = str(raw.parent_ids[0]) if raw.parent_ids else None
        return Commit(
            id=oid,
            tree=str(raw.tree_id),
            parent=parent,
            message=_message(raw),
            author=author,
            time=raw.commit_time,
            changes=self.changes(parent, oid, chosen, "author not selected" if by_others else None),
        )

    def changes(
        self, old: str | None, new: str | None, selection: Selection | None = None, left_out: Reason | None = None
    ) -> tuple[Change, ...]:
        """What turns the tree of commit `old` (None: nothing) into that of `new`; renames and copies by similarity."""
        chosen = selection or Selection()
        try:
            diff = self._diff(old, new)
            diff.find_similar(DiffFind.FIND_RENAMES | DiffFind.FIND_COPIES, rename_limit=_RENAME_LIMIT)
            return _one_rename_a_source([self._change(delta, chosen, left_out) for delta in diff.deltas])
        except (KeyError, pygit2.GitError) as error:
            raise HistoryError(f"{self.path}: objects of commit {new} cannot be read: {one_line(error)}") from error

    def _diff(self, old: str | None, new: str | None) -> pygit2.Diff:
        old_tree = None if old is None else self.raw[old].peel(pygit2.Tree)
        new_tree = None if new is None else self.raw[new].peel(pygit2.Tree)
        if new_tree is None:
            if old_tree is None:
                raise HistoryError("a change needs at least one commit")
            return old_tree.diff_to_tree(flags=_FLAGS)
        if old_tree is None:
            return new_tree.diff_to_tree(flags=_FLAGS, swap=True)
        return old_tree.diff_to_tree(new_tree, flags=_FLAGS)

    def _change(self, delta: pygit2.DiffDelta, selection: Selection, left_out: Reason | None) -> Change:
        old, new = delta.old_file, delta.new_file
        has_old, has_new = delta.status != DeltaStatus.ADDED, delta.status != DeltaStatus.DELETED
        path, old_path = _decode_path(new.raw_path), _decode_path(old.raw_path)
        kind = _kind(delta)
        old_reason = self._reason(old, selection.max_file_bytes) if has_old else None
        new_reason = self._reason(new, selection.max_file_bytes) if has_new else None
        if selection.paths and not any(
            fnmatchcase(name, glob) for glob in selection.paths for name in (path, old_path)
        ):
            left_out = left_out or "path not selected"
        left_out = (
            left_out or ("submodule" if kind == "submodule" else None) or path_reason(path) or path_reason(old_path)
        )
        same_contents = has_old and has_new and old.id == new.id and (old.mode == LINK) == (new.mode == LINK)
        if has_new and not same_contents:
            left_out = left_out or new_reason
        return Change(
            kind=kind,
            path=path,
            old_path=old_path,
            old_mode=int(old.mode) if has_old else None,
            new_mode=int(new.mode) if has_new else None,
            old_id=str(old.id) if has_old else None,
            new_id=str(new.id) if has_new else None,
            old_reason=old_reason,
            new_reason=new_reason,
            left_out=left_out,
            read=self.read,
        )

    def _reason(self, file: pygit2.DiffFile, max_file_bytes: int) -> Reason | None:
        """Why a file's contents cannot be typed; answers are remembered by object."""
        if file.mode == SUBMODULE:
            return "submodule"
        oid = str(file.id)
        key = (oid, file.mode == LINK, max_file_bytes)
        if key not in self._reasons:
            if len(self._reasons) >= _REMEMBERED_REASONS:
                self._reasons.clear()
            data = self.read(oid)
            self._reasons[key] = "too large" if len(data) > max_file_bytes else content_reason(file.mode, data)
        return self._reasons[key]

    def tree(self, commit: str) -> dict[str, tuple[int, str]]:
        """Every file of a commit's tree: path -> (mode exactly as stored, object id)."""
        files: dict[str, tuple[int, str]] = {}
        waiting = [(b"", self.raw[self.resolve(commit)].peel(pygit2.Tree).id)]
        while waiting:
            folder, oid = waiting.pop()
            for mode, name, entry in _entries(self.raw[oid].read_raw()):
                if mode == 0o40000:
                    waiting.append((folder + name + b"/", pygit2.Oid(raw=entry)))
                else:
                    files[_decode_path(folder + name)] = (mode, entry.hex())
        return files

    def read(self, oid: str) -> bytes:
        """A blob's contents; recent ones are remembered. Raises HistoryError where it is missing."""
        data = self._recent.get(oid)
        if data is not None:
            self._recent.move_to_end(oid)
            return data
        blob = self.raw.get(pygit2.Oid(hex=oid))
        if not isinstance(blob, pygit2.Blob):
            raise HistoryError(f"{self.path}: the contents of object {oid} are missing")
        data = blob.data
        self._recent[oid] = data
        self._recent_bytes += len(data)
        while self._recent_bytes > _RECENT_BYTES and len(self._recent) > 1:
            self._recent_bytes -= len(self._recent.popitem(last=False)[1])
        return data

    def licence(self, commit: str) -> str | None:
        """The first line of the licence file at the root of a commit's tree, None where there is none."""
        for entry in self.raw[self.resolve(commit)].peel(pygit2.Tree):
            name = (entry.name or "").upper()
            if isinstance(entry, pygit2.Blob) and name.startswith(("LICENSE", "LICENCE", "COPYING")):
                lines = entry.data[:400].decode("utf-8", "replace").strip().splitlines()
                return lines[0].strip() if lines else None
        return None


def _one_rename_a_source(changes: list[Change]) -> tuple[Change, ...]:
    """A file that libgit2 finds renamed to several places is copied to all but one, a rendered one if there is any."""
    last: dict[str, Change] = {}
    for change in changes:
        if change.kind == "rename" and (change.left_out is None or change.old_path not in last):
            last[change.old_path] = change
    return tuple(
        replace(change, kind="copy") if change.kind == "rename" and last[change.old_path] is not change else change
        for change in changes
    )


def _entries(tree: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The (mode, name, object id) of a raw tree object: `mode SP name NUL id`, 20 bytes of id."""
    place = 0
    while place < len(tree):
        space = tree.index(b" ", place)
        end = tree.index(b"\0", space)
        yield int(tree[place:space], 8), tree[space + 1 : end], tree[end + 1 : end + 21]
        place = end + 21


def _decode(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")


def _decode_path(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _message(raw: pygit2.Commit) -> str:
    try:
        return raw.raw_message.decode(raw.message_encoding or "utf-8", "replace")
    except LookupError:
        return raw.raw_message.decode("utf-8", "replace")


def _kind(delta: pygit2.DiffDelta) -> Kind:
    old_mode, new_mode = delta.old_file.mode, delta.new_file.mode
    if SUBMODULE in (old_mode, new_mode):
        return "submodule"
    kind = _KINDS[delta.status]
    if kind == "add" and new_mode == LINK:
        return "link"
    if kind == "modify" and LINK in (old_mode, new_mode):
        return "link"
    if kind == "modify" and delta.old_file.id == delta.new_file.id:
        return "mode"
    return kind
