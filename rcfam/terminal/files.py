"""The virtual file system: paths below one root, git's modes, bytes. Nothing leads out of the root and nothing
touches a disk.

The disk has a size (Limits.disk_bytes, Limits.disk_files). Contents count in full, also where two files share them, and
so does every path: names of directories and deep paths fill a disk too.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from rcfam.errors import RcfamError
from rcfam.terminal.limits import Limits

FILE: Final = 0o100644
EXECUTABLE: Final = 0o100755
LINK: Final = 0o120000
_MODES: Final = (FILE, EXECUTABLE, LINK)
_MAX_LINKS: Final = 40
FULL: Final = "No space left on device"
SPENT: Final = "Cannot allocate memory"
_BYTES_A_STEP: Final = 64  # steps of work: about 0.1 us each
_STEPS_A_NAME: Final = 32


class FilesError(RcfamError):
    """What the system call would have failed with: `reason` is a person's words for it, as in "No such file or
    directory".
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Entry(NamedTuple):
    """A file or a link; a link's data is its target."""

    mode: int
    data: bytes


class Files(Mapping[str, Entry]):
    """path -> Entry, the path relative to the root as in 'a/b.py'. Directories may be empty; they are no entries.

    `touched` holds every path whose entry came, went or changed since the reader last cleared it. What no longer fits
    raises FilesError with the reason FULL.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.used_bytes = 0
        """of contents and of all paths"""
        self.refused = 0
        """how often something did not fit"""
        self.work_left: int | None = None
        """steps that the shell's line may still take; None while none runs"""
        self._entries: dict[str, Entry] = {}
        self._directories: dict[str, set[str]] = {"": set()}
        self._watchers: list[set[str]] = []
        self.touched: set[str] = self.watch()

    def watch(self) -> set[str]:
        """A set that gets every path whose entry comes, goes or changes from now on; the caller may clear it."""
        watcher: set[str] = set()
        self._watchers.append(watcher)
        return watcher

    def _touch(self, path: str) -> None:
        for watcher in self._watchers:
            watcher.add(path)

    @property
    def used_files(self) -> int:
        """Files, links and directories."""
        return len(self._entries) + len(self._directories) - 1

    def spend(self, steps: int) -> None:
        """Count work of a shell's line. Raises FilesError with the reason SPENT where it has taken more than it may."""
        if self.work_left is not None:
            self.work_left -= steps
            if self.work_left < 0:
                raise FilesError("-bash", SPENT)

    def spend_on_bytes(self, count: int) -> None:
        """Count the work of reading or writing so many bytes."""
        self.spend(1 + count // _BYTES_A_STEP)

    def spend_on_names(self, count: int) -> None:
        """Count the work of looking at so many paths."""
        self.spend(_STEPS_A_NAME * count)

    def _check_room(self, path: str, more_bytes: int, more_files: int = 0) -> None:
        """Raises FilesError where what is about to be added does not fit."""
        bytes_fit = more_bytes <= 0 or self.used_bytes + more_bytes <= self.limits.disk_bytes
        files_fit = more_files <= 0 or self.used_files + more_files <= self.limits.disk_files
        if not (bytes_fit and files_fit):
            self.refused += 1
            raise FilesError(path, FULL)

    def __getitem__(self, path: str) -> Entry:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def is_directory(self, path: str) -> bool:
        return path in self._directories

    def exists(self, path: str) -> bool:
        return path in self._entries or path in self._directories

    def listing(self, path: str = "") -> list[str]:
        """The names in a directory, sorted by code point."""
        if path in self._entries:
            raise FilesError(path, "Not a directory")
        if path not in self._directories:
            raise FilesError(path, "No such file or directory")
        self.spend_on_names(len(self._directories[path]))
        return sorted(self._directories[path])

    def read(self, path: str) -> bytes:
        """A file's bytes, or a link's target."""
        if path in self._directories:
            raise FilesError(path, "Is a directory")
        if path not in self._entries:
            raise FilesError(path, "No such file or directory")
        data = self._entries[path].data
        self.spend_on_bytes(len(data))
        return data

    def write(self, path: str, data: bytes, mode: int | None = None) -> None:
        """Set a file's bytes, making its directories; the mode stays as it was, or is FILE, where none is given.

        Where only the first of the bytes fit, they are written, and FilesError is raised.
        """
        self.spend_on_bytes(len(data))
        if path in self._directories:
            raise FilesError(path, "Is a directory")
        old = self._entries.get(path)
        mode = mode if mode is not None else old.mode if old else FILE
        if mode not in _MODES:
            raise FilesError(path, f"mode {mode:o} is none of 100644, 100755, 120000")
        if old is None:
            folder, name = _split(path)
            self.make_directories(folder)
            self._check_room(path, len(path), 1)
            self.used_bytes += len(path)
            self._directories[folder].add(name)
        gone = len(old.data) if old else 0
        room = self.limits.disk_bytes - self.used_bytes + gone
        kept = data if len(data) <= max(room, gone) else data[: max(room, 0)]
        self.used_bytes += len(kept) - gone
        self._entries[path] = Entry(mode, kept)
        self._touch(path)
        if len(kept) < len(data):
            self.refused += 1
            raise FilesError(path, FULL)

    def symlink(self, target: bytes, path: str) -> None:
        """Make a symbolic link; the path must be free."""
        if self.exists(path):
            raise FilesError(path, "File exists")
        self._check_room(path, len(path) + len(target), 1)
        self.write(path, target, LINK)

    def remove(self, path: str) -> None:
        """Remove a file or a link."""
        if path in self._directories:
            raise FilesError(path, "Is a directory")
        if path not in self._entries:
            raise FilesError(path, "No such file or directory")
        self.used_bytes -= len(path) + len(self._entries.pop(path).data)
        folder, name = _split(path)
        self._directories[folder].discard(name)
        self._touch(path)

    def remove_tree(self, path: str) -> None:
        """Remove a file, or a directory and all in it."""
        if path in self._entries:
            self.remove(path)
            return
        inside = list(self.walk(path))
        for each in reversed(inside):
            if each in self._entries:
                self.remove(each)
            else:
                self.remove_directory(each)
        if path:
            self.remove_directory(path)

    def walk(self, path: str) -> Iterator[str]:
        """Every path below a directory, each directory before what stands in it, names sorted by code point."""
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            if folder != path:
                yield folder
            if folder in self._directories:
                names = self.listing(folder)
                waiting += [f"{folder}/{name}" if folder else name for name in reversed(names)]

    def chmod(self, path: str, executable: bool) -> None:
        """Set or clear the executable bit of a file."""
        data = self.read(path)
        if self._entries[path].mode != LINK:
            self._entries[path] = Entry(EXECUTABLE if executable else FILE, data)
            self._touch(path)

    def make_directory(self, path: str) -> None:
        """Make one directory in an existing one."""
        if self.exists(path):
            raise FilesError(path, "File exists")
        folder = _split(path)[0]
        if folder in self._entries:
            raise FilesError(path, "Not a directory")
        if folder not in self._directories:
            raise FilesError(path, "No such file or directory")
        self.spend(len(path) // 8)
        self._check_room(path, len(path), 1)
        self._add_directory(path)

    def make_directories(self, path: str) -> None:
        """Make a directory and those above it; what exists stays."""
        missing = []
        while path not in self._directories:
            missing.append(path)
            path = _split(path)[0]
        for each in reversed(missing):
            self.make_directory(each)

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory."""
        if path not in self._directories:
            self.listing(path)  # raises
        if self._directories[path]:
            raise FilesError(path, "Directory not empty")
        if not path:
            raise FilesError(path, "Device or resource busy")
        folder, name = _split(path)
        self._directories[folder].discard(name)
        del self._directories[path]
        self.used_bytes -= len(path)

    def prune(self, path: str) -> None:
        """Remove the directory and those above it as long as they are empty, as git does."""
        while path and path in self._directories and not self._directories[path]:
            self.remove_directory(path)
            path = _split(path)[0]

    def rename(self, old: str, new: str) -> None:
        """Rename a file, a link or a directory to `new`, replacing a file that stands there."""
        if old in self._entries:
            self._rename_file(old, new)
            return
        self.listing(old)  # raises where there is no such directory
        if new == old or new.startswith(f"{old}/") or not old:
            raise FilesError(new, "Invalid argument")
        inside = list(self.walk(old))
        self._check_room(new, (len(new) - len(old)) * (len(inside) + 1))
        if new in self._directories:
            self.remove_directory(new)
        self._add_directory(new)
        for each in inside:
            place = new + each[len(old) :]
            if each in self._entries:
                self._move(each, place)
            else:
                self._add_directory(place)
        for each in (*reversed(inside), old):
            if each in self._directories:
                self.remove_directory(each)

    def _rename_file(self, old: str, new: str) -> None:
        if new in self._directories:
            raise FilesError(new, "Is a directory")
        if _split(new)[0] not in self._directories:
            raise FilesError(new, "No such file or directory")
        if new != old:
            self._check_room(new, len(new) - len(old))
            if new in self._entries:
                self.remove(new)
        self._move(old, new)

    def _move(self, old: str, new: str) -> None:
        entry = self._entries[old]
        self.remove(old)
        folder, name = _split(new)
        self._directories[folder].add(name)
        self._entries[new] = entry
        self.used_bytes += len(new) + len(entry.data)
        self._touch(new)

    def _add_directory(self, path: str) -> None:
        folder, name = _split(path)
        self._directories[folder].add(name)
        self._directories[path] = set()
        self.used_bytes += len(path)

    def resolve(self, path: str, here: str = "", follow: bool = True) -> str:
        """The path that `path`, seen from directory `here`, leads to; links on the way are followed, the last one if
        `follow`.

        The last part need not exist. Raises FilesError where a part before it is missing or where the path leaves the
        root.
        """
        place, parts = here, path.split("/")
        if here not in self._directories:
            place, parts = "", [*here.split("/"), *parts]
        waiting = [part for part in reversed(parts) if part not in ("", ".")]
        self.spend(len(waiting) * (1 + len(place) // 64))
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                if not place:
                    raise FilesError(path, "Permission denied")
                place = place.rpartition("/")[0]
                continue
            at = f"{place}/{part}" if place else part
            entry = self._entries.get(at)
            if entry is not None and entry.mode == LINK and (follow or waiting):
                links += 1
                target = entry.data.decode("utf-8", "surrogateescape")
                if links > _MAX_LINKS:
                    raise FilesError(path, "Too many levels of symbolic links")
                if target.startswith("/"):
                    raise FilesError(path, "No such file or directory")
                inside = target.split("/")
                self.spend(len(inside))
                waiting += [part for part in reversed(inside) if part not in ("", ".")]
                continue
            if waiting and at not in self._directories:
                raise FilesError(path, "Not a directory" if entry else "No such file or directory")
            place = at
        return place


def _split(path: str) -> tuple[str, str]:
    """A path's directory and name; every part must be an ordinary name."""
    folder, _, name = path.rpartition("/")
    if name in ("", ".", "..") or "\0" in name or path.startswith("/"):
        raise FilesError(path, "Invalid argument")
    return folder, name
