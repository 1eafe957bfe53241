"""Screens for the tests of recordings: a tiny editor that types a text, and screens of anything at all."""

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import keys as names
from rcfam.terminal.cells import BLANK, CLUSTER_BASE, pack

ATTRIBUTES = np.array([[0, 0, 0], [3, 0, 1], [1 << 24 | 0x123456, 5, 32]], np.uint32)
CLUSTERS = ["e\u0301", "\U0001f1e9\U0001f1ea"]
KEYWORDS = {"def", "for", "in", "return", "import"}

Frames = tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.uint32]]


def typed(text: str, rows: int = 24, columns: int = 80, rng: np.random.Generator | None = None) -> Frames:
    """Type `text` into an editor with a ruler, coloured keywords and scrolling; with `rng`, wander about now and
    then.
    """
    lines, row, column, top = [""], 0, 0, 0
    frames, cursors, keys = [], [], []
    for character in text:
        wander = (
            list(rng.choice([names.UP, names.LEFT, names.RIGHT, names.DOWN], 3)) if rng and rng.random() < 0.05 else []
        )
        for key in [*wander, ord(character)]:
            top = min(max(top, row - rows + 3), row)
            frames.append(screen(lines, row, column, top, rows, columns))
            cursors.append((row - top, min(column, columns - 1), 1))
            keys.append(13 if key == 10 else key)
            line = lines[row]
            if key == 10:
                lines[row : row + 1] = [line[:column], line[column:]]
                row, column = row + 1, 0
            elif key == names.UP:
                row = max(row - 1, 0)
            elif key == names.DOWN:
                row = min(row + 1, len(lines) - 1)
            elif key == names.LEFT:
                column = max(column - 1, 0)
            elif key == names.RIGHT:
                column += 1
            else:
                lines[row] = line[:column] + chr(key) + line[column:]
                column += 1
            column = min(column, len(lines[row]))
    return np.stack(frames), np.array(cursors, np.int32), np.array(keys, np.uint32)


def screen(lines: list[str], row: int, column: int, top: int, rows: int, columns: int) -> NDArray[np.uint32]:
    """What the editor shows."""
    cells = np.full((rows, columns), BLANK, np.uint32)
    for r in range(rows - 2):
        text = lines[top + r][:columns] if top + r < len(lines) else "~"
        cells[r, : len(text)] = [ord(c) for c in text]
        at = 0
        for word in text.split(" "):
            if word in KEYWORDS:
                cells[r, at : at + len(word)] |= pack(0, 1)
            at += len(word) + 1
    ruler = f"{row + 1},{column + 1}"[:columns]
    cells[rows - 2, -min(18, columns) :][: len(ruler)] = [ord(c) for c in ruler][: min(18, columns)]
    cells[rows - 1, :] = pack(0x20, 2)
    return cells


def wild(rng: np.random.Generator, count: int, rows: int, columns: int) -> Frames:
    """Screens that scroll, shift, fill and change anywhere, with wide characters, clusters and any key."""
    glyphs = np.array(
        [0x20, 0x61, 0x62, 0x30, 0x39, 0x2C, 0x4E2D, 0, CLUSTER_BASE, CLUSTER_BASE + 1, 0x10FFFF], np.uint32
    )
    cells = np.full((rows, columns), BLANK, np.uint32)
    frames, cursors, keys = [], [], []
    for _ in range(count):
        for _ in range(rng.integers(3)):
            r, c = int(rng.integers(rows)), int(rng.integers(columns))
            kind = rng.integers(7)
            if kind == 0:
                by, end = int(rng.integers(-rows, rows + 1)), int(rng.integers(r, rows)) + 1
                cells[r:end] = np.roll(cells[r:end], by, axis=0)
            elif kind == 1:
                cells[r, c:] = np.roll(cells[r, c:], int(rng.integers(-3, 4)))
            elif kind == 2:
                cells[r, c:] = pack(0x20, int(rng.integers(3)))
            elif kind == 3:
                cells[r, c] = pack(int(rng.choice(glyphs)), int(rng.integers(3)))
            elif kind == 4:
                cells[r] = rng.choice(glyphs, columns) | rng.integers(3, size=columns).astype(np.uint32) << np.uint32(
                    21
                )
            elif kind == 5:
                number = f"{rng.integers(2000)},{rng.integers(200)} "[: columns - c]
                cells[r, c : c + len(number)] = [ord(x) for x in number]
            else:
                cells[:] = rng.choice(glyphs, (rows, columns))
        frames.append(cells.copy())
        cursors.append((rng.integers(rows + 1), rng.integers(columns + 1), rng.integers(2)))
        keys.append(
            int(
                rng.choice([97, 98, 13, 127, names.UP, names.PAGE_DOWN, 0x4E2D, 0xFFFFFFFF, int(rng.integers(1 << 32))])
            )
        )
    return np.stack(frames), np.array(cursors, np.int32), np.array(keys, np.uint32)
