"""Recordings of other terminals: asciicasts and plain logs of a pseudo-terminal, through a terminal emulator.

A foreign recording says what a program wrote; ours holds frames, each with the key pressed after it. Where the file
has keystrokes, there is a frame before each of them. Where it has none there is a frame after each piece of output, and
its key is 0, which stands for no key.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError
from rcfam.recording.emulator import Emulator
from rcfam.recording.layout import check_grid
from rcfam.recording.writer import Level, Writer
from rcfam.terminal.keys import SEQUENCES

# N frames, R rows, C columns

NO_KEY: Final = 0
_SPAN_FRAMES: Final = 256
_LOG_BYTES: Final = 4096  # of a log without line ends that become one frame
_HEAD_BYTES: Final = 32  # a NUL among so many: a picture, an archive, a program, one of our own recordings
_MARK_KINDS: Final = ("commit", "program", "end")  # what `rcfam export` writes before a mark's text

_KEYS: Final = {text: key for key, text in SEQUENCES.items()} | {
    text.replace("[", "O"): key
    for key, text in SEQUENCES.items()
    if len(text) == 3  # with application cursor keys
}
_KEY: Final = re.compile("|".join(map(re.escape, sorted(_KEYS, key=len, reverse=True))) + "|.", re.DOTALL)
_SIZE: Final = re.compile(r"(\d{1,4})x(\d{1,4})")


class Event(NamedTuple):
    """Something that happened: `kind` is "o" output, "i" keys, "m" mark or "r" size, as in an asciicast."""

    kind: str
    text: str
    size: tuple[int, int] = (0, 0)
    """Rows and columns, of kind "r"."""


class Foreign(NamedTuple):
    """A foreign recording, read but not played."""

    rows: int
    columns: int
    title: str
    format: str
    events: list[Event]


def keys_of(text: str) -> list[int]:
    """The keystrokes that an xterm sends as `text`; an unknown control sequence is the keys of its characters."""
    return [_KEYS.get(part, ord(part[0])) for part in _KEY.findall(text)]


def read_asciicast(data: bytes) -> Foreign:
    """An asciicast of version 2 or 3. Raises RcfamError that names the line which is not in its form."""
    lines = data.decode("utf-8", "replace").split("\n")
    head = _json(lines[0], 1)
    if not isinstance(head, dict) or head.get("version") not in (2, 3):
        found = head.get("version") if isinstance(head, dict) else None
        raise RcfamError(f"line 1: an asciicast of version 2 or 3 expected, found version {found!r}")
    size = head if head["version"] == 2 else head.get("term")
    names = ("height", "width") if head["version"] == 2 else ("rows", "cols")
    rows, columns = (size.get(name) if isinstance(size, dict) else None for name in names)
    if type(rows) is not int or type(columns) is not int:
        raise RcfamError(f"line 1: the size of the terminal ({' and '.join(names)}) is missing")
    check_grid(rows, columns)
    events = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or line.startswith("#"):
            continue
        row = _json(line, number)
        if not isinstance(row, list) or len(row) < 3 or not isinstance(row[1], str) or not isinstance(row[2], str):
            raise RcfamError(f"line {number}: [time, code, text] expected")
        if row[1] == "r":
            match = _SIZE.fullmatch(row[2])
            if match is None:
                raise RcfamError(f"line {number}: a size such as 80x24 expected, found {row[2][:20]!r}")
            events.append(Event("r", "", (int(match[2]), int(match[1]))))
            check_grid(*events[-1].size)
        elif row[1] in ("o", "i", "m"):
            events.append(Event(row[1], row[2]))
    return Foreign(rows, columns, str(head.get("title") or ""), f"asciicast {head['version']}", events)


def _json(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RcfamError(f"line {number}: JSON expected: {str(error)[:80]}") from error


def read_log(data: bytes, rows: int, columns: int, timing: str | None = None) -> Foreign:
    """The log of a pseudo-terminal, as script(1) writes it: a piece of output ends at a line end.

    With `timing` (script's --log-timing, either form) a piece is what was written at once; where the log holds input
    as well (--log-io), that is the keys. Raises RcfamError where log and timing do not belong together.
    """
    check_grid(rows, columns)
    if data.startswith(b"Script started on "):
        data = data[data.find(b"\n") + 1 :]
        data = re.sub(rb"\n?Script done on [^\n]*\n?$", b"", data)
    if timing is None:
        pieces = [("o", piece) for piece in re.findall(rb"[^\n]{0,%d}\n?" % _LOG_BYTES, data) if piece]
    else:
        pieces = list(_timed(data, timing))
    # Latin-1 takes every byte through a str unharmed; `_bytes` undoes it.
    events = [
        Event(kind, piece.decode("utf-8", "replace") if kind == "i" else piece.decode("latin-1"))
        for kind, piece in pieces
    ]
    return Foreign(rows, columns, "", "pty log", events)


def _timed(data: bytes, timing: str) -> Iterator[tuple[str, bytes]]:
    at = 0
    for number, line in enumerate(timing.splitlines(), 1):
        words = line.split()
        kind = words.pop(0) if words and words[0] in ("O", "I", "S", "H") else "O"
        if not words or kind in ("S", "H"):  # signals and headers
            continue
        if len(words) != 2 or not words[1].isdigit():
            raise RcfamError(f"timing, line {number}: seconds and bytes expected, found {line[:40]!r}")
        count = int(words[1])
        if count > len(data) - at:
            raise RcfamError(f"timing, line {number}: {count} bytes, but the log has {len(data) - at} left")
        yield ("o" if kind == "O" else "i"), data[at : at + count]
        at += count


def play(
    foreign: Foreign,
    file: BinaryIO,
    name: str,
    level: Level = "fast",
    every_output: bool = False,
    progress: Callable[[int], object] = lambda events: None,
) -> int:
    """Write a foreign recording to `file` as one of ours; returns its number of frames.

    The grid is the largest that the terminal had; a smaller screen stands in its upper left corner. With
    `every_output` there is a frame after each output, even where the file has keys. `progress` is told how many events
    were played since it was last called.
    """
    sizes = [(foreign.rows, foreign.columns), *(event.size for event in foreign.events if event.kind == "r")]
    rows, columns = max(size[0] for size in sizes), max(size[1] for size in sizes)
    check_grid(rows, columns)
    every_output = every_output or not any(event.kind == "i" for event in foreign.events)
    provenance = {"name": name, "format": foreign.format, "title": foreign.title}
    emulator = Emulator(foreign.rows, foreign.columns)
    table = np.array(emulator.attributes, np.uint32)
    with Writer(file, rows, columns, table, provenance, level=level) as writer:
        frames = _Frames(writer, emulator)
        pending = False
        for event in foreign.events:
            if event.kind == "o":
                emulator.feed(_bytes(event.text, foreign.format))
                pending = True
                if every_output:
                    frames.add(NO_KEY)
                    pending = False
            elif event.kind == "i":
                for key in keys_of(event.text):
                    frames.add(key)
                pending = False
            elif event.kind == "m":
                frames.mark(event.text)
            else:
                emulator.resize(*event.size)
                pending = True
            progress(1)
        if pending:
            frames.add(NO_KEY)
        frames.flush()
        return writer.frames


def _bytes(text: str, kind: str) -> bytes:
    return text.encode("latin-1") if kind == "pty log" else text.encode("utf-8", "replace")


class _Frames:
    """Frames on their way from an emulator to a writer."""

    def __init__(self, writer: Writer, emulator: Emulator) -> None:
        self.writer, self.emulator = writer, emulator
        self.cells: NDArray[np.uint32] = np.empty((_SPAN_FRAMES, writer.rows, writer.columns), np.uint32)
        self.cursors, self.keys = np.empty((_SPAN_FRAMES, 3), np.int32), np.empty(_SPAN_FRAMES, np.uint32)
        self.count = 0
        self.attributes, self.clusters = len(emulator.attributes), 0

    def add(self, key: int) -> None:
        """The screen as it is, and the key pressed after it."""
        cells, cursor = self.emulator.frame()
        rows, columns = cells.shape
        if cells.shape != self.cells.shape[1:]:
            self.cells[self.count] = 0x20
        self.cells[self.count, :rows, :columns] = cells
        self.cursors[self.count] = cursor
        self.keys[self.count] = key
        self.count += 1
        if self.count == _SPAN_FRAMES:
            self.flush()

    def mark(self, text: str) -> None:
        """A marker; those of our own export come back as what they were."""
        self.flush()
        kind, _, rest = text.partition(" ")
        if kind in _MARK_KINDS:
            self.writer.mark(kind, rest)
        else:
            self.writer.mark("marker", text)

    def flush(self) -> None:
        """Hand all frames to the writer, and before them what is new in the tables."""
        emulator = self.emulator
        if len(emulator.attributes) > self.attributes:
            self.writer.add_attributes(np.array(emulator.attributes[self.attributes :], np.uint32))
            self.attributes = len(emulator.attributes)
        if len(emulator.clusters) > self.clusters:
            self.writer.add_clusters(emulator.clusters[self.clusters :])
            self.clusters = len(emulator.clusters)
        self.writer.append(self.cells[: self.count], self.cursors[: self.count], self.keys[: self.count])
        self.count = 0


def recognise(data: bytes) -> bool:
    """Is this an asciicast? Else it is taken for a plain log."""
    return data.lstrip()[:1] == b"{" and b'"version"' in data[:4096]


def read(path: Path, rows: int, columns: int, timing: Path | None = None) -> Foreign:
    """The foreign recording at `path`; `rows` and `columns` are those of a log, which does not say them.

    Raises RcfamError for what cannot be read, is damaged, or is no text at all.
    """
    try:
        data = path.read_bytes()
        text = timing.read_text(encoding="utf-8", errors="replace") if timing else None
    except OSError as error:
        raise RcfamError(f"cannot read {error.filename}: {error.strerror}") from error
    if b"\0" in data[:_HEAD_BYTES]:
        raise RcfamError(f"{path}: neither an asciicast nor the log of a terminal: there are NUL bytes in its head")
    try:
        return read_asciicast(data) if recognise(data) else read_log(data, rows, columns, text)
    except RcfamError as error:
        raise RcfamError(f"{path}: {error}") from error
