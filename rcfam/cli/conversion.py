"""`rcfam export`, `rcfam import`, `rcfam repack`: recordings become other files, and other files recordings."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rcfam.cli.recordings import COMMIT, Recording, describe, headings_of
from rcfam.errors import RcfamError
from rcfam.printable import say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rcfam.recording import Reader

Out = Annotated[Path, typer.Option("-o", "--out", help="The file to write.")]
Level = Annotated[Literal["small", "fast"], typer.Option(help="How much work goes into the size.")]


def export(
    recording: Recording,
    out: Out,
    to: Annotated[
        Literal["txt", "cast", "cast2", "png", "gif"],
        typer.Option(help="Plain text, asciicast v3 or v2, one frame as PNG, an animated GIF."),
    ] = "cast",
    start: Annotated[int | None, typer.Option(help="The first frame, or the frame for a PNG.")] = None,
    stop: Annotated[int | None, typer.Option(help="The frame to end before.")] = None,
    commit: Annotated[int | None, typer.Option(min=1, help="Only the frames of this commit, counted from 1.")] = None,
    speed: Annotated[float, typer.Option(help="Keystrokes a second.")] = 20.0,
    every: Annotated[int, typer.Option(min=1, help="Of a text or a GIF: one frame in so many.")] = 1,
    font: Annotated[Path | None, typer.Option(help="A monospaced TrueType font for pictures.")] = None,
    size: Annotated[int, typer.Option(min=6, max=64, help="Font size of pictures, in pixels.")] = 16,
) -> None:
    """Turn a recording into an asciicast, with keystrokes and commits, or its frames into plain text or pictures.

    No control character of a frame gets into what is written.
    """
    from tqdm import tqdm

    from rcfam.atomic import writing
    from rcfam.recording import Reader
    from rcfam.recording.ansi import asciicast, text_rows

    if speed <= 0:
        raise RcfamError(f"speed {speed}: more than 0 keystrokes a second")
    with Reader(recording) as reader, writing(out) as path:
        begin, end = _range(reader, start, stop, commit)
        end = min(begin + 1, end) if to == "png" else end
        wanted = range(begin, end) if to in ("cast", "cast2") else range(begin, end, every)
        with tqdm(total=len(wanted), desc=to, unit=" frames", unit_scale=True, leave=False, delay=1) as bar:
            if to in ("png", "gif"):
                _paint(reader, path, to == "gif", wanted, speed / every, font, size, bar.update)
            elif to == "txt":
                headings = headings_of(reader)
                with path.open("w", encoding="utf-8") as file:
                    for frame, (cells, _, key) in _frames(reader, wanted):
                        file.write("\n".join(text_rows(cells, reader.clusters)))
                        file.write(f"\n-- {describe(reader, headings, frame, key)}\n")
                        bar.update()
            else:
                with path.open("w", encoding="utf-8") as file:
                    for line in asciicast(reader, 3 if to == "cast" else 2, 1 / speed, begin, end):
                        file.write(line + "\n")
                        bar.update('"i",' in line[:24])  # a keystroke, one a frame
    say(f"{out}: {len(wanted):,} frames, {out.stat().st_size:,} bytes")


def _range(reader: "Reader", start: int | None, stop: int | None, commit: int | None) -> tuple[int, int]:
    """The frames that are asked for."""
    low, high = 0, reader.frames
    if commit is not None:
        begins = [mark.frame for mark in reader.marks if mark.kind in (COMMIT, "end")]
        commits = sum(mark.kind == COMMIT for mark in reader.marks)
        if commit > commits:
            raise RcfamError(f"commit {commit}: {reader.path} has {commits}")
        low, high = ([*begins, reader.frames])[commit - 1 : commit + 1]
    begin, end = low if start is None else start, high if stop is None else stop
    if not low <= begin < high and reader.frames:
        raise RcfamError(f"frame {begin}: {reader.path} has the frames {low}..{high - 1} there")
    if not begin <= end <= high:
        raise RcfamError(f"frames {begin}..{end}: {reader.path} has {low}..{high} there")
    return begin, end


def _frames(
    reader: "Reader", wanted: range
) -> Iterator[tuple[int, tuple["NDArray[np.uint32]", "NDArray[np.int32]", int]]]:
    """(number, (cells, cursor, key)) of each frame in `wanted`."""
    at = wanted.start
    for part in reader.iterate(wanted.start, wanted.stop):
        for k in range(len(part[2])):
            if (at + k - wanted.start) % wanted.step == 0:
                yield at + k, (part[0][k], part[1][k], int(part[2][k]))
        at += len(part[2])


def _paint(
    reader: "Reader",
    path: Path,
    moving: bool,
    wanted: range,
    speed: float,
    font: Path | None,
    size: int,
    progress: Callable[[], object],
) -> None:
    from rcfam.recording.picture import Painter

    painter = Painter(reader.attributes, reader.clusters, font, size)
    painter.check(len(wanted), reader.rows, reader.columns)

    def painted() -> "Iterator[NDArray[np.uint8]]":
        for _, (cells, cursor, _) in _frames(reader, wanted):
            yield painter.paint(cells, cursor)
            progress()

    pictures = painted()
    with path.open("wb") as file:
        if moving:
            painter.gif(pictures, 1 / speed, file)
        else:
            first = next(pictures, None)
            if first is None:
                raise RcfamError(f"frame {wanted.start}: {reader.path} has {reader.frames} frames")
            painter.png(first, file)


def import_(
    file: Annotated[Path, typer.Argument(help="An asciicast v2 or v3, or the log of a pseudo-terminal.")],
    out: Out,
    rows: Annotated[int, typer.Option(help="Rows of the terminal, for a log.")] = 24,
    columns: Annotated[int, typer.Option(help="Columns of the terminal, for a log.")] = 80,
    timing: Annotated[Path | None, typer.Option(help="What script --log-timing wrote beside a log.")] = None,
    every_output: Annotated[bool, typer.Option(help="A frame after each output, where there are keys too.")] = False,
    level: Level = "small",
) -> None:
    """Turn a recording of any terminal into one of ours, with a frame before each of its keystrokes.

    Where the file has no keystrokes there is a frame after each output, and the key is 0.
    """
    from tqdm import tqdm

    from rcfam.atomic import writing
    from rcfam.recording import foreign
    from rcfam.recording.foreign_formats import read

    source = read(file, rows, columns, timing)
    with (
        writing(out, durable=True) as path,
        path.open("wb") as target,
        tqdm(total=source.total, unit=" events") as bar,
    ):
        try:
            frames = foreign.play(source, target, file.stem, level, every_output, bar.update)
        except RcfamError as error:
            raise RcfamError(f"{file}: {error}") from error
    say(f"{out}: {frames:,} frames of {source.largest[0]} x {source.largest[1]} from {source.format}")


def repack(
    recording: Recording,
    out: Out,
    level: Level = "small",
    chunk_frames: Annotated[
        int | None, typer.Option(min=1, help="Frames that are decoded together; 4,096 by default.")
    ] = None,
    recover: Annotated[bool, typer.Option("--recover", help="Keep what is whole of a damaged recording.")] = False,
) -> None:
    """Write a recording anew, smaller: larger chunks and slower compression.

    Every frame, mark and table is compared afterwards.
    """
    from tqdm import tqdm

    from rcfam import recording as room
    from rcfam.atomic import writing
    from rcfam.recording.repack import digest

    with room.Reader(recording) as reader:
        if reader.damage and not recover:
            raise RcfamError(f"{recording} is damaged: {reader.damage}; --recover keeps what is whole")
        with writing(out, durable=True) as path:
            with path.open("wb") as file, tqdm(total=reader.frames, unit=" frames", unit_scale=True) as bar:
                room.repack(reader, file, level, chunk_frames, bar.update)
            with room.Reader(path) as again:
                if digest(again) != digest(reader):
                    raise RcfamError(f"{out}: frames that differ from those of {recording}; nothing was written")
                if _beside(again) != _beside(reader):
                    raise RcfamError(
                        f"{out}: marks or tables that differ from those of {recording}; nothing was written"
                    )
                count = again.frames
                sizes = recording.stat().st_size, path.stat().st_size
    frames = max(count, 1)
    say(f"{out}: {count:,} frames, {sizes[1] / frames:.3f} bytes a frame instead of {sizes[0] / frames:.3f}")


def _beside(reader: "Reader") -> tuple[object, ...]:
    """What a recording holds beside its frames."""
    return reader.marks, reader.clusters, reader.provenance, reader.attributes.tolist()
