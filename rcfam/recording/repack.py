"""A recording written anew: other chunks, another level."""

import hashlib
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
        for cells, cursors, keys in reader.iterate():
            begin, end = writer.frames, writer.frames + len(keys)
            while writer.frames < end:
                while mark is not None and mark.frame == writer.frames:
                    writer.mark(mark.kind, mark.text)
                    mark = next(marks, None)
                stop = end if mark is None else min(mark.frame, end)
                part = slice(writer.frames - begin, stop - begin)
                writer.append(cells[part], cursors[part], keys[part])
            progress(end - begin)
        while mark is not None:
            writer.mark(mark.kind, mark.text)
            mark = next(marks, None)


def digest(reader: Reader) -> str:
    """One hash over all frames, cursors and keys, whatever the chunks and the level."""
    hashes = [hashlib.blake2b(digest_size=16) for _ in range(3)]
    for part in reader.iterate():
        for total, array in zip(hashes, part, strict=True):
            total.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return "".join(total.hexdigest() for total in hashes)
