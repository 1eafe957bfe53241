"""How many files a tree holds and how deep it goes, without walking it: equal folders are weighed once."""

import re
from collections.abc import Callable

TREE_MODE = 0o40000
_TREE_MODES = (b"40000", b"040000")
_ENTRY = re.compile(rb"([0-7]{1,9}) ([^\0]*)\0([\s\S]{20})")
_BESIDE = 22  # bytes of an entry beside mode and name
_REMEMBERED = 1 << 18


def entries(tree: bytes) -> list[tuple[int, bytes, bytes]]:
    """The (mode, name, object id) of a raw tree object: `mode SP name NUL id`, 20 bytes of id.

    Raises ValueError where it is none.
    """
    return [(int(mode, 8), name, oid) for mode, name, oid in _entries(tree)]


def _entries(tree: bytes) -> list[tuple[bytes, bytes, bytes]]:
    found = _ENTRY.findall(tree)
    if sum([len(mode) + len(name) + _BESIDE for mode, name, _ in found]) != len(tree):
        raise ValueError("a tree object that cannot be read")
    return found


class Weights:
    """tree id -> (files, depth), remembered over the trees of a history, which share most folders."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}

    def weigh(self, tree: str, read: Callable[[str], bytes], deepest: int) -> tuple[int, int]:
        """The number of files below a tree, and how many folders lie above the deepest; `read` gives a tree's bytes.

        A submodule is a file. Raises ValueError for what is no tree, holds itself, or goes deeper than `deepest`.
        """
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        inside: dict[str, tuple[int, list[str]]] = {}  # trees that wait for their folders: (own files, folders)
        waiting = [tree]
        while waiting:
            at = waiting[-1]
            if at in self._known:
                waiting.pop()
                continue
            if at not in inside:
                inside[at] = _split(read(at))
                if len(inside) > deepest + 1:
                    raise ValueError(f"folders more than {deepest:,} deep")
                waiting += [folder for folder in inside[at][1] if folder not in self._known]
                if any(folder in inside for folder in inside[at][1] if folder not in self._known):
                    raise ValueError(f"tree {at} holds itself")
                continue
            waiting.pop()
            files, folders = inside.pop(at)
            weights = [self._known[folder] for folder in folders]
            depth = 1 + max((below for _, below in weights), default=-1)
            self._known[at] = files + sum(count for count, _ in weights), depth
        return self._known[tree]


def _split(tree: bytes) -> tuple[int, list[str]]:
    """The number of files that a tree names itself, and its folders."""
    found = _entries(tree)
    folders = [oid.hex() for mode, _, oid in found if mode in _TREE_MODES]
    return len(found) - len(folders), folders
