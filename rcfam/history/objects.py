"""Objects of a repository, each of them of the type that is expected and of a size that was looked at first."""

from collections import OrderedDict
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from rcfam.history.errors import HistoryError
from rcfam.history.limits import MAX_READ_BYTES, HistoryLimits
from rcfam.history.weight import Weights

_RECENT_BYTES = 1 << 24

# What pygit2 raises for objects that are missing, damaged or no such objects.
UNREADABLE = (KeyError, ValueError, pygit2.GitError, MemoryError)


def one_line(error: BaseException) -> str:
    """A library's message without line breaks."""
    return " ".join(str(error).split())


class Objects:
    """The objects of `raw`. What cannot be read raises one of UNREADABLE where it is not said otherwise."""

    def __init__(self, raw: pygit2.Repository, path: Path) -> None:
        self._raw = raw
        self._path = path
        self._weights = Weights()
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._recent_bytes = 0

    def commit(self, oid: pygit2.Oid, limits: HistoryLimits) -> pygit2.Commit:
        """A commit. Raises HistoryError for another object, and one that is too large."""
        self._check("commit", ObjectType.COMMIT, oid, limits)
        commit = self._raw[oid]
        assert isinstance(commit, pygit2.Commit)
        return commit

    def tree(self, commit: str, limits: HistoryLimits) -> pygit2.Tree:
        """The tree of a commit, weighed: libgit2 may walk it whole. Raises HistoryError where it is too large."""
        oid = self.commit(pygit2.Oid(hex=commit), limits).tree_id
        files, depth = self._weights.weigh(str(oid), lambda tree: self.folder(tree, limits), limits.depth)
        if files > limits.files:
            count = f"{files:,}" if files < 10**12 else "more than 10^12"
            raise HistoryError(f"{self._path}: commit {commit} holds {count} files, more than {limits.files:,}")
        if depth > limits.depth:
            raise HistoryError(f"{self._path}: commit {commit} has folders {depth:,} deep, more than {limits.depth:,}")
        tree = self._raw[oid]
        assert isinstance(tree, pygit2.Tree)
        return tree

    def folder(self, tree: str, limits: HistoryLimits) -> bytes:
        """A tree object as it is stored: one folder's list. Raises HistoryError where it is too large, or no tree."""
        oid = pygit2.Oid(hex=tree)
        self._check("tree", ObjectType.TREE, oid, limits)
        return self._raw.odb.read(oid)[1]

    def size(self, oid: str) -> int:
        """How large a blob is, from its head alone. Raises HistoryError where it is missing or no blob."""
        try:
            kind, size = self._raw.odb.read_header(pygit2.Oid(hex=oid))
        except UNREADABLE as error:
            raise HistoryError(f"{self._path}: object {oid} cannot be read: {one_line(error)}") from error
        if kind != ObjectType.BLOB:
            raise HistoryError(f"{self._path}: object {oid} is no file")
        return size

    def read(self, oid: str) -> bytes:
        """A blob's contents; recent ones are remembered. Raises HistoryError where it is missing or too large."""
        data = self.within(oid, MAX_READ_BYTES)
        if data is None:
            raise HistoryError(f"{self._path}: object {oid} holds more than {MAX_READ_BYTES:,} bytes")
        return data

    def within(self, oid: str, most: int) -> bytes | None:
        """A blob's contents, or None where it holds more than `most` bytes; then it is not read."""
        data = self._recent.get(oid)
        if data is not None:
            self._recent.move_to_end(oid)
            return data if len(data) <= most else None
        if self.size(oid) > most:
            return None
        try:
            data = self._raw.odb.read(pygit2.Oid(hex=oid))[1]
        except UNREADABLE as error:
            raise HistoryError(f"{self._path}: object {oid} cannot be read: {one_line(error)}") from error
        self._recent[oid] = data
        self._recent_bytes += len(data)
        while self._recent_bytes > _RECENT_BYTES and len(self._recent) > 1:
            self._recent_bytes -= len(self._recent.popitem(last=False)[1])
        return data

    def _check(self, what: str, expected: ObjectType, oid: pygit2.Oid, limits: HistoryLimits) -> None:
        kind, size = self._raw.odb.read_header(oid)
        if kind != expected:
            raise HistoryError(f"{self._path}: {oid} is no {what}")
        if size > limits.object_bytes:
            raise HistoryError(f"{self._path}: {what} {oid} holds {size:,} bytes, more than {limits.object_bytes:,}")
