"""What the shell knows of version control: an index, a head and a counter of commits. It is never real git.

Commit ids are digests of content and of the commit before, so that the same keys always show the same ids.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np

from rcfam.terminal.files import FULL, Entry, Files, FilesError
from rcfam.terminal.lines import differ
from rcfam.terminal.shell import renames

_DATE = " Date: Thu Jan 1 00:00:00 1970 +0000"
"""told of every amended commit: time stands still here"""
_STRIDE = 1 << 12  # bytes compared at a time, a power of eight


@dataclass(frozen=True)
class Commit:
    id: str
    message: str


class Vcs:
    """The index and the commits over one `Files`."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.head: dict[str, Entry] = {}
        self.index: dict[str, Entry] = {}
        self.commits: list[Commit] = []
        self.used_bytes = 0
        """of the index, its paths and all messages: what git keeps, on a disk as large as that of the files"""
        self._unsettled = files.watch()
        self._staged: set[str] = set()
        self._before: dict[str, Entry | None] = {}
        """what the last commit changed, as it was before: for --amend"""

    def staged(self) -> list[str]:
        """Paths whose index differs from the last commit."""
        self.files.spend_on_names(len(self._staged))
        return sorted(self._staged)

    def unstaged(self) -> list[str]:
        """Paths whose file differs from the index, untracked ones too."""
        self.files.spend_on_names(len(self._unsettled))
        settled = [path for path in self._unsettled if self.files.get(path) == self.index.get(path)]
        self._unsettled.difference_update(settled)
        return sorted(self._unsettled)

    def stage(self, path: str) -> None:
        """Let the index hold what the file system holds at `path`. Raises FilesError where it does not fit."""
        old, new = self.index.get(path), self.files.get(path)
        self.files.spend_on_names(1)
        self._keep(path, _size(path, new) - _size(path, old))
        _set(self.index, path, new)
        self._unsettled.discard(path)
        self._note(path)

    def forget(self, path: str) -> None:
        """Drop `path` from the index; the file stays."""
        self.used_bytes -= _size(path, self.index.pop(path, None))
        if path in self.files:
            self._unsettled.add(path)
        self._note(path)

    def _keep(self, path: str, more: int) -> None:
        if more > 0 and self.used_bytes + more > self.files.limits.disk_bytes:
            self.files.refused += 1
            raise FilesError(path, FULL)
        self.used_bytes += more

    def _note(self, path: str) -> None:
        if self.index.get(path) == self.head.get(path):
            self._staged.discard(path)
        else:
            self._staged.add(path)

    def adopt(self, path: str) -> None:
        """Take what the file system holds at `path` as committed before anybody typed: nothing to stage, nothing to
        say.
        """
        self.stage(path)
        _set(self.head, path, self.index.get(path))
        self._staged.discard(path)
        self._before.pop(path, None)

    def commit(self, message: str, amend: bool = False) -> str:
        """Record the index, in place of the last commit where `amend`; returns what git prints. Raises FilesError where
        the message does not fit.
        """
        self._keep("", len(message))
        if amend and self.commits:
            self.commits.pop()
            for path, entry in self._before.items():
                _set(self.head, path, entry)
                self._note(path)
        self._before = {}
        digest = hashlib.sha1(message.encode("utf-8", "surrogatepass"), usedforsecurity=False)
        digest.update((self.commits[-1].id if self.commits else "").encode())
        changes: list[tuple[str, Entry | None, Entry | None]] = []
        for path in self.staged():
            old, new = self.head.get(path), self.index.get(path)
            changes.append((path, old, new))
            self._before[path] = old
            digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
            if new is not None:
                digest.update(b"%o\0" % new.mode)
                digest.update(new.data)
                digest.update(b"\0")
            _set(self.head, path, new)
        self._staged.clear()
        root = " (root-commit)" if not self.commits and not amend else ""
        self.commits.append(Commit(digest.hexdigest(), message))
        subject = " ".join(message.split("\n\n", 1)[0].split("\n"))
        lines = [f"[main{root} {self.commits[-1].id[:7]}] {subject}"]
        if amend:
            lines.append(_DATE)
        if changes:
            lines += _summary(changes)
        return "\n".join(lines) + "\n"

    def renamed(self) -> list[renames.Pair]:
        """The renames among what is staged."""
        staged = self.staged()
        removed = {path: self.head[path] for path in staged if path not in self.index}
        added = {path: self.index[path] for path in staged if path not in self.head}
        self.files.spend_on_bytes(sum(len(entry.data) for entry in (*removed.values(), *added.values())))
        return renames.pairs(removed, added)


def _size(path: str, entry: Entry | None) -> int:
    return 0 if entry is None else len(path) + len(entry.data)


def _set(entries: dict[str, Entry], path: str, entry: Entry | None) -> None:
    if entry is None:
        entries.pop(path, None)
    else:
        entries[path] = entry


def _summary(changes: list[tuple[str, Entry | None, Entry | None]]) -> list[str]:
    """git's count of files and lines, and what came, went or moved."""
    removed = {path: old for path, old, new in changes if old and new is None}
    appeared = {path: new for path, old, new in changes if new and old is None}
    moved = {new: (old, percent) for old, new, percent in renames.pairs(removed, appeared)} if removed else {}
    gone = {old for old, _ in moved.values()}
    files = more = less = 0
    lines: list[str] = []
    for path, old, new in changes:
        if path in gone:
            continue
        files += 1
        note = ""
        if path in moved:
            source, percent = moved[path]
            old = removed[source]
            note = f" rename {renames.shown(source, path)} ({percent}%)"
        elif old is None and new is not None:
            note = f" create mode {new.mode:o} {path}"
        elif new is None and old is not None:
            note = f" delete mode {old.mode:o} {path}"
        if note:
            lines.append(note)
        if old and new and old.mode != new.mode:
            lines.append(f" mode change {old.mode:o} => {new.mode:o}{'' if note else f' {path}'}")
        plus, minus = line_counts(old.data if old else b"", new.data if new else b"")
        more, less = more + plus, less + minus
    parts = [f" {files} file{'s' if files != 1 else ''} changed"]
    if more or not less:
        parts.append(f"{more} insertion{'s' if more != 1 else ''}(+)")
    if less or not more:
        parts.append(f"{less} deletion{'s' if less != 1 else ''}(-)")
    return [", ".join(parts), *lines]


def line_counts(old: bytes, new: bytes) -> tuple[int, int]:
    """Lines added and removed, a binary file counting none."""
    if old == new or b"\0" in old[:8000] or b"\0" in new[:8000]:
        return 0, 0
    start, stop_old, stop_new = _changed_lines(old, new)
    before, after = _ended(old[start:stop_old]), _ended(new[start:stop_new])
    removed, added = before.count(b"\n"), after.count(b"\n")
    if removed and added:
        *_, hunks = differ(np.frombuffer(before, np.uint8), removed, np.frombuffer(after, np.uint8), added)
        if len(hunks):
            return int((hunks[:, 3] - hunks[:, 2]).sum()), int((hunks[:, 1] - hunks[:, 0]).sum())
        same = (Counter(before.split(b"\n")[:-1]) & Counter(after.split(b"\n")[:-1])).total()
        return added - same, removed - same  # very much differs: a moved line counts as unchanged
    return added, removed


def _changed_lines(old: bytes, new: bytes) -> tuple[int, int, int]:
    """Where the first line that differs begins, and where the last one ends in either text."""
    limit = min(len(old), len(new))
    step, start = _STRIDE, 0
    while step:
        while start + step <= limit and old[start : start + step] == new[start : start + step]:
            start += step
        step //= 8
    start = old.rfind(b"\n", 0, start) + 1
    step, end = _STRIDE, 0
    while step:
        while end + step <= limit - start and (
            old[len(old) - end - step : len(old) - end] == new[len(new) - end - step : len(new) - end]
        ):
            end += step
        step //= 8
    newline = old.find(b"\n", len(old) - end) + 1 if end else 0
    end = len(old) - newline if newline else 0
    return start, len(old) - end, len(new) - end


def _ended(text: bytes) -> bytes:
    """A text whose last line has a newline; one that had none differs from the same line with one."""
    return text if text.endswith(b"\n") or not text else text + b"\0\n"
