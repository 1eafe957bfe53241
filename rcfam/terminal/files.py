"""The virtual file system: paths below one root, git's modes, bytes. Nothing leads out of the root and nothing
touches a disk.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from rcfam.errors import RcfamError

FILE: Final = 0o100644
EXECUTABLE: Final = 0o100755
LINK: Final = 0o120000
_MODES: Final = (FILE, EXECUTABLE, LINK)
_MAX_LINKS: Final = 40


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

    `touched` holds every path whose entry came, went or changed since the reader last cleared it.
    """

    def __init__(self) -> None:
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
        return sorted(self._directories[path])

    def read(self, path: str) -> bytes:
        """A file's bytes, or a link's target."""
        if path in self._directories:
            raise FilesError(path, "Is a directory")
        if path not in self._entries:
            raise FilesError(path, "No such file or directory")
        return self._entries[path].data

    def write(self, path: str, data: bytes, mode: int | None = None) -> None:
        """Set a file's bytes, making its directories; the mode stays as it was, or is FILE, where none is given."""
        if path in self._directories:
            raise FilesError(path, "Is a directory")
        old = self._entries.get(path)
        mode = mode if mode is not None else old.mode if old else FILE
        if mode not in _MODES:
            raise FilesError(path, f"mode {mode:o} is none of 100644, 100755, 120000")
        if old is None:
            folder, name = _split(path)
            self.make_directories(folder)
            self._directories[folder].add(name)
        self._entries[path] = Entry(mode, data)
        self._touch(path)

    def symlink(self, target: bytes, path: str) -> None:
        """Make a symbolic link; the path must be free."""
        if self.exists(path):
            raise FilesError(path, "File exists")
        self.write(path, target, LINK)

    def remove(self, path: str) -> None:
        """Remove a file or a link."""
        self.read(path)
        del self._entries[path]
        folder, name = _split(path)
        self._directories[folder].discard(name)
        self._touch(path)

    def remove_tree(self, path: str) -> None:
        """Remove a file, or a directory and all in it."""
        if path in self._entries:
            self.remove(path)
            return
        for name in self.listing(path):
            self.remove_tree(f"{path}/{name}" if path else name)
        if path:
            self.remove_directory(path)

    def chmod(self, path: str, executable: bool) -> None:
        """Set or clear the executable bit of a file."""
        data = self.read(path)
        if self._entries[path].mode != LINK:
            self.write(path, data, EXECUTABLE if executable else FILE)

    def make_directory(self, path: str) -> None:
        """Make one directory in an existing one."""
        if self.exists(path):
            raise FilesError(path, "File exists")
        folder, name = _split(path)
        if folder in self._entries:
            raise FilesError(path, "Not a directory")
        if folder not in self._directories:
            raise FilesError(path, "No such file or directory")
        self._directories[folder].add(name)
        self._directories[path] = set()

    def make_directories(self, path: str) -> None:
        """Make a directory and those above it; what exists stays."""
        if path in self._directories:
            return
        self.make_directories(_split(path)[0])
        self.make_directory(path)

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory."""
        if self.listing(path):
            raise FilesError(path, "Directory not empty")
        if not path:
            raise FilesError(path, "Device or resource busy")
        folder, name = _split(path)
        self._directories[folder].discard(name)
        del self._directories[path]

    def prune(self, path: str) -> None:
        """Remove the directory and those above it as long as they are empty, as git does."""
        while path and path in self._directories and not self._directories[path]:
            self.remove_directory(path)
            path = _split(path)[0]

    def rename(self, old: str, new: str) -> None:
        """Rename a file, a link or a directory to `new`, replacing a file that stands there."""
        if old in self._entries:
            entry = self._entries[old]
            if new in self._directories:
                raise FilesError(new, "Is a directory")
            folder = _split(new)[0]
            if folder not in self._directories:
                raise FilesError(new, "No such file or directory")
            self.remove(old)
            if new in self._entries:
                self.remove(new)
            self.write(new, entry.data, entry.mode)
            return
        names = self.listing(old)
        if new == old or new.startswith(f"{old}/") or not old:
            raise FilesError(new, "Invalid argument")
        if new in self._directories:
            self.remove_directory(new)
        self.make_directory(new)
        for name in names:
            self.rename(f"{old}/{name}", f"{new}/{name}")
        self.remove_directory(old)

    def resolve(self, path: str, here: str = "", follow: bool = True) -> str:
        """The path that `path`, seen from directory `here`, leads to; links on the way are followed, the last one if
        `follow`.

        The last part need not exist. Raises FilesError where a part before it is missing or where the path leaves the
        root.
        """
        parts = [*here.split("/"), *path.split("/")] if here else path.split("/")
        links = 0
        done: list[str] = []
        while parts:
            part = parts.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    raise FilesError(path, "Permission denied")
                done.pop()
                continue
            place = "/".join([*done, part])
            entry = self._entries.get(place)
            last = not any(rest not in ("", ".") for rest in parts)
            if entry is not None and entry.mode == LINK and (follow or not last):
                links += 1
                target = entry.data.decode("utf-8", "surrogateescape")
                if links > _MAX_LINKS:
                    raise FilesError(path, "Too many levels of symbolic links")
                if target.startswith("/"):
                    raise FilesError(path, "No such file or directory")
                parts = [*target.split("/"), *parts]
                continue
            if not last and place not in self._directories:
                raise FilesError(path, "Not a directory" if entry else "No such file or directory")
            done.append(part)
        return "/".join(done)


def _split(path: str) -> tuple[str, str]:
    """A path's directory and name; every part must be an ordinary name."""
    folder, _, name = path.rpartition("/")
    if name in ("", ".", "..") or "\0" in name or path.startswith("/"):
        raise FilesError(path, "Invalid argument")
    return folder, name
