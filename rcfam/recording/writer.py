"""Writing a recording, frame by frame, to any binary file."""

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray

from rcfam.recording import encode
from rcfam.recording.coder import ATTRIBUTE_LIMIT, FAULTS, FINE, FRAMES, GLYPH_LIMIT, STATUS
from rcfam.recording.layout import (
    MAX_SIDE_BYTES,
    ChunkPlace,
    ChunkPlaces,
    Header,
    Mark,
    Packer,
    RecordingError,
    Side,
    check_grid,
    most_frames,
    pack_chunk,
    pack_header,
    pack_index,
    pack_side,
)
from rcfam.recording.reader import Reader
from rcfam.terminal.cells import CLUSTER_BASE, GLYPH_MASK, MAX_ATTRIBUTES

# N frames, K keystrokes, R rows, C columns

Level = Literal["fast", "small"]
CHUNK_FRAMES: Final = 1024  # or as many as a large grid allows
LEVELS: Final[dict[str, int]] = {"fast": 3, "small": 19}  # zstandard's


class Writer:
    """Encodes frames and keystrokes into `file`, which must be open for writing bytes and stays open after `close`.

    `attributes` (N, 3) uint32 are (fg, bg, style) of each attribute number. A chunk of `chunk_frames` frames
    (CHUNK_FRAMES) is what a reader must decode to reach a frame: larger chunks are smaller in all and slower to seek
    in. What was written up to any moment keeps all its whole chunks; `close` adds the last one and the index.
    """

    def __init__(
        self,
        file: BinaryIO,
        rows: int,
        columns: int,
        attributes: NDArray[np.uint32],
        provenance: dict[str, str],
        chunk_frames: int | None = None,
        level: Level = "fast",
    ) -> None:
        check_grid(rows, columns)
        chunk_frames = min(CHUNK_FRAMES, most_frames(rows, columns)) if chunk_frames is None else chunk_frames
        if not 1 <= chunk_frames <= most_frames(rows, columns):
            raise RecordingError(f"chunk of {chunk_frames} frames: 1..{most_frames(rows, columns)} allowed")
        if level not in LEVELS:
            raise RecordingError(f"level {level!r}: one of {', '.join(LEVELS)}")
        table = np.asarray(attributes, np.uint32)
        if table.ndim != 2 or table.shape[1] != 3 or not 1 <= len(table) <= MAX_ATTRIBUTES:
            raise RecordingError(f"attribute table of shape {table.shape}: (1..{MAX_ATTRIBUTES}, 3) expected")
        self.rows, self.columns = rows, columns
        self.frames = 0
        self._file = file
        self._chunk_frames = chunk_frames
        self._packer = Packer(LEVELS[level])
        self._encoder = encode.new_encoder(rows, columns)
        self._encoder.coder.n[ATTRIBUTE_LIMIT] = len(table)
        self._encoder.coder.n[GLYPH_LIMIT] = GLYPH_MASK + 1
        self._row_flags = np.ones(rows, np.uint8)
        self._chunks = ChunkPlaces()
        self._side, self._sides = Side(), Side()
        self._side_bytes = 0
        header = pack_header(Header(rows, columns, table, provenance))
        file.write(header)
        self._offset = len(header)
        self._closed = False

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, cells_NRC: NDArray[np.uint32], cursors_N3: NDArray[np.int32], keys_N: NDArray[np.uint32]) -> None:
        """Add frames, each with its cursor (row, column, visible) and the key pressed after it.

        Raises RecordingError for wrong shapes, a cursor off the grid and an attribute that is not in the table.
        """
        cells = np.ascontiguousarray(cells_NRC, np.uint32)
        cursors, keys = np.ascontiguousarray(cursors_N3, np.int32), np.ascontiguousarray(keys_N, np.uint32)
        count = len(keys)
        if cells.shape != (count, self.rows, self.columns) or cursors.shape != (count, 3) or keys.ndim != 1:
            raise RecordingError(
                f"frames {cells.shape}, cursors {cursors.shape} and keys {keys.shape} do not fit"
                f" together on a grid {self.rows} x {self.columns}"
            )
        if count and ((cursors < 0).any() or (cursors > (self.rows, self.columns, 1)).any()):
            raise RecordingError(f"a cursor lies outside 0..{self.rows}, 0..{self.columns}, 0..1")
        done = 0
        while done < count:
            before = done
            done = encode.append_frames(self._encoder, cells, cursors, keys, done, self._row_flags, self._chunk_frames)
            self.frames += done - before
            self._check()
            if done < count:
                self.flush()

    def press(self, terminal: Any, keys_K: NDArray[np.uint32]) -> None:
        """Record `terminal`'s frame before each key, and press the key: one compiled loop over both."""
        from rcfam.recording.fused import record_keys  # compiles the terminal's kernels: only where they are wanted

        keys = np.ascontiguousarray(keys_K, np.uint32)
        if terminal.state.cells.shape != (self.rows, self.columns):
            raise RecordingError(
                f"terminal of {terminal.state.cells.shape}, recording of {self.rows} x {self.columns} cells"
            )
        done = 0
        while done < len(keys):
            if encode.full(self._encoder, self._chunk_frames):
                self.flush()
            before = done
            if self._fresh():
                terminal.state.dirty[:] = 1
            done, trap = record_keys(self._encoder, terminal.state, keys, done, self._chunk_frames)
            self.frames += done - before
            self._check()
            if trap:
                was = (terminal.program, terminal.window)
                terminal.service(trap)
                self._take_clusters(terminal.clusters)
                if (terminal.program, terminal.window) != was:
                    self.mark("program", f"{terminal.window}:{terminal.program}")
        self._take_clusters(terminal.clusters)

    def mark(self, kind: str, text: str) -> None:
        """Note that something happened just before the next frame."""
        self._side.marks.append(Mark(self.frames, kind, text))

    def add_clusters(self, clusters: list[str]) -> None:
        """Grapheme clusters for the next glyph numbers from CLUSTER_BASE + (number so far) on."""
        self._side.clusters.extend(clusters)
        if CLUSTER_BASE + len(self._sides.clusters) + len(self._side.clusters) > GLYPH_MASK + 1:
            raise RecordingError("more grapheme clusters than glyph numbers")

    def add_attributes(self, attributes_N3: NDArray[np.uint32]) -> None:
        """More rows for the attribute table."""
        self._side.attributes.extend((int(f), int(b), int(s)) for f, b, s in np.asarray(attributes_N3).tolist())
        count = int(self._encoder.coder.n[ATTRIBUTE_LIMIT]) + len(attributes_N3)
        if count > MAX_ATTRIBUTES:
            raise RecordingError(f"{count} attributes: at most {MAX_ATTRIBUTES} allowed")
        self._encoder.coder.n[ATTRIBUTE_LIMIT] = count

    def flush(self) -> None:
        """Write the frames so far as a chunk of their own; they are safe from then on."""
        frames = int(self._encoder.coder.n[FRAMES])
        if frames == 0 and not (self._side.marks or self._side.clusters or self._side.attributes):
            return
        encode.finish(self._encoder)
        last_crc = zlib.crc32(self._encoder.coder.cells.astype("<u4", copy=False).tobytes()) if frames else 0
        self._side_bytes += len(pack_side(self._side))
        if self._side_bytes > MAX_SIDE_BYTES:
            raise RecordingError(f"frame {self.frames}: marks and clusters of more than {MAX_SIDE_BYTES} bytes in all")
        streams = encode.streams(self._encoder)
        data = pack_chunk(frames, last_crc, streams if frames else [b""] * len(streams), self._side, self._packer)
        self._file.write(data)
        self._chunks.append(ChunkPlace(self._offset, len(data), self.frames - frames, frames))
        self._offset += len(data)
        for whole, part in (
            (self._sides.marks, self._side.marks),
            (self._sides.clusters, self._side.clusters),
            (self._sides.attributes, self._side.attributes),
        ):
            whole.extend(part)  # type: ignore[arg-type]
        self._side = Side()
        encode.reset(self._encoder)

    def close(self) -> None:
        """Write the last chunk, the index and the trailer. Nothing can be added afterwards; a second call does
        nothing.
        """
        if self._closed:
            return
        self._closed = True
        self.flush()
        self._file.write(pack_index(self._chunks, self._sides, self._offset))
        self._file.flush()

    def _go_on(self, file: BinaryIO, reader: Reader) -> None:
        """Stand in `file` where the writer of `reader`'s recording stood before it was closed."""
        self._file = file
        self.frames = reader.frames
        self._chunks, self._sides = ChunkPlaces(reader.all_chunks), reader.side
        self._side_bytes = len(pack_side(reader.side))
        self._offset = reader.index_offset
        file.seek(self._offset)

    def _fresh(self) -> bool:
        return int(self._encoder.coder.n[FRAMES]) == 0

    def _take_clusters(self, clusters: list[str]) -> None:
        known = len(self._sides.clusters) + len(self._side.clusters)
        if len(clusters) > known:
            self.add_clusters(list(clusters[known:]))

    def _check(self) -> None:
        status = int(self._encoder.coder.n[STATUS])
        if status != FINE:
            raise RecordingError(
                f"frame {self.frames}: {FAULTS[status]} (attribute numbers must be below"
                f" {int(self._encoder.coder.n[ATTRIBUTE_LIMIT])}, the cursor inside the grid)"
            )


@contextmanager
def appending(path: Path | str, chunk_frames: int | None = None, level: Level = "fast") -> Iterator[Writer]:
    """A writer that adds to the finished recording at `path`, and closes it at the end of the block in any case.

    The old index gives way to the first new chunk: a process that is killed before the end leaves a file that was cut
    off, with all its old frames. Raises RecordingError where the recording is damaged; it is then left as it is.
    """
    with Reader(path) as reader:
        if reader.damage:
            raise RecordingError(f"{path}: damaged, so nothing is appended: {reader.damage}")
        reader.verify()
        header = (reader.rows, reader.columns, reader.attributes, reader.provenance)
        writer = Writer(io.BytesIO(), *header, chunk_frames, level)  # the file has its header
        try:
            file = Path(path).open("r+b")  # noqa: SIM115 - closed below
        except OSError as error:
            raise RecordingError(f"cannot write {path}: {error.strerror}") from error
        with file:
            writer._go_on(file, reader)
            try:
                yield writer
            finally:
                writer.close()
                file.truncate()
