"""Files appear whole or not at all; a folder is written by one process at a time."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rcfam.errors import RcfamError


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, delete it when it does not.

    The parent folder is made when it is missing. Raises RcfamError where it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    if path.is_dir():
        raise RcfamError(f"cannot write {path}: it is a folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
    except OSError as error:
        raise RcfamError(f"cannot write {path}: {error.strerror}") from error
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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

    The lock is on the folder itself and ends with the process, in whatever way. Raises RcfamError where another process
    holds it, and where the folder cannot be written.
    """
    check_folder(folder)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RcfamError(
                f"{folder}: another process is at work here; wait for it, or take another folder"
            ) from error
        yield
    finally:
        os.close(handle)
