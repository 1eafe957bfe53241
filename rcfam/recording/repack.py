"""A recording written anew: other chunks, another level."""

from collections.abc import Callable
from typing import BinaryIO

from rcfam.recording.layout import most_frames
from rcfam.recording.reader import Reader
from rcfam.recording.writer import Level, Writer

SMALL_CHUNK_FRAMES = 4096  # a random frame costs about 0.4 ms, and a chunk's start is paid for by many


def repack(
    reader: Reader,
    file: BinaryIO,
    level: Level = "small",
    chunk_frames: int | None = None,
    progress: Callable[[int], object] = lambda frames: None,
) -> None:
    """Write all of `reader` to `file`: the same frames, keys, marks, tables and provenance.

    Without `chunk_frames`, chunks of 4,096 frames, or as many as the format allows on the grid. `progress` is told how
    many frames were done since it was last called.
    """
    chunk_frames = chunk_frames or min(SMALL_CHUNK_FRAMES, most_frames(reader.rows, reader.columns))
    marks = iter(reader.marks)
    mark = next(marks, None)
    table = reader.attributes
    with Writer(file, reader.rows, reader.columns, table, reader.provenance, chunk_frames, level) as writer:
        writer.add_clusters(reader.clusters)
        for part in reader.iterate():
            end = writer.frames + len(part[2])
            begin = writer.frames
            while writer.frames < end:
                while mark is not None and mark.frame == writer.frames:
                    writer.mark(mark.kind, mark.text)
                    mark = next(marks, None)
                stop = end if mark is None else min(mark.frame, end)
                writer.append(*(array[writer.frames - begin : stop - begin] for array in part))
            progress(end - begin)
        while mark is not None:
            writer.mark(mark.kind, mark.text)
            mark = next(marks, None)
