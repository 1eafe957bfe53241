"""Recordings of other terminals, read piece by piece: asciicasts, and logs of a pseudo-terminal.

A file is read twice, and never held: once to learn how large the screen becomes and whether there are keys, once to be
played. What would not fit is refused by its size, before it is read.
"""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from rcfam.errors import RcfamError
from rcfam.recording.layout import check_grid

MAX_FILE_BYTES: Final = 1 << 32
"""Of a cast, a log or its timing: 4 GiB, some hours of an emulator's work."""
MAX_LINE_BYTES: Final = 1 << 22
"""Of a line of a cast or of a timing, and of one piece of a log with timing: 4 MiB."""

_LOG_BYTES: Final = 4096  # of a log without line ends that become one frame
_HEAD_BYTES: Final = 32  # a NUL among so many: a picture, an archive, a program, one of our own recordings
_KIND_BYTES: Final = 4096  # in which a cast names its version
_TAIL_BYTES: Final = 4096  # in which script(1) says that it is done
_SHOWN: Final = 40  # characters of a wrong value in a message
_PACKED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh", b"PK")
_SIZE: Final = re.compile(r"(\d{1,4})x(\d{1,4})")
_DONE: Final = re.compile(rb"\n?Script done on [^\n]*\n?$")

Source = Callable[[], BinaryIO]
"""Opens a file that one can seek in, at its start."""


class Event(NamedTuple):
    """Something that happened: `kind` is "o" output, "i" keys, "m" mark or "r" size, as in an asciicast."""

    kind: str
    text: str
    size: tuple[int, int] = (0, 0)
    """Rows and columns, of kind "r"."""


class Foreign(NamedTuple):
    """A foreign recording, looked through but not played."""

    rows: int
    columns: int
    title: str
    format: str
    events: Callable[[], Iterator[Event]]
    """Reads them anew with every call."""
    total: int
    """number of the events"""
    largest: tuple[int, int]
    """rows and columns that hold every size of the screen"""
    keys: bool
    """whether there are any"""


def _looked_through(rows: int, columns: int, title: str, kind: str, events: Callable[[], Iterator[Event]]) -> Foreign:
    """Read all events once. Raises RcfamError where one is not in its form, or the largest screen is too large."""
    check_grid(rows, columns)
    count, keys, largest = 0, False, (rows, columns)
    for event in events():
        count += 1
        keys = keys or event.kind == "i"
        if event.kind == "r":
            largest = max(largest[0], event.size[0]), max(largest[1], event.size[1])
    check_grid(*largest)
    return Foreign(rows, columns, title, kind, events, count, largest, keys)


def read_asciicast(source: Source) -> Foreign:
    """An asciicast of version 2 or 3; its times are not used. Raises RcfamError that names the line at fault."""
    with source() as file:
        head = _json(_line(file, 1), 1)
    if not isinstance(head, dict) or head.get("version") not in (2, 3):
        found = head.get("version") if isinstance(head, dict) else None
        raise RcfamError(f"line 1: an asciicast of version 2 or 3 expected, found version {_shown(found)}")
    size = head if head["version"] == 2 else head.get("term")
    names = ("height", "width") if head["version"] == 2 else ("rows", "cols")
    rows, columns = (size.get(name) if isinstance(size, dict) else None for name in names)
    if type(rows) is not int or type(columns) is not int:
        raise RcfamError(f"line 1: the size of the terminal ({' and '.join(names)}) is missing")
    title = head.get("title")
    kind = f"asciicast {head['version']}"
    return _looked_through(rows, columns, title if isinstance(title, str) else "", kind, lambda: _cast_events(source))


def _cast_events(source: Source) -> Iterator[Event]:
    with source() as file:
        _line(file, 1)
        number = 1
        while line := _line(file, number + 1):
            number += 1
            if not line.strip() or line.startswith("#"):
                continue
            row = _json(line, number)
            if not isinstance(row, list) or len(row) < 3 or not isinstance(row[1], str) or not isinstance(row[2], str):
                raise RcfamError(f"line {number}: [time, code, text] expected")
            if row[1] == "r":
                match = _SIZE.fullmatch(row[2])
                if match is None:
                    raise RcfamError(f"line {number}: a size such as 80x24 expected, found {_shown(row[2])}")
                size = int(match[2]), int(match[1])
                check_grid(*size)
                yield Event("r", "", size)
            elif row[1] in ("o", "i", "m"):
                yield Event(row[1], row[2])


def _shown(value: object) -> str:
    """The beginning of a wrong value."""
    return repr(value[:_SHOWN] if isinstance(value, str) else value)[: 2 * _SHOWN]


def _line(file: BinaryIO, number: int) -> str:
    """The next line with its end; nothing at the end of the file. Raises RcfamError for one that is too long."""
    data = file.readline(MAX_LINE_BYTES + 1)
    if len(data) > MAX_LINE_BYTES:
        raise RcfamError(f"line {number}: more than {MAX_LINE_BYTES:,} bytes")
    return data.decode("utf-8", "replace")


def _json(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RcfamError(f"line {number}: JSON expected: {str(error)[:80]}") from error


def read_log(source: Source, rows: int, columns: int, timing: Source | None = None) -> Foreign:
    """The log of a pseudo-terminal, as script(1) writes it: a piece of output ends at a line end.

    With `timing` (script's --log-timing, either form) a piece is what was written at once; where the log holds input
    as well (--log-io), that is the keys. Raises RcfamError where log and timing do not belong together.
    """

    def events() -> Iterator[Event]:
        # Latin-1 takes every byte through a str unharmed; what plays them undoes it.
        with source() as file:
            left = _to_output(file)
            for kind, piece in _pieces(file, left) if timing is None else _timed(file, left, timing):
                yield Event(kind, piece.decode("utf-8", "replace") if kind == "i" else piece.decode("latin-1"))

    return _looked_through(rows, columns, "", "pty log", events)


def _to_output(file: BinaryIO) -> int:
    """Go to where output begins in a log, past what script(1) writes before it; how many bytes there are of it."""
    stop = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = 0
    if file.read(18) == b"Script started on ":
        file.readline(MAX_LINE_BYTES)
        start = file.tell()
        tail = file.seek(max(start, stop - _TAIL_BYTES))
        if (done := _DONE.search(file.read(_TAIL_BYTES))) is not None:
            stop = tail + done.start()
    file.seek(start)
    return stop - start


def _pieces(file: BinaryIO, left: int) -> Iterator[tuple[str, bytes]]:
    """Lines, and of longer ones pieces of _LOG_BYTES, to which a line end may come."""
    while left > 0:
        piece = file.readline(min(_LOG_BYTES, left))
        if len(piece) == _LOG_BYTES and not piece.endswith(b"\n") and left > _LOG_BYTES:
            more = file.read(1)
            if more != b"\n":
                file.seek(-len(more), os.SEEK_CUR)
            else:
                piece += more
        if not piece:
            return
        left -= len(piece)
        yield "o", piece


def _timed(file: BinaryIO, left: int, timing: Source) -> Iterator[tuple[str, bytes]]:
    with timing() as lines:
        number = 1
        while line := _line(lines, number):
            words = line.split()
            kind = words.pop(0) if words and words[0] in ("O", "I", "S", "H") else "O"
            if words and kind not in ("S", "H"):  # signals and headers
                if len(words) != 2 or not (words[1].isascii() and words[1].isdigit()) or len(words[1]) > 12:
                    raise RcfamError(
                        f"timing, line {number}: seconds and bytes expected, found {_shown(line.rstrip())}"
                    )
                count = int(words[1])
                if count > left:
                    raise RcfamError(f"timing, line {number}: {count} bytes, but the log has {left} left")
                if count > MAX_LINE_BYTES:
                    raise RcfamError(f"timing, line {number}: {count} bytes at once, at most {MAX_LINE_BYTES} allowed")
                left -= count
                yield ("o" if kind == "O" else "i"), file.read(count)
            number += 1


def _recognise(head: bytes) -> bool:
    """Is this an asciicast? Else it is taken for a plain log."""
    return head.lstrip()[:1] == b"{" and b'"version"' in head


def read(path: Path, rows: int, columns: int, timing: Path | None = None) -> Foreign:
    """The foreign recording at `path`; `rows` and `columns` are those of a log, which does not say them.

    Raises RcfamError for what cannot be read, is damaged, too large, packed, or no text at all.
    """
    source = _opener(path)
    with source() as file:
        head = file.read(_KIND_BYTES)
    if head.startswith(_PACKED):
        raise RcfamError(f"{path} is packed: unpack it first")
    if b"\0" in head[:_HEAD_BYTES]:
        raise RcfamError(f"{path}: neither an asciicast nor the log of a terminal: there are NUL bytes in its head")
    try:
        if _recognise(head):
            return read_asciicast(source)
        return read_log(source, rows, columns, _opener(timing) if timing else None)
    except RcfamError as error:
        raise RcfamError(f"{path}: {error}") from error


def _opener(path: Path) -> Source:
    """Opens `path`, a file of no more than MAX_FILE_BYTES. Raises RcfamError at once where it is none."""

    def opened() -> BinaryIO:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise RcfamError(f"cannot read {path}: not a file")
            if status.st_size > MAX_FILE_BYTES:
                raise RcfamError(f"{path} has {status.st_size:,} bytes: at most {MAX_FILE_BYTES:,} are read")
            return path.open("rb")
        except OSError as error:
            raise RcfamError(f"cannot read {error.filename}: {error.strerror}") from error

    with opened():
        return opened
