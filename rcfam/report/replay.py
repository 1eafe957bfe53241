"""A stretch of a recording as a document that the page's player shows: rows that changed, cursor, key."""

# N frames, R rows, C columns

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcfam.recording.ansi import glyph_text
from rcfam.terminal import cells as grid
from rcfam.terminal.keys import name

_BASIC = (
    *("#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5"),
    *("#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"),
)
_GROUND, _INK = "#101418", "#d4d7dc"


@dataclass(frozen=True)
class Sample:
    """Frames and keys cut out of a recording."""

    title: str
    first: int
    """Number of the first frame in its recording."""
    cells_NRC: NDArray[np.uint32]
    cursors_N3: NDArray[np.int32]
    keys_N: NDArray[np.uint32]
    attributes_A3: NDArray[np.uint32]
    """The recording's attribute table: foreground, background, style."""
    clusters: tuple[str, ...] = ()


def document(sample: Sample) -> dict[str, Any]:
    """JSON for the player: `rows` of a frame hold [row, [[text, style], ...]] where it differs from the one before."""
    frames = []
    before_RC = None
    for cells_RC, cursor_3, key in zip(sample.cells_NRC, sample.cursors_N3, sample.keys_N, strict=True):
        changed = range(len(cells_RC)) if before_RC is None else np.flatnonzero((cells_RC != before_RC).any(axis=1))
        rows = [[int(row), _runs(cells_RC[row], sample.clusters)] for row in changed]
        frames.append({"rows": rows, "cursor": cursor_3.tolist(), "key": name(int(key))})
        before_RC = cells_RC
    return {
        "title": sample.title,
        "first": sample.first,
        "rows": int(sample.cells_NRC.shape[1]),
        "columns": int(sample.cells_NRC.shape[2]),
        "styles": [style(*attribute) for attribute in sample.attributes_A3.tolist()],
        "frames": frames,
    }


def _runs(cells_C: NDArray[np.uint32], clusters: tuple[str, ...]) -> list[list[Any]]:
    """A row as texts of one attribute each."""
    attributes_C = grid.attributes(cells_C)
    borders = [0, *(np.flatnonzero(np.diff(attributes_C)) + 1).tolist(), len(cells_C)]
    return [[text(cells_C[start:stop], clusters), int(attributes_C[start])] for start, stop in pairwise(borders)]


def text(cells_C: NDArray[np.uint32], clusters: tuple[str, ...]) -> str:
    """The characters of cells; second halves of wide ones are left out."""
    known = grid.CLUSTER_BASE + len(clusters)
    glyphs = grid.glyphs(cells_C).tolist()
    return "".join(glyph_text(glyph, clusters) if glyph < known else "\N{REPLACEMENT CHARACTER}" for glyph in glyphs)


def style(foreground: int, background: int, flags: int) -> str:
    """An attribute as CSS; empty for the terminal's default."""
    ink, ground = colour(foreground), colour(background)
    if flags & grid.INVERSE:
        ink, ground = ground or _GROUND, ink or _INK
    if flags & grid.HIDDEN:
        ink = "transparent"
    parts = [f"color:{ink}"] if ink else []
    parts += [f"background:{ground}"] if ground else []
    parts += ["font-weight:bold"] if flags & grid.BOLD else []
    parts += ["opacity:0.7"] if flags & grid.DIM else []
    parts += ["font-style:italic"] if flags & grid.ITALIC else []
    lines = [word for flag, word in ((grid.UNDERLINE, "underline"), (grid.STRIKE, "line-through")) if flags & flag]
    parts += [f"text-decoration:{' '.join(lines)}"] if lines else []
    return ";".join(parts)


def colour(value: int) -> str:
    """A colour of an attribute as CSS; empty for the default."""
    if value == grid.DEFAULT_COLOUR:
        return ""
    if value & grid.RGB:
        return f"#{value & 0xFFFFFF:06x}"
    number = value - 1
    if number < 16:
        return _BASIC[number]
    if number < 232:
        levels = (0, 95, 135, 175, 215, 255)  # xterm's 6 x 6 x 6 cube
        red, green, blue = ((number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6)
        return f"#{levels[red]:02x}{levels[green]:02x}{levels[blue]:02x}"
    grey = 8 + 10 * (min(number, 255) - 232)
    return f"#{grey:02x}{grey:02x}{grey:02x}"
