"""Shell lines: quoting, and the order in which the changes of a commit are made. SHELL.md lists what is typed."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rcfam.history import Change
from rcfam.history.changes import EXECUTABLE, LINK, SUBMODULE
from rcfam.typist.key_text import ENTER

_BARE = re.compile(r"[A-Za-z0-9_./@%=:,][A-Za-z0-9_./@%=:,+~-]*")
_DOUBLE_QUOTED = re.compile(r'[^"\\$`!]*')
_MAX_REMOVED = 6  # paths on one `git rm` line
_MAX_LINE = 160


class Session(NamedTuple):
    """A file to be opened in the editor, its contents before (None: a new file) and after."""

    path: str
    old: bytes | None
    new: bytes


def quote(text: str) -> str:
    """A word as one types it for bash: bare where that is safe, else in double or single quotes."""
    if _BARE.fullmatch(text):
        return text
    if _DOUBLE_QUOTED.fullmatch(text):
        return f'"{text}"'
    return "'" + text.replace("'", "'\\''") + "'"


def quote_path(path: str) -> str:
    """A path as a word that no command takes for an option."""
    return quote(f"./{path}" if path[0] in "-+~" else path)


class Paths:
    """The files of the tree as the typist has made it so far, and with them which directories there are."""

    def __init__(self, files: Iterable[str] = ()) -> None:
        self._files: set[str] = set()
        self._directories: Counter[str] = Counter()
        for path in files:
            self.add(path)

    def add(self, path: str) -> None:
        if path not in self._files:
            self._files.add(path)
            self._directories.update(parents(path))

    def remove(self, path: str) -> None:
        if path in self._files:
            self._files.remove(path)
            for parent in parents(path):
                self._directories[parent] -= 1
                if not self._directories[parent]:
                    del self._directories[parent]

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def is_directory(self, path: str) -> bool:
        return path == "" or path in self._directories

    def blocked(self, path: str) -> bool:
        """Whether nothing can be put at `path` now: something stands there, or a file where a directory must."""
        return path in self._files or path in self._directories or any(p in self._files for p in parents(path))


def parents(path: str) -> list[str]:
    """The directories above a path, the nearest first, without the root."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found


class _Sorted(NamedTuple):
    """A commit's rendered changes by what is done for them. A file that is made anew stands in `made` alone."""

    copied: list[Change]
    removed: list[str]
    renamed: list[Change]
    made: list[Change]
    edited: list[Change]


def steps(changes: Iterable[Change], paths: Paths) -> Iterator[str | Session]:
    """What is done for the rendered changes of a commit, in order: shell lines with their Enter, and editor sessions.

    `paths` is brought up to date as steps are taken.
    """
    order = _sort(changes, paths)
    for change in order.copied:
        yield from _make_way(change.path, paths)
        flag = "-P " if change.new_mode == LINK else ""
        yield f"cp {flag}{quote_path(change.old_path)} {quote_path(change.path)}{ENTER}"
        paths.add(change.path)
    yield from _remove(order.removed, paths)
    for change in order.renamed:
        yield from _make_way(change.path, paths)
        yield f"git mv {quote_path(change.old_path)} {quote_path(change.path)}{ENTER}"
        paths.remove(change.old_path)
        paths.add(change.path)
        if emptied := [folder for folder in parents(change.old_path) if not paths.is_directory(folder)]:
            yield f"rmdir {' '.join(map(quote_path, emptied))}{ENTER}"  # git leaves them, and a file may come there
    for change in order.made:
        yield from _make_way(change.path, paths)
        paths.add(change.path)
        yield from _make(change)
    for change in order.edited:
        yield from _edit(change)


def _sort(changes: Iterable[Change], paths: Paths) -> _Sorted:
    order = _Sorted([], [], [], [], [])
    for change in changes:
        if change.left_out is not None:
            continue
        if change.kind == "delete":
            order.removed.append(change.path)
        elif change.old_id is None:
            order.made.append(change)
        elif change.kind in ("rename", "copy"):
            if change.old_path not in paths or paths.blocked(change.path) or not _can_follow(change):
                order.made.append(change)
                if change.kind == "rename":
                    order.removed.append(change.old_path)
            else:
                (order.renamed if change.kind == "rename" else order.copied).append(change)
                order.edited.append(change)
        else:
            order.edited.append(change)
    return order


def _can_follow(change: Change) -> bool:
    """Whether a moved or copied file can become what it must in place: by no edit at all, or by one of text."""
    return change.old_id == change.new_id or not (change.old_reason or LINK in (change.old_mode, change.new_mode))


def _make_way(path: str, paths: Paths) -> Iterator[str]:
    directory = path.rpartition("/")[0]
    if not paths.is_directory(directory):
        yield f"mkdir -p {quote_path(directory)}{ENTER}"


def _remove(removed: list[str], paths: Paths) -> Iterator[str]:
    words: list[str] = []
    for path in removed:
        words.append(quote_path(path))
        paths.remove(path)
        if len(words) == _MAX_REMOVED or sum(map(len, words)) > _MAX_LINE:
            yield f"git rm {' '.join(words)}{ENTER}"
            words = []
    if words:
        yield f"git rm {' '.join(words)}{ENTER}"


def _make(change: Change) -> Iterator[str | Session]:
    """A file that is not there yet."""
    new = change.new
    if new is None:
        return
    if change.new_mode == LINK:
        yield f"ln -s {quote(new.decode('utf-8'))} {quote_path(change.path)}{ENTER}"
        return
    yield Session(change.path, None, new)
    if change.new_mode == EXECUTABLE:
        yield f"chmod +x {quote_path(change.path)}{ENTER}"


def _edit(change: Change) -> Iterator[str | Session]:
    """A file that is there, under its new name, with its old contents and mode."""
    if change.old_mode != change.new_mode and LINK in (change.old_mode, change.new_mode):
        yield f"rm {quote_path(change.path)}{ENTER}"
        yield from _make(change)
        return
    if change.old_id != change.new_id:
        new = change.new
        if new is None or change.new_mode == SUBMODULE:
            return
        if change.new_mode == LINK:
            yield f"ln -sfn {quote(new.decode('utf-8'))} {quote_path(change.path)}{ENTER}"
            return
        old = None if change.old_reason else change.old
        if old is None:
            yield f"rm {quote_path(change.path)}{ENTER}"
            yield from _make(change)
            return
        yield f"> {quote_path(change.path)}{ENTER}" if not new else Session(change.path, old, new)
    if change.old_mode != change.new_mode:
        sign = "+" if change.new_mode == EXECUTABLE else "-"
        yield f"chmod {sign}x {quote_path(change.path)}{ENTER}"
