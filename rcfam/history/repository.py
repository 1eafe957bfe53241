"""One repository: resolve a revision, walk its commits, read their changes and trees."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, DiffFind, DiffOption, Option, RepositoryOpenFlag, SortMode

from rcfam.history.changes import LINK, SUBMODULE, Change, Commit, Kind, Reason, content_reason, path_reason
from rcfam.history.errors import HistoryError
from rcfam.history.guard import git_folder
from rcfam.history.limits import MAX_READ_BYTES, HistoryLimits
from rcfam.history.objects import UNREADABLE, Objects, one_line
from rcfam.history.weight import TREE_MODE, entries

# Git checks who owns a repository because its configuration may name programs to run. Here none ever runs.
pygit2.option(Option.SET_OWNER_VALIDATION, False)
# An object whose contents are not those of its id is damage, or a history without end: commits that are each other's
# parents, folders that hold themselves.
pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, True)
# Packs are seen through windows of moderate size, not mapped whole.
pygit2.settings.mwindow_size = 1 << 25
pygit2.settings.mwindow_mapped_limit = 1 << 28

MAX_FILE_BYTES = 1_000_000
_REMEMBERED_REASONS = 1 << 16
# Python knows codecs that are no encodings of text, or that take time or refuse to replace what they cannot read.
_ENCODINGS = re.compile(
    r"ascii|utf-(7|8|8-sig|16|16-le|16-be|32|32-le|32-be)|iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|kz1048|ptcp154|tis-620"
    r"|big5(hkscs)?|gb2312|gbk|gb18030|hz|euc_(jp|jis_2004|jisx0213|kr)|shift_jis(_2004|x0213)?|iso2022_\w+|johab"
)
_LICENCES = (b"LICENSE", b"LICENCE", b"COPYING")
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
    `limits` is what all this may cost.
    """

    first_parent: bool = True
    since: int | None = None
    until: int | None = None
    max_commits: int | None = None
    authors: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    max_file_bytes: int = MAX_FILE_BYTES
    limits: HistoryLimits = field(default_factory=HistoryLimits)


class Repository:
    """An opened repository. Raises HistoryError where there is none, or an empty or shallow one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise HistoryError(f"no such repository: {path}")
        folder = git_folder(path)
        if folder is None:
            raise HistoryError(f"not a git repository: {path}")
        try:
            self.raw = pygit2.Repository(folder, RepositoryOpenFlag.NO_SEARCH)
            shallow, empty = self.raw.is_shallow, self.raw.is_empty
        except UNREADABLE as error:
            raise HistoryError(f"not a git repository: {path}: {one_line(error)}") from error
        if shallow:
            raise HistoryError(f"{path} is a shallow clone; fetch its whole history first (git fetch --unshallow)")
        if empty:
            raise HistoryError(f"{path} is empty: it has no commit yet")
        self.objects = Objects(self.raw, path)
        self._reasons: dict[tuple[str, bool, int], Reason | None] = {}

    def resolve(self, revision: str = "HEAD") -> str:
        """The commit id of a branch, tag, id or other revision. Raises HistoryError when it is unknown or no commit."""
        try:
            return str(self.raw.revparse_single(revision).peel(pygit2.Commit).id)
        except UNREADABLE as error:
            raise HistoryError(f"unknown revision in {self.path}: {revision!r}") from error

    def ids(self, revision: str = "HEAD", selection: Selection | None = None) -> list[str]:
        """The ids of the selected commits, oldest first. Raises HistoryError when none is left."""
        chosen = selection or Selection()
        tip = self.resolve(revision)
        try:
            walked = self._first_parents(tip, chosen) if chosen.first_parent else self._all_parents(tip, chosen)
        except UNREADABLE as error:
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

    def _first_parents(self, tip: str, selection: Selection) -> list[tuple[str, int]]:
        """(commit, time), oldest first; ids that are checked against contents make a chain that ends."""
        walked: list[tuple[str, int]] = []
        oid: pygit2.Oid | None = pygit2.Oid(hex=tip)
        while oid is not None:
            if len(walked) >= selection.limits.commits:
                raise HistoryError(f"{self.path}: more than {selection.limits.commits:,} commits before {tip}")
            commit = self.objects.commit(oid, selection.limits)
            walked.append((str(oid), commit.commit_time))
            parents = commit.parent_ids
            oid = parents[0] if parents else None
        return walked[::-1]

    def _all_parents(self, tip: str, selection: Selection) -> list[tuple[str, int]]:
        """(commit, time), parents before children, as libgit2 orders them.

        It may take parents from a commit-graph file, which may say anything: so the commits are counted before.
        """
        seen = {tip}
        waiting = [pygit2.Oid(hex=tip)]
        while waiting:
            for parent in self.objects.commit(waiting.pop(), selection.limits).parent_ids:
                if str(parent) not in seen:
                    seen.add(str(parent))
                    waiting.append(parent)
            if len(seen) > selection.limits.commits:
                raise HistoryError(f"{self.path}: more than {selection.limits.commits:,} commits before {tip}")
        walker = self.raw.walk(tip, SortMode.TOPOLOGICAL | SortMode.REVERSE)
        walked = [(str(commit.id), commit.commit_time) for commit in walker]
        if len(walked) != len(seen) or any(oid not in seen for oid, _ in walked):
            raise HistoryError(f"{self.path}: its commit-graph file and its commits differ; remove it")
        return walked

    def commits(self, revision: str = "HEAD", selection: Selection | None = None) -> Iterator[Commit]:
        """The selected commits, oldest first, each with its changes against its first parent."""
        chosen = selection or Selection()
        for oid in self.ids(revision, chosen):
            yield self.commit(oid, chosen)

    def commit(self, oid: str, selection: Selection | None = None) -> Commit:
        """One commit with its changes; those that `selection` does not want are left out."""
        chosen = selection or Selection()
        try:
            raw = self.objects.commit(pygit2.Oid(hex=oid), chosen.limits)
        except UNREADABLE as error:
            raise HistoryError(f"{self.path}: commit {oid} cannot be read: {one_line(error)}") from error
        author = f"{_decode(raw.author.raw_name)} <{_decode(raw.author.raw_email)}>"
        by_others = bool(chosen.authors) and not any(fnmatchcase(author, glob) for glob in chosen.authors)
        parent = str(raw.parent_ids[0]) if raw.parent_ids else None
        message, most = _message(raw), chosen.limits.message_characters
        return Commit(
            id=oid,
            tree=str(raw.tree_id),
            parent=parent,
            message=message[:most],
            author=author,
            time=raw.commit_time,
            changes=self.changes(parent, oid, chosen, "author not selected" if by_others else None),
            message_left_out=max(0, len(message) - most),
        )

    def changes(
        self, old: str | None, new: str | None, selection: Selection | None = None, left_out: Reason | None = None
    ) -> tuple[Change, ...]:
        """What turns the tree of commit `old` (None: nothing) into that of `new`; renames and copies by similarity."""
        chosen = selection or Selection()
        try:
            diff = self._diff(old, new, chosen)
            self._find_similar(diff, chosen.limits)
            return _one_rename_a_source([self._change(delta, chosen, left_out) for delta in diff.deltas])
        except UNREADABLE as error:
            raise HistoryError(f"{self.path}: objects of commit {new} cannot be read: {one_line(error)}") from error

    def _diff(self, old: str | None, new: str | None, selection: Selection) -> pygit2.Diff:
        old_tree = None if old is None else self.objects.tree(old, selection.limits)
        new_tree = None if new is None else self.objects.tree(new, selection.limits)
        if new_tree is None:
            if old_tree is None:
                raise HistoryError("a change needs at least one commit")
            return old_tree.diff_to_tree(flags=_FLAGS)
        if old_tree is None:
            return new_tree.diff_to_tree(flags=_FLAGS, swap=True)
        return old_tree.diff_to_tree(new_tree, flags=_FLAGS)

    def _find_similar(self, diff: pygit2.Diff, limits: HistoryLimits) -> None:
        """Renames and copies. libgit2 reads whatever may be one, so that is weighed before."""
        added = [delta.new_file for delta in diff.deltas if delta.status == DeltaStatus.ADDED]
        others = [delta.old_file for delta in diff.deltas if delta.status != DeltaStatus.ADDED]
        if not (added and others):
            return
        flags = DiffFind.FIND_RENAMES | DiffFind.FIND_COPIES
        left = limits.rename_bytes
        for file in (*added, *others):
            size = 0 if file.mode == SUBMODULE else self.objects.size(str(file.id))
            left -= size
            if left < 0 or size > MAX_READ_BYTES:
                flags |= DiffFind.FIND_EXACT_MATCH_ONLY
                break
        diff.find_similar(flags, rename_limit=_RENAME_LIMIT)

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
            read=self.objects.read,
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
            data = self.objects.within(oid, min(max_file_bytes, MAX_READ_BYTES))
            self._reasons[key] = "too large" if data is None else content_reason(file.mode, data)
        return self._reasons[key]

    def tree(self, commit: str, limits: HistoryLimits | None = None) -> dict[str, tuple[int, str]]:
        """Every file of a commit's tree: path -> (mode exactly as stored, object id)."""
        bounds = limits or HistoryLimits()
        files: dict[str, tuple[int, str]] = {}
        try:
            waiting = [(b"", str(self.objects.tree(self.resolve(commit), bounds).id))]
            while waiting:
                folder, oid = waiting.pop()
                for mode, name, entry in entries(self.objects.folder(oid, bounds)):
                    if mode == TREE_MODE:
                        waiting.append((folder + name + b"/", entry.hex()))
                    else:
                        files[_decode_path(folder + name)] = (mode, entry.hex())
        except UNREADABLE as error:
            raise HistoryError(f"{self.path}: the tree of {commit} cannot be read: {one_line(error)}") from error
        return files

    def read(self, oid: str) -> bytes:
        """A blob's contents; recent ones are remembered. Raises HistoryError where it is missing or too large."""
        return self.objects.read(oid)

    def licence(self, commit: str, limits: HistoryLimits | None = None) -> str | None:
        """The first line of the licence file at the root of a commit's tree, None where there is none."""
        for mode, name, entry in self._root(commit, limits or HistoryLimits()):
            if mode != TREE_MODE and mode != SUBMODULE and name.upper().startswith(_LICENCES):
                if self.objects.size(entry.hex()) > MAX_FILE_BYTES:
                    return None
                lines = self.read(entry.hex())[:400].decode("utf-8", "replace").strip().splitlines()
                return lines[0].strip() if lines else None
        return None

    def _root(self, commit: str, limits: HistoryLimits) -> list[tuple[int, bytes, bytes]]:
        try:
            oid = self.objects.commit(pygit2.Oid(hex=self.resolve(commit)), limits).tree_id
            return entries(self.objects.folder(str(oid), limits))
        except UNREADABLE as error:
            raise HistoryError(f"{self.path}: the tree of {commit} cannot be read: {one_line(error)}") from error


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


def _decode(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")


def _decode_path(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _message(raw: pygit2.Commit) -> str:
    try:
        encoding = codecs.lookup(raw.message_encoding or "utf-8").name
    except (LookupError, ValueError):
        encoding = ""
    return raw.raw_message.decode(encoding if _ENCODINGS.fullmatch(encoding) else "utf-8", "replace")


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
