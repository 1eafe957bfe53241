"""Frames as text and as escape codes, safe to print: no control character of a frame reaches a terminal."""

import json
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError
from rcfam.printable import printable
from rcfam.recording.layout import RecordingError
from rcfam.recording.reader import Reader
from rcfam.terminal import keys as key_names
from rcfam.terminal.cells import BOLD, CLUSTER_BASE, GLYPH_BITS, GLYPH_MASK, RGB

# R rows, C columns

_SGR_OF_STYLE = (1, 2, 3, 4, 5, 7, 8, 9)  # bold, dim, italic, underline, blink, inverse, hidden, strike
_MOST_OF_LINE = 4_000  # characters of a mark
_MOST_OF_CLUSTER = 64  # characters; people write a handful
_ALWAYS_NARROW = 0x300
_ALWAYS_WIDE = range(0x4E00, 0xA000)  # CJK ideographs
assert BOLD == 1


def glyph_text(glyph: int, clusters: Sequence[str]) -> str:
    """What a glyph looks like, at most _MOST_OF_CLUSTER characters; nothing for the second half of a wide character.

    A mark alone stands on a space.
    """
    if glyph == 0:
        return ""
    text = clusters[glyph - CLUSTER_BASE][:_MOST_OF_CLUSTER] if glyph >= CLUSTER_BASE else chr(glyph)
    alone = unicodedata.category(text[0]) in ("Mn", "Me") if text else False
    return (" " if alone else "") + printable(text)


def text_rows(cells_RC: NDArray[np.uint32], clusters: list[str]) -> list[str]:
    """The rows of a frame as plain text, without the spaces at their ends."""
    glyphs = cells_RC & np.uint32(GLYPH_MASK)
    return ["".join(glyph_text(glyph, clusters) for glyph in row).rstrip() for row in glyphs.tolist()]


def ansi_row(cells_C: NDArray[np.uint32], attributes: NDArray[np.uint32], clusters: list[str]) -> str:
    """One row as text with colour escape codes; begins in column 0 and ends in default colours.

    Terminals disagree on how many cells some characters take. After such a one the column is set anew, so that what
    follows stands where it belongs in every terminal.
    """
    parts, last = [], -1
    cells = cells_C.tolist()
    sure = True
    for column, cell in enumerate(cells):
        glyph = cell & GLYPH_MASK
        wide = column + 1 < len(cells) and glyph != 0 and cells[column + 1] & GLYPH_MASK == 0
        if glyph == 0 and column > 0 and cells[column - 1] & GLYPH_MASK:
            continue  # the second half of a wide character
        if not sure:
            parts.append(_to_column(column))
        attribute = cell >> GLYPH_BITS
        if attribute != last:
            parts.append(_sgr(attributes[attribute].tolist()))
            last = attribute
        sure = glyph < _ALWAYS_NARROW or (wide and _ALWAYS_WIDE.start <= glyph < _ALWAYS_WIDE.stop)
        if not sure and wide:
            parts.append("  " + _to_column(column))
        parts.append(glyph_text(glyph, clusters) or " ")
    return "".join(parts) + "\x1b[m"


def _to_column(column: int) -> str:
    return f"\x1b[{column + 1}G"


def _sgr(attribute: list[int]) -> str:
    foreground, background, style = attribute
    codes = ["0"]
    codes += [str(code) for bit, code in enumerate(_SGR_OF_STYLE) if style >> bit & 1]
    for colour, prefix in ((foreground, "38"), (background, "48")):
        if colour & RGB:
            codes.append(f"{prefix};2;{colour >> 16 & 255};{colour >> 8 & 255};{colour & 255}")
        elif colour:
            codes.append(f"{prefix};5;{(colour - 1) & 255}")
    return f"\x1b[{';'.join(codes)}m"


def ansi_frame(
    cells_RC: NDArray[np.uint32],
    cursor_3: NDArray[np.int32],
    attributes: NDArray[np.uint32],
    clusters: list[str],
    before_RC: NDArray[np.uint32] | None = None,
) -> str:
    """Escape codes that draw a frame: all of it, or the rows that differ from `before_RC`, and the cursor.

    Lines do not wrap meanwhile, so that nothing spills into the next row.
    """
    parts = ["\x1b[?7l"] if before_RC is not None else ["\x1b[?7l\x1b[m\x1b[2J"]
    for row in range(len(cells_RC)):
        if before_RC is None or (cells_RC[row] != before_RC[row]).any():
            parts.append(f"\x1b[{row + 1};1H{ansi_row(cells_RC[row], attributes, clusters)}")
    row, column, visible = cursor_3.tolist()
    parts.append(f"\x1b[{min(row, len(cells_RC) - 1) + 1};{min(column, cells_RC.shape[1] - 1) + 1}H")
    parts.append("\x1b[?7h\x1b[?25h" if visible else "\x1b[?7h\x1b[?25l")
    return "".join(parts)


def first_line(text: str) -> str:
    """What stands before the first line end, at most _MOST_OF_LINE characters."""
    return next(iter(text[:_MOST_OF_LINE].splitlines()), "")


def _typed(reader: Reader, frame: int, key: NDArray[np.uint32]) -> str:
    try:
        return key_names.to_xterm(key).decode("utf-8", "replace")
    except RcfamError as error:
        raise RecordingError(f"{reader.path}: frame {frame}: {error}") from error


def asciicast(reader: Reader, version: int, seconds_per_key: float, start: int, stop: int) -> Iterator[str]:
    """Lines of an asciicast 2 or 3 of frames start .. stop - 1: output, keystrokes as `i` and marks as `m` events."""
    if version not in (2, 3):
        raise RecordingError(f"asciicast version {version}: 2 or 3")
    title = printable(reader.provenance.get("name", ""))
    if version == 2:
        head = {"version": 2, "width": reader.columns, "height": reader.rows, "title": title}
    else:
        head = {"version": 3, "term": {"cols": reader.columns, "rows": reader.rows}, "title": title}
    yield json.dumps(head)
    marks = iter([mark for mark in reader.marks if start <= mark.frame < stop])
    mark = next(marks, None)
    before, last, low = None, 0.0, start
    for cells, cursors, keys in reader.iterate(start, stop):
        for k in range(len(keys)):
            now = (low + k - start) * seconds_per_key
            events = []
            while mark is not None and mark.frame == low + k:
                events.append(("m", f"{printable(mark.kind)} {printable(first_line(mark.text))}"))
                mark = next(marks, None)
            events.append(("o", ansi_frame(cells[k], cursors[k], reader.attributes, reader.clusters, before)))
            events.append(("i", _typed(reader, low + k, keys[k : k + 1])))
            before = cells[k]
            for code, data in events:
                when = now if version == 2 else now - last
                last = now
                yield json.dumps([round(when, 6), code, data])
        low += len(keys)
