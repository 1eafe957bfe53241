"""Recordings of other terminals become ours: a terminal emulator plays what `foreign.py` reads.

A foreign recording says what a program wrote; ours holds frames, each with the key pressed after it. Where the file
has keystrokes, there is a frame before each of them. Where it has none there is a frame after each piece of output, and
its key is 0, which stands for no key.
"""

import re
from collections.abc import Callable
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError
from rcfam.printable import whole
from rcfam.recording.emulator import Emulator
from rcfam.recording.foreign_formats import Foreign
from rcfam.recording.writer import Level, Writer
from rcfam.terminal.keys import SEQUENCES

# N frames, R rows, C columns

NO_KEY: Final = 0
_SPAN_FRAMES: Final = 256
_MARK_KINDS: Final = ("commit", "program", "end")  # what `rcfam export` writes before a mark's text

_KEYS: Final = {text: key for key, text in SEQUENCES.items()} | {
    text.replace("[", "O"): key
    for key, text in SEQUENCES.items()
    if len(text) == 3  # with application cursor keys
}
_KEY: Final = re.compile("|".join(map(re.escape, sorted(_KEYS, key=len, reverse=True))) + "|.", re.DOTALL)


def keys_of(text: str) -> list[int]:
    """The keystrokes that an xterm sends as `text`; an unknown control sequence is the keys of its characters."""
    return [_KEYS.get(part, ord(part[0])) for part in _KEY.findall(text)]


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
    rows, columns = foreign.largest
    every_output = every_output or not foreign.keys
    provenance = {"name": whole(name), "format": foreign.format, "title": whole(foreign.title)}
    emulator = Emulator(foreign.rows, foreign.columns)
    table = np.array(emulator.attributes, np.uint32)
    with Writer(file, rows, columns, table, provenance, level=level) as writer:
        frames = _Frames(writer, emulator)
        pending = False
        for event in foreign.events():
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
                frames.mark(whole(event.text))
            else:
                if event.size[0] > rows or event.size[1] > columns:
                    raise RcfamError("the file was changed while it was read")
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
