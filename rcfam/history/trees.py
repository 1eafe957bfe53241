"""Git's object ids, computed without git: a blob's, a tree's, and a large tree's kept up to date file by file.

A tree is told flat: path -> (mode, blob id). Paths are text; bytes that are not UTF-8 travel as surrogate escapes.
"""

import hashlib
from collections.abc import Mapping

TREE_MODE = b"40000"

Entry = tuple[bytes, bytes]  # mode as git writes it, object id (20 bytes)


def blob_id(data: bytes) -> str:
    """The git object id of a file's contents, 40 hexadecimal digits."""
    digest = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def tree_id(entries: Mapping[str, tuple[int, str]]) -> str:
    """The git object id of the flat tree path -> (mode, blob id)."""
    tree = TreeHash()
    for path, (mode, oid) in entries.items():
        tree.set(path, mode, oid)
    return tree.id()


def _directory_id(entries: dict[bytes, Entry]) -> bytes:
    # Git sorts a directory as if its name ended in a slash.
    order = sorted((name + b"/" if mode == TREE_MODE else name, name) for name, (mode, _) in entries.items())
    body = b"".join([entries[name][0] + b" " + name + b"\0" + entries[name][1] for _, name in order])
    return hashlib.sha1(b"tree %d\0" % len(body) + body, usedforsecurity=False).digest()


class TreeHash:
    """The id of a flat tree under change: `id()` hashes again only the directories that lie above a changed file."""

    def __init__(self) -> None:
        self._directories: dict[bytes, dict[bytes, Entry]] = {b"": {}}
        self._dirty: set[bytes] = set()
        self._id = _directory_id({})

    def set(self, path: str, mode: int, oid: str) -> None:
        """Add or replace one file."""
        parent, _, name = path.encode("utf-8", "surrogateescape").rpartition(b"/")
        self._directories.setdefault(parent, {})[name] = (b"%o" % mode, bytes.fromhex(oid))
        self._dirty.add(parent)

    def remove(self, path: str) -> None:
        """Remove one file; a directory left without entries vanishes, as in git. Unknown paths are ignored."""
        parent, _, name = path.encode("utf-8", "surrogateescape").rpartition(b"/")
        entries = self._directories.get(parent, {})
        if name in entries and entries[name][0] != TREE_MODE:
            del entries[name]
            self._dirty.add(parent)

    def id(self) -> str:
        """The tree's object id, 40 hexadecimal digits."""
        by_depth: dict[int, set[bytes]] = {}
        for directory in self._dirty:
            by_depth.setdefault(directory.count(b"/") + 1 if directory else 0, set()).add(directory)
        self._dirty.clear()
        for depth in range(max(by_depth, default=0), 0, -1):
            for directory in by_depth.get(depth, ()):
                parent, _, name = directory.rpartition(b"/")
                siblings = self._directories.setdefault(parent, {})
                if self._directories[directory]:
                    siblings[name] = (TREE_MODE, _directory_id(self._directories[directory]))
                else:
                    del self._directories[directory]
                    if siblings.get(name, (b"",))[0] == TREE_MODE:
                        del siblings[name]
                by_depth.setdefault(depth - 1, set()).add(parent)
        if by_depth:
            self._id = _directory_id(self._directories[b""])
        return self._id.hex()
