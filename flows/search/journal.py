"""Optuna's journal file, mended where an append was cut short.

A journal holds one record a line. Optuna appends without a look at what stands there: after a process was killed, or a
disk was full, in the middle of an append, the next record joins the torn one, and nobody can read the journal again.
Here a torn last line is cut off before anything is appended, and a torn beginning of a line is overwritten with blanks,
so that no other process loses its place in the file. What is taken out is kept in a file beside the journal.
An append that fails is taken back.

The lock is Optuna's own, a symbolic link, so other programs on the same journal are kept out too.
"""

import contextlib
import itertools
import json
import logging
import os
import re
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

from flows.search import TuneError
from rcfam.atomic import writing

LARGEST = 1 << 30  # bytes; a search of 10,000 trials takes some 50 MB
STALE_AFTER_S = 30.0  # a lock that nobody renews for so long was left by a process that is gone; Optuna's own measure
_LONGEST_WAIT_S = 1.0  # between two looks at the lock
_BEGINNING = b'{"op_code":'
_CREATING = (0, 4)  # a study, a trial: later records count them
_LOG = logging.getLogger(__name__)


class Journal(JournalFileBackend):
    """Optuna's backend that mends the file as it is opened and before each append. Raises TuneError, when opened."""

    def __init__(self, path: Path) -> None:
        path = path.absolute()  # the lock is a link to it
        self._path = path
        if path.exists() and not path.is_file():
            raise TuneError(f"{path}: not a file")
        super().__init__(str(path), _Lock(str(path)))
        if _damaged(path):
            with _held(self._lock):
                _mend(path)

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """As Optuna's own. Raises StorageInternalError where the file was damaged since it was opened."""
        try:
            yield from super().read_logs(log_number_from)
        except ValueError as error:
            raise StorageInternalError(f"{self._path}: damaged while it was in use; start again") from error
        except OSError as error:
            raise StorageInternalError(f"{self._path}: {error.strerror}") from error

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append whole records or nothing. Raises StorageInternalError where the disk does not take them."""
        data = b"".join(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs)
        try:
            with _held(self._lock):
                if _torn(self._path):
                    _mend(self._path)
                _append(self._path, data)
        except OSError as error:
            raise StorageInternalError(f"{self._path}: {error.strerror}") from error
        except TuneError as error:
            raise StorageInternalError(str(error)) from error


class _Lock(JournalFileSymlinkLock):
    """Optuna's lock by a symbolic link, judged by its own age.

    Optuna's looks at the file that the link names, and tries without end or rest where that is not found: because the
    path is relative, or the folder was moved.
    """

    def acquire(self) -> bool:
        """Take the lock, from a process that is gone if need be."""
        wait_s, seen, since = 0.001, 0, time.monotonic()
        link = Path(self._lock_file)
        while True:
            with contextlib.suppress(FileExistsError):
                link.symlink_to(self._lock_target_file)
                return True
            with contextlib.suppress(FileNotFoundError):
                taken = link.lstat().st_mtime_ns
                if taken != seen:
                    seen, since = taken, time.monotonic()
                elif time.monotonic() - since > STALE_AFTER_S:
                    with contextlib.suppress(RuntimeError):  # another process was quicker
                        self.release()
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


@contextlib.contextmanager
def _held(lock: JournalFileSymlinkLock) -> Generator[None, None, None]:
    lock.acquire()
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):  # given to another process, as if we were gone
            lock.release()


def _append(path: Path, data: bytes) -> None:
    """Append all of it or, where that fails, nothing. Raises OSError."""
    with path.open("ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise


def _torn(path: Path) -> bool:
    """Whether the last line has no end."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _damaged(path: Path) -> bool:
    """Whether any line is no record. Raises TuneError where the file is too large, or cannot be read."""
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise TuneError(f"{path}: {size:,} bytes, where a journal has at most {LARGEST:,}")
        with path.open("rb") as file:
            return any(not _is_record(line) for line in file)
    except OSError as error:
        raise TuneError(f"{path}: {error.strerror}") from error


def _is_record(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and isinstance(record.get("op_code"), int) and "worker_id" in record


def _record_at(line: bytes) -> int | None:
    """Where in a line a record begins that ends with it: behind a torn one, or at 0; None where there is none."""
    if _is_record(line):
        return 0
    begins = line.rfind(_BEGINNING)  # inside a record's texts the quotes would be escaped
    return begins if begins > 0 and _is_record(line[begins:]) else None


def _mend(path: Path) -> None:
    """Take out what is no record, where the rest is sound without it; say so. The caller holds the lock.

    Raises TuneError, and then nothing was changed.
    """
    try:
        with path.open("rb") as file:
            lines = list(file)
        begins = [_record_at(line) for line in lines]
        sound = max((number + 1 for number, at in enumerate(begins) if at is not None), default=0)
        _check_rest(path, lines, begins[:sound])
        blanks: list[tuple[int, int]] = []  # place and length
        place = 0
        for line, at in zip(lines[:sound], begins, strict=False):
            if at != 0:
                blanks.append((place, len(line) if at is None else at))
            place += len(line)
        _take_out(path, b"".join(lines), blanks, place)
    except OSError as error:
        raise TuneError(f"{path}: {error.strerror}") from error


def _check_rest(path: Path, lines: list[bytes], begins: list[int | None]) -> None:
    """Raise TuneError where the records cannot be read without what is damaged, or this is no journal."""
    if not begins and (first := b"".join(lines)[: len(_BEGINNING)].strip(b"\0")) and not _BEGINNING.startswith(first):
        raise TuneError(f"{path}: not an Optuna journal")
    for number, at in enumerate(begins):
        if at is None:
            operation = re.match(rb'\{"op_code":(\d+),', lines[number])
            if operation is None or int(operation[1]) in _CREATING:
                raise TuneError(f"{path}: line {number + 1} is damaged, and what follows cannot be read without it")


def _take_out(path: Path, data: bytes, blanks: list[tuple[int, int]], end: int) -> None:
    """Blank these places and cut the file at `end`; what stood there is kept in a file beside it. Raises OSError."""
    pieces = [data[place : place + length] for place, length in blanks] + [data[end:]]
    taken = b"\n".join(piece for piece in pieces if piece)
    if not taken:
        return
    number = next(number for number in itertools.count(1) if not Path(f"{path}.torn-{number}").exists())
    kept = Path(f"{path}.torn-{number}")
    with writing(kept) as temporary:
        temporary.write_bytes(taken)
    with path.open("r+b") as file:
        for place, length in blanks:
            file.seek(place)
            file.write(b" " * length)
        file.truncate(end)
        file.flush()
        os.fsync(file.fileno())
    _LOG.warning("%s: a record was cut short; what was left of it, %d bytes, is now in %s", path, len(taken), kept.name)
