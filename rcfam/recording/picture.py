"""Frames as pictures. Pillow, an optional dependency, draws the glyphs and writes PNG and GIF.

The font is the first of a few well-known monospaced ones that the system has, or the one that is given; without any,
Pillow's own bitmap font, which knows Latin-1 only.
"""

# R rows, C columns, H and W the height and width of a cell in pixels

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError
from rcfam.recording.ansi import glyph_text
from rcfam.terminal.cells import BOLD, DIM, GLYPH_BITS, GLYPH_MASK, HIDDEN, INVERSE, RGB, STRIKE, UNDERLINE

FONTS: Final = ("DejaVuSansMono.ttf", "LiberationMono-Regular.ttf", "NotoSansMono-Regular.ttf", "Menlo.ttc", "cour.ttf")
MOST_PICTURES: Final = 5_000  # of one GIF
MOST_PIXELS: Final = 1 << 30  # of all pictures of a GIF, which are held until it is written: 1 GiB, a minute or two
MOST_PICTURE_PIXELS: Final = 1 << 26  # of one: 400 MiB while it is painted
FOREGROUND: Final = (229, 229, 229)
BACKGROUND: Final = (24, 24, 24)
# xterm's colours 0..15, from its documentation; 16..255 are a cube and a ramp.
_FIRST: Final = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
_RIGHT_HALF: Final = 1 << 32  # beside a cell: the second half of a wide character
_CURSOR: Final = 1 << 33


def colour(value: int, default: tuple[int, int, int]) -> tuple[int, int, int]:
    """Red, green and blue of a colour value."""
    if value & RGB:
        return value >> 16 & 255, value >> 8 & 255, value & 255
    if not 1 <= value <= 256:
        return default
    entry = value - 1
    if entry < 16:
        return _FIRST[entry]
    if entry >= 232:
        return (8 + 10 * (entry - 232),) * 3
    steps = (0, 95, 135, 175, 215, 255)
    return steps[(entry - 16) // 36], steps[(entry - 16) // 6 % 6], steps[(entry - 16) % 6]


class Painter:
    """Draws frames of one recording. Each distinct cell is drawn once and kept."""

    def __init__(
        self, attributes: NDArray[np.uint32], clusters: list[str], font: Path | None = None, size: int = 16
    ) -> None:
        try:
            from PIL import Image, ImageDraw, ImageFont
        except ImportError as error:
            raise RcfamError("pictures need Pillow: pip install 'rcfam[pictures]'") from error
        self._image, self._draw, self._font = Image, ImageDraw, _load_font(ImageFont, font, size)
        self._attributes, self._clusters = attributes.tolist(), clusters
        self._tiles: dict[int, NDArray[np.uint8]] = {}
        if hasattr(self._font, "getmetrics"):
            ascent, descent = self._font.getmetrics()
        else:  # the bitmap font
            ascent, descent = self._font.getbbox("M")[3], 2
        self._width = max(1, round(self._font.getlength("M")))
        self._height = max(1, ascent + descent)

    def check(self, pictures: int, rows: int, columns: int) -> None:
        """Raise RcfamError before anything is painted that would be too much."""
        pixels = rows * self._height * columns * self._width
        if pixels > MOST_PICTURE_PIXELS:
            raise RcfamError(f"pictures of {pixels:,} pixels: at most {MOST_PICTURE_PIXELS:,}; ask for a smaller size")
        if pictures > MOST_PICTURES or pictures * pixels > MOST_PIXELS:
            most = min(MOST_PICTURES, MOST_PIXELS // pixels)
            raise RcfamError(
                f"{pictures:,} pictures of {pixels:,} pixels: at most {most:,}; ask for fewer frames, for one in "
                f"{-(-pictures // most)} or more, or for a smaller size"
            )

    def paint(self, cells_RC: NDArray[np.uint32], cursor_3: NDArray[np.int32]) -> NDArray[np.uint8]:
        """The picture (R * H, C * W, 3) of a frame, its cursor as a block."""
        rows, columns = cells_RC.shape
        wanted = cells_RC.astype(np.int64)
        tails = (cells_RC[:, 1:] & np.uint32(GLYPH_MASK)) == 0
        wanted[:, 1:][tails] = wanted[:, :-1][tails] | _RIGHT_HALF
        row, column, visible = cursor_3.tolist()
        if visible and row < rows:
            wanted[row, min(column, columns - 1)] |= _CURSOR
        distinct, places = np.unique(wanted, return_inverse=True)
        tiles = np.stack([self._tile(int(value)) for value in distinct])
        grid = tiles[places.reshape(rows, columns)]  # (R, C, H, W, 3)
        return grid.transpose(0, 2, 1, 3, 4).reshape(rows * self._height, columns * self._width, 3)

    def png(self, picture: NDArray[np.uint8], file: BinaryIO) -> None:
        """Write one picture."""
        self._image.fromarray(picture).save(file, format="PNG", optimize=True)

    def gif(self, pictures: Iterable[NDArray[np.uint8]], seconds: float, file: BinaryIO) -> None:
        """Write pictures that follow each other after so many seconds, in a loop. GIF counts in hundredths of one."""
        images = self._with_colours(pictures)
        first = next(images, None)
        if first is None:
            raise RcfamError("no frame to show")
        milliseconds = max(10, round(100 * seconds) * 10)
        first.save(file, format="GIF", save_all=True, append_images=images, duration=milliseconds, loop=0)

    def _with_colours(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[Any]:
        for picture in pictures:
            yield self._image.fromarray(picture).quantize(64, dither=self._image.Dither.NONE)

    def _tile(self, wanted: int) -> NDArray[np.uint8]:
        """The picture (H, W, 3) of one cell."""
        tile = self._tiles.get(wanted)
        if tile is None:
            tile = self._tiles[wanted] = self._drawn(wanted)
        return tile

    def _drawn(self, wanted: int) -> NDArray[np.uint8]:
        foreground, background, style = self._attributes[(wanted & 0xFFFFFFFF) >> GLYPH_BITS]
        ink, paper = colour(foreground, FOREGROUND), colour(background, BACKGROUND)
        if bool(style & INVERSE) != bool(wanted & _CURSOR):
            ink, paper = paper, ink
        if style & DIM:
            ink = tuple((a + b) // 2 for a, b in zip(ink, paper, strict=True))  # type: ignore[assignment]
        width, height = self._width, self._height
        image = self._image.new("RGB", (2 * width, height), paper)  # a wide character needs two
        draw = self._draw.Draw(image)
        text = glyph_text(wanted & GLYPH_MASK, self._clusters)
        if text.strip() and not style & HIDDEN:
            for left in (0, 1) if style & BOLD else (0,):
                try:
                    draw.text((left, 0), text, fill=ink, font=self._font)
                except UnicodeEncodeError:  # the bitmap font knows Latin-1 only
                    draw.text((left, 0), "?", fill=ink, font=self._font)
        for bit, y in ((UNDERLINE, height - 2), (STRIKE, height // 2)):
            if style & bit:
                draw.line((0, y, 2 * width, y), fill=ink)
        left = width if wanted & _RIGHT_HALF else 0
        return np.asarray(image, np.uint8)[:, left : left + width]


def _load_font(fonts: Any, path: Path | None, size: int) -> Any:
    if path is not None:
        try:
            return fonts.truetype(str(path), size)
        except OSError as error:
            raise RcfamError(f"cannot read the font {path}: {error}") from error
    for name in FONTS:
        try:
            return fonts.truetype(name, size)
        except OSError:  # this system has another one
            continue
    return fonts.load_default_imagefont()
