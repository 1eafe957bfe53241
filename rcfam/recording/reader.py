"""Reading a recording: any frame, any range, or all of it in order."""

import os
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from rcfam.recording.coder import (
    ATTRIBUTE_LIMIT,
    FAULTS,
    FINE,
    GLYPH_LIMIT,
    STATUS,
    Coder,
    new_coder,
    place_streams,
)
from rcfam.recording.decode import decode_frames, decode_keys
from rcfam.recording.layout import (
    MAGIC,
    MAX_CHUNK_BYTES,
    MAX_HEADER_BYTES,
    MAX_INDEX_BYTES,
    MAX_RECORDS,
    MAX_SCRIPTS,
    MAX_SIDE_BYTES,
    PREFIX_BYTES,
    STREAMS,
    TRAILER_BYTES,
    Chunk,
    ChunkPlace,
    ChunkPlaces,
    Mark,
    RecordingError,
    Side,
    Unpacker,
    check_side,
    parse_chunk,
    parse_header,
    parse_index,
    parse_side,
    parse_trailer,
)
from rcfam.terminal.cells import CLUSTER_BASE, MAX_ATTRIBUTES

# N frames, R rows, C columns

_MAX_INDEX_BLOCK_BYTES = PREFIX_BYTES + 5 + MAX_INDEX_BYTES

# What the encoder has in the same places.
_NO_TARGET = np.zeros((1, 1), np.uint32)
_NO_ROWS = np.zeros(1, np.uint8)
_NO_CURSOR = np.zeros(3, np.int32)

_NO_CELLS = np.zeros((0, 0), np.uint32)
_NO_CURSORS = np.zeros((0, 3), np.int32)
_NO_INDICES = np.zeros(0, np.int64)


class Reader:
    """A recording that is open for reading; its methods may be called from several threads at once.

    A file that was cut off or whose index is damaged opens all the same with the chunks that are whole before the
    damage,
    and `damage` says what is wrong and where. A file that is not a recording raises RecordingError.
    """

    frames: int
    rows: int
    columns: int
    attributes: NDArray[np.uint32]
    clusters: list[str]
    provenance: dict[str, str]
    marks: list[Mark]
    damage: str | None

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            self._fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise RecordingError(f"cannot read {path}: {error.strerror}") from error
        try:
            self._open()
        except RecordingError as error:
            self.close()
            raise RecordingError(f"{path}: {error}") from error
        except OSError as error:  # a directory
            self.close()
            raise RecordingError(f"cannot read {path}: {error.strerror}") from error
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        size = os.fstat(self._fd).st_size
        start = self._bytes(0, len(MAGIC) + PREFIX_BYTES, size)
        length = min(int.from_bytes(start[-4:], "little"), MAX_HEADER_BYTES)
        header, first_chunk = parse_header(start + self._bytes(len(start), length, size))
        self.rows, self.columns = header.rows, header.columns
        self.provenance = header.provenance
        self.damage = None
        try:
            at = max(size - TRAILER_BYTES, first_chunk)
            index, frames = parse_trailer(self._bytes(at, TRAILER_BYTES, size), at)
            if not first_chunk <= index <= at or at - index > _MAX_INDEX_BLOCK_BYTES:
                raise RecordingError(f"byte {at}: the index cannot begin at byte {index}")
            block = self._bytes(index, at - index, size)
            self.chunks, side = parse_index(block, index, first_chunk, (self.rows, self.columns))
            if sum(chunk.frames for chunk in self.chunks) != frames:
                raise RecordingError(f"byte {at}: trailer and index disagree on the number of frames")
        except RecordingError as error:
            self.damage = str(error)
        if self.damage is not None:  # the error is gone by now, and what it held: a table of half a gibibyte
            self.chunks, side = self._scan(first_chunk, size)
        self.index_offset = self.chunks[-1].offset + self.chunks[-1].length if self.chunks else first_chunk
        self.all_chunks = self.chunks
        if any(chunk.frames == 0 for chunk in self.chunks):
            self.chunks = ChunkPlaces(chunk for chunk in self.chunks if chunk.frames)
        self.frames = self.chunks[-1].first + self.chunks[-1].frames if self.chunks else 0
        more = np.array(side.attributes, np.uint32).reshape(-1, 3)
        self.attributes = np.concatenate([header.attributes, more])
        if len(self.attributes) > MAX_ATTRIBUTES:
            raise RecordingError(
                f"byte {self.index_offset}: {len(self.attributes)} attributes: at most {MAX_ATTRIBUTES} allowed"
            )
        self.clusters = side.clusters
        self.marks = side.marks
        self.header = header
        self.side = side

    def _scan(self, at: int, size: int) -> tuple[ChunkPlaces, Side]:
        """Chunks that are whole, from the first on, where the index cannot be used; extends `damage` by what ends
        them.
        """
        chunks = ChunkPlaces()
        side, side_bytes, frame = Side(), 0, 0
        while at < size:
            prefix = self._bytes(at, PREFIX_BYTES, size)
            if prefix[:4] == b"TSRI":
                break
            try:
                length = PREFIX_BYTES + int.from_bytes(prefix[8:12], "little")
                if length > MAX_CHUNK_BYTES:
                    raise RecordingError(f"byte {at}: block of {length} bytes: at most {MAX_CHUNK_BYTES} allowed")
                chunk = parse_chunk(self._bytes(at, length, size), at, (self.rows, self.columns))
                side_bytes += len(chunk.side)
                if side_bytes > MAX_SIDE_BYTES:
                    raise RecordingError(f"byte {at}: side tables of more than {MAX_SIDE_BYTES} bytes in all")
                more = parse_side(chunk.side, chunk.side_offset)
                check_side(Side(side.marks[-1:] + more.marks), at, frame + chunk.frames)
            except RecordingError as error:
                self.damage = f"{error}; {frame} frames before it are whole"
                break
            chunks.append(ChunkPlace(at, length, frame, chunk.frames))
            side.marks.extend(more.marks)
            side.clusters.extend(more.clusters)
            side.attributes.extend(more.attributes)
            at, frame = at + length, frame + chunk.frames
        return chunks, check_side(side, at, frame)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read(self, start: int, stop: int) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.uint32]]:
        """Frames start .. stop - 1: cells (N, R, C) uint32, cursors (N, 3) int32 and keys (N,) uint32."""
        self._check_range(start, stop)
        cells, cursors = self.frames_at(np.arange(start, stop))
        return cells, cursors, self.keys(start, stop)

    def keys(self, start: int = 0, stop: int | None = None) -> NDArray[np.uint32]:
        """The keystrokes start .. stop - 1, each pressed after the frame of its number; no frame is decoded."""
        stop = self.frames if stop is None else stop
        self._check_range(start, stop)
        keys = np.empty(stop - start, np.uint32)
        for chunk in self.chunks:
            low, high = max(start, chunk.first), min(stop, chunk.first + chunk.frames)
            if low >= high:
                continue
            part = self._keys(chunk, self._load(chunk), high - chunk.first)
            keys[low - start : high - start] = part[low - chunk.first :]
        return keys

    def frames_at(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        """The frames numbered in `indices` (N,), ascending: cells (N, R, C) uint32 and cursors (N, 3) int32.

        Decodes each chunk that holds one of them from its start up to the last one wanted, without the GIL.
        """
        wanted = np.ascontiguousarray(indices, np.int64)
        if wanted.ndim != 1 or (len(wanted) > 1 and (np.diff(wanted) < 0).any()):
            raise RecordingError(f"{self.path}: frame numbers must ascend")
        if len(wanted):
            self._check_range(int(wanted[0]), int(wanted[-1]) + 1)
        cells = np.empty((len(wanted), self.rows * self.columns), np.uint32)
        cursors = np.empty((len(wanted), 3), np.int32)
        at = 0
        while at < len(wanted):
            chunk = self.chunks[bisect_right(self.chunks.firsts, int(wanted[at])) - 1]
            end = int(np.searchsorted(wanted, chunk.first + chunk.frames))
            coder = self._coder(chunk, self._load(chunk))
            self._decode(coder, chunk, wanted[at:end] - chunk.first, cells[at:end], cursors[at:end])
            at = end
        return cells.reshape(-1, self.rows, self.columns), cursors

    def iterate(
        self, start: int = 0, stop: int | None = None, most: int = 512
    ) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.uint32]]]:
        """Frames start .. stop - 1 in order, at most `most` at a time: cells (N, R, C), cursors (N, 3) and keys (N,)
        as `read` gives them. Each frame is decoded once."""
        stop = self.frames if stop is None else stop
        self._check_range(start, stop)
        for chunk in self.chunks:
            low, high = max(start, chunk.first), min(stop, chunk.first + chunk.frames)
            if low >= high:
                continue
            parsed = self._load(chunk)
            coder, keys = self._coder(chunk, parsed), self._keys(chunk, parsed, high - chunk.first)
            for at in range(low - chunk.first, high - chunk.first, most):
                wanted = np.arange(at, min(at + most, high - chunk.first))
                cells = np.empty((len(wanted), self.rows * self.columns), np.uint32)
                cursors = np.empty((len(wanted), 3), np.int32)
                self._decode(coder, chunk, wanted, cells, cursors)
                yield cells.reshape(-1, self.rows, self.columns), cursors, keys[at : at + len(wanted)]

    def verify(self) -> int:
        """Decode every frame in place and compare each chunk's last one with its checksum; returns the number of
        frames.

        The chunks' side tables must be the index's: a mark stands in the chunk of its frame, so that chunks which
        changed places are found where one of them has a mark. Raises RecordingError at the first fault.
        """
        counts = [0 for _ in self.side.rows()]
        for chunk in self.all_chunks:
            parsed = self._load(chunk)
            self._compare_side(counts, parsed, chunk)
            if chunk.frames == 0:
                continue
            coder = self._coder(chunk, parsed)
            self._decode(coder, chunk, _NO_INDICES, _NO_CELLS, _NO_CURSORS, chunk.frames)
            if zlib.crc32(coder.cells.astype("<u4", copy=False).tobytes()) != parsed.last_crc:
                raise RecordingError(
                    f"{self.path}: byte {chunk.offset}: the chunk's last frame differs from its checksum"
                )
        if counts != [len(rows) for rows in self.side.rows()]:
            raise RecordingError(f"{self.path}: byte {self.index_offset}: the index has more than stands in the chunks")
        return self.frames

    def _compare_side(self, counts: list[int], chunk: Chunk, place: ChunkPlace) -> None:
        """Each row of a chunk's side table must be the index's, after the `counts` rows before it, which are added."""
        try:
            more = parse_side(chunk.side, chunk.side_offset)
        except RecordingError as error:
            raise RecordingError(f"{self.path}: {error}") from error
        for kind, (found, known) in enumerate(zip(more.rows(), self.side.rows(), strict=True)):
            if found != known[counts[kind] : counts[kind] + len(found)]:
                raise RecordingError(
                    f"{self.path}: byte {place.offset}: the chunk's marks or tables are not where the index has them"
                )
            counts[kind] += len(found)

    def stream_sizes(self) -> dict[str, tuple[int, int]]:
        """(bytes unpacked, bytes in the file) of each stream over all chunks; `container` is what is not in a
        stream.
        """
        sizes = {name: [0, 0] for name in STREAMS}
        for chunk in self.chunks:
            parsed = self._load(chunk)
            for name, raw, packed in zip(STREAMS, parsed.raw_sizes, parsed.packed, strict=True):
                sizes[name][0] += raw
                sizes[name][1] += len(packed)
        total = os.fstat(self._fd).st_size
        rest = total - sum(packed for _, packed in sizes.values())
        return {name: (raw, packed) for name, (raw, packed) in sizes.items()} | {"container": (rest, rest)}

    def _check_range(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.frames:
            raise RecordingError(f"{self.path}: frames {start}..{stop} asked for, the recording has {self.frames}")

    def _bytes(self, offset: int, count: int, size: int) -> bytes:
        count = min(count, size - offset)
        data = os.pread(self._fd, count, offset) if count > 0 else b""
        if len(data) != max(count, 0):
            raise RecordingError(f"byte {offset + len(data)}: the file became shorter while it was read")
        return data

    def _load(self, chunk: ChunkPlace) -> Chunk:
        try:
            data = self._bytes(chunk.offset, chunk.length, chunk.offset + chunk.length)
            parsed = parse_chunk(data, chunk.offset, (self.rows, self.columns))
            if parsed.frames != chunk.frames:
                raise RecordingError(f"byte {chunk.offset}: {parsed.frames} frames, the index says {chunk.frames}")
        except RecordingError as error:
            raise RecordingError(f"{self.path}: {error}") from error
        return parsed

    def _keys(self, place: ChunkPlace, chunk: Chunk, count: int) -> NDArray[np.uint32]:
        """The first `count` keys of a chunk."""
        coder = self._coder(place, chunk, only_keys=True)
        keys = np.empty(count, np.uint32)
        done = decode_keys(coder, count, keys)
        if done < count:
            raise self._fault(coder, place, done)
        return keys

    def _coder(self, place: ChunkPlace, chunk: Chunk, only_keys: bool = False) -> Coder:
        """A decoder at the start of a chunk."""
        unpacker = Unpacker()
        parts: list[bytes] = []
        starts, ends, at = [], [], 0
        for number, (raw_size, packed) in enumerate(zip(chunk.raw_sizes, chunk.packed, strict=True)):
            if number and only_keys:
                raw_size = 0
            else:
                try:
                    parts.append(unpacker.unpack(packed, raw_size, place.offset))
                except RecordingError as error:
                    raise RecordingError(f"{self.path}: {error}") from error
            starts.append(at)
            at += raw_size
            ends.append(at)
        data = np.frombuffer(bytearray().join(parts), np.uint8)  # writable, as the kernels want it
        size = 0 if only_keys else chunk.raw_sizes[3]
        scripts, records = min(size, chunk.frames, MAX_SCRIPTS), min(size, MAX_RECORDS)
        coder = new_coder(self.rows, self.columns, data, scripts, records, False)
        coder.n[ATTRIBUTE_LIMIT] = len(self.attributes)
        coder.n[GLYPH_LIMIT] = CLUSTER_BASE + len(self.clusters)
        place_streams(coder, starts, ends)
        return coder

    def _decode(
        self,
        coder: Coder,
        chunk: ChunkPlace,
        wanted: NDArray[np.int64],
        cells: NDArray[np.uint32],
        cursors: NDArray[np.int32],
        frames: int = 0,
    ) -> None:
        frames = frames or int(wanted[-1]) + 1
        done = decode_frames(coder, frames, wanted, cells, cursors, _NO_TARGET, _NO_ROWS, _NO_CURSOR)
        if done < frames:
            raise self._fault(coder, chunk, done)

    def _fault(self, coder: Coder, chunk: ChunkPlace, frame: int) -> RecordingError:
        status = int(coder.n[STATUS])
        assert status != FINE
        return RecordingError(
            f"{self.path}: byte {chunk.offset}: frame {chunk.first + frame} of this chunk: {FAULTS[status]}"
        )
