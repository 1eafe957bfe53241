"""Files appear whole or not at all; a folder is written by one process at a time.

What is being written stands beside its place as `.NAME.PID-RANDOM.part`, and its writer holds a lock (flock) on it. The
kernel lets go of a lock when its process ends, in whatever way: a part whose lock is free is dead, and the next writer
of NAME deletes it. Where the file system has no locks nothing is known to be dead, and nothing is deleted.
"""

import ctypes
import errno
import fcntl
import json
import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from rcfam.errors import RcfamError

DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
"""What only writing meets: a disk that is full or read-only, a quota, a bound on a file's size."""
_PART: Final = re.compile(r"\.(?P<name>.+)\.\d+(-[0-9a-f]{8})?\.part", re.DOTALL)  # earlier versions: no random part
_NO_LOCKS: Final = frozenset({errno.EBADF, errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})
_AT_FDCWD: Final = -100  # linux/fcntl.h
_RENAME_EXCHANGE: Final = 2  # linux/fs.h
_TRIES: Final = 5  # to lock what others rename, delete or look at meanwhile
_PAUSE_S: Final = 0.02


class BusyError(RcfamError):
    """Another process is at work at this place."""


@contextmanager
def io_errors(path: Path, only: frozenset[int] | None = None) -> Iterator[None]:
    """Make one line of an OSError of the block, about `path`; with `only`, of these error numbers alone."""
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        raise RcfamError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def writing(path: Path, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, delete it when it does not.

    The parent folder is made when it is missing. `durable` waits until file and name are on the disk. Raises RcfamError
    where it cannot be written, where a folder, a link, a device or a pipe is in its place, and where the disk is full.
    """
    check_file(path)
    with io_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent, path.name)
        temporary, handle = hold(path, folder=False)
    try:
        with io_errors(path, DISK):
            yield temporary
        with io_errors(path):
            if durable:
                sync(temporary)
            temporary.replace(path)
            if durable:
                sync(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        os.close(handle)


def write_json(path: Path, value: Any, indent: int = 2, allow_nan: bool = True) -> None:
    """Write a value as a JSON file that appears whole and on the disk. Raises RcfamError as `writing` does."""
    with writing(path, durable=True) as part:
        part.write_text(json.dumps(value, indent=indent, allow_nan=allow_nan) + "\n", encoding="utf-8")


def check_file(path: Path) -> None:
    """Raise RcfamError where something stands at `path` that a file must not replace."""
    with io_errors(path):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return
    if stat.S_ISDIR(mode):
        raise RcfamError(f"cannot write {path}: it is a folder")
    if not stat.S_ISREG(mode):
        raise RcfamError(f"cannot write {path}: it is {_sort(mode)}; only a regular file is replaced")


def _sort(mode: int) -> str:
    sorts = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return sorts.get(stat.S_IFMT(mode), "a device")


def sync(path: Path) -> None:
    """Wait until a file's contents, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hold(path: Path, folder: bool) -> tuple[Path, int]:
    """Make a new file or folder beside `path` that nobody else has; it, and a handle that holds its lock."""
    for _ in range(_TRIES):
        part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
        if folder:
            part.mkdir()
            handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY)
        else:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        if lock(handle) is not False and is_at(handle, part):  # no sweep came between
            return part, handle
        os.close(handle)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))


def lock(handle: int, shared: bool = False) -> bool | None:
    """Take the lock of an open file or folder: True, or False where another has it; None where there are no locks.

    Readers that only ask whether somebody writes take it `shared`.
    """
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    return True


def is_at(handle: int, path: Path) -> bool:
    """Whether the open file or folder still stands at `path`."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    own = os.fstat(handle)
    return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)


def is_part(name: str, of: str | None = None) -> bool:
    """Whether a name is one of a part, of whatever or of `of`."""
    found = _PART.fullmatch(name)
    return found is not None and of in (None, found["name"])


@contextmanager
def if_dead(part: Path) -> Iterator[bool]:
    """Whether nobody writes a part any more; it stays so for the time of the block."""
    try:
        handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # it came to its place meanwhile, or is none of ours
        yield False
        return
    try:
        yield lock(handle) is True and is_at(handle, part)
    finally:
        os.close(handle)


def sweep(folder: Path, of: str | None = None) -> None:
    """Delete dead files that are parts in a folder, of whatever or of `of` alone."""
    with os.scandir(folder) as entries:
        found = [Path(each) for each in entries if is_part(each.name, of) and each.is_file(follow_symlinks=False)]
    for part in found:
        with if_dead(part) as dead:
            if dead:
                part.unlink(missing_ok=True)


def exchange(new: Path, old: Path) -> None:
    """Let two folders beside each other change names: in one step where the kernel can, else `old` aside first."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "renameat2"):
        paths = os.fsencode(new), os.fsencode(old)
        if libc.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
            raise OSError(number, os.strerror(number), str(old))
    aside = old.with_name(f".{old.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    old.rename(aside)
    new.rename(old)
    aside.rename(new)


def check_folder(folder: Path) -> None:
    """Make a folder where there is none. Raises RcfamError where that cannot be, or no file can be made in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise RcfamError(f"cannot write into {folder}: {error.strerror}") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the one process that works in a folder for the time of the block; the folder is made where there is none.

    The lock is on the folder itself and ends with the process, in whatever way. Raises BusyError where another process
    holds it, RcfamError where the folder cannot be written.
    """
    for _ in range(_TRIES):
        check_folder(folder)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if lock(handle) is not False and is_at(handle, folder):
                yield
                return
        finally:
            os.close(handle)
        time.sleep(_PAUSE_S)
    raise BusyError(f"{folder}: another process is at work here; wait for it, or take another folder")
