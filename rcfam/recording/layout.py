"""The container of a recording: header, checked blocks, index. What each byte means stands in FORMAT.md.

Everything here is plain Python over `bytes`; the frames themselves are in `script.py`, `encode.py` and `decode.py`.
"""

import json
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, overload

import numpy as np
import zstandard
from numpy.typing import NDArray

from rcfam.errors import RcfamError
from rcfam.terminal.cells import CLUSTER_BASE, GLYPH_MASK, MAX_ATTRIBUTES

MAGIC: Final = b"\x89TSR\r\n\x1a\n"
VERSION: Final = 1
CHUNK: Final = b"TSRC"
INDEX: Final = b"TSRI"
TRAILER: Final = b"TSRE"
PREFIX_BYTES: Final = 12  # magic 4, crc 4, length 4
TRAILER_BYTES: Final = 24  # index offset 8, frames 8, crc 4, magic 4

MAX_ROWS: Final = 1024
MAX_COLUMNS: Final = 1024
MAX_CELLS: Final = 1 << 18
MAX_CHUNK_FRAMES: Final = 1 << 16
MAX_CHUNK_CELLS: Final = 1 << 26  # frames x rows x columns of one chunk: 256 MiB
MAX_STREAM_BYTES: Final = 1 << 22
MAX_HEADER_BYTES: Final = 1 << 21
MAX_SIDE_BYTES: Final = 1 << 24  # of one chunk and of all: JSON takes up to about 25 times that when parsed
MAX_INDEX_BYTES: Final = MAX_SIDE_BYTES + (1 << 24)
MAX_SCRIPTS: Final = 1 << 14  # of one chunk
MAX_RECORDS: Final = 1 << 16  # of one chunk: each script is one, and each of its operations
MIN_CHUNK_BYTES: Final = 36
MAX_CHUNK_BYTES: Final = 128 + 8 * MAX_STREAM_BYTES + MAX_SIDE_BYTES  # of its block: no stream grows by packing
MAX_CLUSTERS: Final = GLYPH_MASK + 1 - CLUSTER_BASE
CODING: Final = 2  # of the frames of a chunk: scripts; 1 where no script has a TEXT

# The byte streams of a chunk, in the order they stand in it.
STREAMS: Final = ("keys", "runs", "choices", "scripts", "cursors", "numbers", "attributes", "glyphs")


class RecordingError(RcfamError):
    """A recording, or what should become one, that is not valid; the message says what and at which byte or frame."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened just before frame `frame`: a commit began, the program in the foreground changed."""

    frame: int
    kind: str
    text: str


@dataclass
class Side:
    """What a chunk adds to the tables of the recording, besides frames."""

    marks: list[Mark] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    attributes: list[tuple[int, int, int]] = field(default_factory=list)

    def rows(self) -> tuple[list[Any], ...]:
        """All three."""
        return self.marks, self.clusters, self.attributes


@dataclass(frozen=True)
class Header:
    """The fixed part: the grid, the first attribute table (N, 3) uint32 (fg, bg, style), and where it all came from."""

    rows: int
    columns: int
    attributes: NDArray[np.uint32]
    provenance: dict[str, str]


class ChunkPlace(NamedTuple):
    """Where a chunk lies in the file, and which frames it holds."""

    offset: int
    length: int
    first: int
    frames: int


class ChunkPlaces(Sequence[ChunkPlace]):
    """Chunks one behind the other, in 24 bytes each: a file of few bytes may list sixteen million of them."""

    def __init__(self, places: Iterable[ChunkPlace] = ()) -> None:
        self._columns = (array("Q"), array("I"), array("Q"), array("I"))
        for place in places:
            self.append(place)

    def append(self, place: ChunkPlace) -> None:
        """Add one behind the last."""
        for column, value in zip(self._columns, place, strict=True):
            column.append(value)

    @property
    def firsts(self) -> Sequence[int]:
        """The first frame of each."""
        return self._columns[2]

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, number: int) -> ChunkPlace: ...
    @overload
    def __getitem__(self, number: slice) -> "ChunkPlaces": ...
    def __getitem__(self, number: int | slice) -> "ChunkPlace | ChunkPlaces":
        if isinstance(number, slice):
            return ChunkPlaces(self[k] for k in range(*number.indices(len(self))))
        return ChunkPlace(*(column[number] for column in self._columns))


@dataclass(frozen=True)
class Chunk:
    """A parsed chunk: stored streams, each with its size after unpacking."""

    frames: int
    last_crc: int
    raw_sizes: tuple[int, ...]
    packed: tuple[bytes, ...]
    side: bytes
    """The side table, unpacked and not parsed."""
    side_offset: int


def varint(value: int) -> bytes:
    """LEB128 of a number from 0."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class ByteReader:
    """A checked reader over bytes; `origin` is the file offset of byte 0, for error messages."""

    def __init__(self, data: bytes, origin: int) -> None:
        self.data = data
        self.at = 0
        self.origin = origin

    def fail(self, what: str) -> RecordingError:
        """The error to raise for a fault at the current place."""
        return RecordingError(f"byte {self.origin + self.at}: {what}")

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > len(self.data) - self.at:
            raise self.fail(f"{count} bytes expected, {len(self.data) - self.at} left")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, most: int, what: str) -> int:
        """The next LEB128 number, at most `most`."""
        value = 0
        for shift in range(0, 35, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > most:
                    raise self.fail(f"{what} is {value}, at most {most} allowed")
                return value
        raise self.fail(f"{what} is longer than five bytes")


def check_grid(rows: int, columns: int) -> None:
    """Raise RecordingError unless the grid is within the format's limits."""
    if not (1 <= rows <= MAX_ROWS and 1 <= columns <= MAX_COLUMNS and rows * columns <= MAX_CELLS):
        raise RecordingError(
            f"grid {rows} x {columns}: 1..{MAX_ROWS} rows and 1..{MAX_COLUMNS} columns, at most {MAX_CELLS} cells"
        )


def most_frames(rows: int, columns: int) -> int:
    """The greatest number of frames that a chunk may hold on this grid."""
    return min(MAX_CHUNK_FRAMES, MAX_CHUNK_CELLS // (rows * columns))


def block(magic: bytes, body: bytes) -> bytes:
    """Frame `body`: magic, CRC-32 of length and body, length, body."""
    rest = len(body).to_bytes(4, "little") + body
    return magic + zlib.crc32(rest).to_bytes(4, "little") + rest


def unblock(magic: bytes, data: bytes, offset: int) -> bytes:
    """The body of the block that begins at byte 0 of `data`; `offset` is its place in the file."""
    if len(data) < PREFIX_BYTES:
        raise RecordingError(f"byte {offset}: the file ends inside a block's prefix")
    if data[:4] != magic:
        raise RecordingError(f"byte {offset}: {magic.decode()} expected, found {data[:4]!r}")
    end = PREFIX_BYTES + int.from_bytes(data[8:12], "little")
    if end > len(data):
        raise RecordingError(f"byte {offset}: block of {end} bytes, but {len(data)} are left")
    if zlib.crc32(data[8:end]) != int.from_bytes(data[4:8], "little"):
        raise RecordingError(f"byte {offset}: checksum of the {magic.decode()} block does not match")
    return data[PREFIX_BYTES:end]


def pack_header(header: Header) -> bytes:
    """The first bytes of a file: magic and the header block."""
    body = VERSION.to_bytes(2, "little") + header.rows.to_bytes(2, "little") + header.columns.to_bytes(2, "little")
    table = np.ascontiguousarray(header.attributes, dtype="<u4").tobytes()
    provenance = json.dumps(header.provenance, sort_keys=True, separators=(",", ":")).encode()
    body += varint(len(header.attributes)) + table + varint(len(provenance)) + provenance
    if len(body) > MAX_HEADER_BYTES:
        raise RecordingError(f"header of {len(body)} bytes: at most {MAX_HEADER_BYTES} allowed")
    return MAGIC + block(b"TSRH", body)


def parse_header(data: bytes) -> tuple[Header, int]:
    """The header at the start of a file, and the offset of the first chunk."""
    if data[: len(MAGIC)] != MAGIC:
        raise RecordingError("byte 0: not a recording (the first eight bytes are wrong)")
    start = len(MAGIC)
    body = unblock(b"TSRH", data[start:], start)
    cursor = ByteReader(body, start + PREFIX_BYTES)
    version, rows, columns = (int.from_bytes(cursor.take(2), "little") for _ in range(3))
    if version != VERSION:
        raise cursor.fail(f"format version {version}; this reader knows {VERSION}")
    try:
        check_grid(rows, columns)
    except RecordingError as error:
        raise cursor.fail(str(error)) from error
    count = cursor.number(MAX_ATTRIBUTES, "number of attributes")
    if count == 0:
        raise cursor.fail("no attribute; there is at least one")
    table = np.frombuffer(cursor.take(12 * count), dtype="<u4").reshape(count, 3).astype(np.uint32)
    provenance = _json(cursor, cursor.number(MAX_HEADER_BYTES, "length of the provenance"))
    if not isinstance(provenance, dict) or not all(isinstance(v, str) for v in provenance.values()):
        raise cursor.fail("the provenance is not a table of strings")
    if cursor.at != len(body):
        raise cursor.fail("bytes left over at the end of the header")
    return Header(rows, columns, table, provenance), start + PREFIX_BYTES + len(body)


def pack_side(side: Side) -> bytes:
    """Marks, clusters and attributes as JSON; no bytes where there are none."""
    if not (side.marks or side.clusters or side.attributes):
        return b""
    document = {
        "attributes": [list(map(int, row)) for row in side.attributes],
        "clusters": side.clusters,
        "marks": [[m.frame, m.kind, m.text] for m in side.marks],
    }
    packed = json.dumps({k: v for k, v in document.items() if v}, separators=(",", ":")).encode()
    if len(packed) > MAX_SIDE_BYTES:  # so that a chunk's tables, and all of them together, can be read
        raise RecordingError(f"marks and clusters of {len(packed)} bytes: at most {MAX_SIDE_BYTES} allowed")
    return packed


def parse_side(data: bytes, offset: int) -> Side:
    """The tables that `pack_side` wrote; `offset` is for the error message."""
    if not data:
        return Side()
    document = _json(ByteReader(data, offset), len(data))
    wrong = RecordingError(f"byte {offset}: the side table is not in its form")
    if not isinstance(document, dict) or not all(isinstance(part, list) for part in document.values()):
        raise wrong
    marks, clusters = document.get("marks", []), document.get("clusters", [])
    attributes = document.get("attributes", [])
    if not all(isinstance(text, str) for text in clusters):
        raise wrong
    for row in marks:
        if not (isinstance(row, list) and list(map(type, row)) == [int, str, str] and row[0] >= 0):
            raise wrong
    for row in attributes:
        if not (isinstance(row, list) and list(map(type, row)) == [int] * 3 and all(0 <= v < 1 << 32 for v in row)):
            raise wrong
    return Side([Mark(*row) for row in marks], clusters, [(row[0], row[1], row[2]) for row in attributes])


def check_side(side: Side, offset: int, frames: int) -> Side:
    """The tables of a whole recording of `frames` frames, if they are in order."""
    if len(side.clusters) > MAX_CLUSTERS:
        raise RecordingError(f"byte {offset}: {len(side.clusters)} clusters: at most {MAX_CLUSTERS} allowed")
    before = 0
    for mark in side.marks:
        if not before <= mark.frame <= frames:
            raise RecordingError(f"byte {offset}: a mark lies outside frames {before}..{frames}, or not in order")
        before = mark.frame
    return side


def _json(cursor: ByteReader, length: int) -> Any:
    try:
        return json.loads(cursor.take(length).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise cursor.fail(f"JSON expected: {str(error)[:80]}") from error


class Packer:
    """zstandard in its magicless form, without its own sizes and checksums: the block has both."""

    def __init__(self, level: int) -> None:
        self._level = level
        self._compressors: dict[int, zstandard.ZstdCompressor] = {}

    def pack(self, raw: bytes) -> bytes:
        """`raw` compressed, or `raw` itself where that is not longer."""
        if len(raw) <= 8:
            return raw
        window_log = min(max((len(raw) - 1).bit_length(), 10), 22)
        compressor = self._compressors.get(window_log)
        if compressor is None:
            compressor = self._compressors[window_log] = zstandard.ZstdCompressor(
                compression_params=zstandard.ZstdCompressionParameters.from_level(
                    self._level,
                    source_size=1 << window_log,
                    window_log=window_log,
                    format=zstandard.FORMAT_ZSTD1_MAGICLESS,
                    write_content_size=0,
                    write_checksum=0,
                    write_dict_id=0,
                )
            )
        packed = compressor.compress(raw)
        return packed if len(packed) < len(raw) else raw


class Unpacker:
    """Undoes `Packer.pack`. Not for two threads at once."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS, max_window_size=MAX_STREAM_BYTES
        )

    def unpack(self, packed: bytes, raw_size: int, offset: int) -> bytes:
        """The `raw_size` bytes that `packed` stands for; allocates no more than a small multiple of that."""
        if len(packed) == raw_size:
            return packed
        if not packed or packed[0]:  # the descriptor: no content size, single segment, checksum or dictionary
            raise RecordingError(f"byte {offset}: a packed stream begins with byte 0, found {packed[:1].hex()!r}")
        try:
            raw = self._decompressor.decompress(packed, max_output_size=raw_size, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise RecordingError(f"byte {offset}: zstandard: {error}") from error
        if len(raw) != raw_size:
            raise RecordingError(f"byte {offset}: a stream should unpack to {raw_size} bytes and gives {len(raw)}")
        return raw


def pack_chunk(frames: int, last_crc: int, streams: list[bytes], side: Side, packer: Packer) -> bytes:
    """One whole chunk block."""
    raw = [*streams, pack_side(side)]
    packed = [packer.pack(stream) for stream in raw]
    sizes = b"".join(varint(len(a)) + varint(len(b)) for a, b in zip(raw, packed, strict=True))
    head = bytes([CODING]) + varint(frames) + last_crc.to_bytes(4, "little")
    return block(CHUNK, head + sizes + b"".join(packed))


def parse_chunk(data: bytes, offset: int, grid: tuple[int, int]) -> Chunk:
    """Check one chunk block and cut it into its streams; nothing is unpacked but the side table."""
    cursor = ByteReader(unblock(CHUNK, data, offset), offset + PREFIX_BYTES)
    coding = cursor.take(1)[0]
    if not 1 <= coding <= CODING:
        raise cursor.fail(f"frame coding {coding}; this reader knows 1 to {CODING}")
    frames = cursor.number(most_frames(*grid), "number of frames")
    last_crc = int.from_bytes(cursor.take(4), "little")
    raw_sizes, packed_sizes = [], []
    for name in (*STREAMS, "side"):
        most = MAX_SIDE_BYTES if name == "side" else MAX_STREAM_BYTES
        raw_sizes.append(cursor.number(most, f"size of stream {name}"))
        packed_sizes.append(cursor.number(raw_sizes[-1], f"packed size of stream {name}"))
    places = [(cursor.take(size), offset + PREFIX_BYTES + cursor.at - size) for size in packed_sizes]
    if cursor.at != len(cursor.data):
        raise cursor.fail("bytes left over at the end of a chunk")
    if raw_sizes[0] < frames:
        raise cursor.fail(f"{frames} frames, but only {raw_sizes[0]} bytes of keys")
    side = Unpacker().unpack(places[-1][0], raw_sizes[-1], places[-1][1])
    return Chunk(frames, last_crc, tuple(raw_sizes[:-1]), tuple(p for p, _ in places[:-1]), side, places[-1][1])


def pack_index(chunks: Sequence[ChunkPlace], side: Side, offset: int) -> bytes:
    """The index block and the trailer that points at it from the end of the file."""
    body = varint(len(chunks)) + b"".join(varint(c.length) + varint(c.frames) for c in chunks)
    body += pack_side(side)
    if len(body) > MAX_INDEX_BYTES:
        raise RecordingError(f"index of {len(body)} bytes: at most {MAX_INDEX_BYTES} allowed")
    index = block(INDEX, varint(len(body)) + Packer(9).pack(body))
    frames = sum(chunk.frames for chunk in chunks)
    tail = offset.to_bytes(8, "little") + frames.to_bytes(8, "little")
    return index + tail + zlib.crc32(tail).to_bytes(4, "little") + TRAILER


def parse_trailer(data: bytes, offset: int) -> tuple[int, int]:
    """(offset of the index, number of frames) from the last TRAILER_BYTES of a file."""
    if len(data) != TRAILER_BYTES or data[20:] != TRAILER:
        raise RecordingError(f"byte {offset}: the trailer is missing; the file was cut off or never closed")
    if zlib.crc32(data[:16]) != int.from_bytes(data[16:20], "little"):
        raise RecordingError(f"byte {offset}: checksum of the trailer does not match")
    return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:16], "little")


def parse_index(data: bytes, offset: int, first_chunk: int, grid: tuple[int, int]) -> tuple[ChunkPlaces, Side]:
    """Chunks and tables from the index block that begins at `offset`; the chunks must fill the file up to it."""
    outer = ByteReader(unblock(INDEX, data, offset), offset + PREFIX_BYTES)
    size = outer.number(MAX_INDEX_BYTES, "size of the index")
    body = Unpacker().unpack(outer.data[outer.at :], size, outer.origin + outer.at)
    cursor = ByteReader(body, offset)
    chunks, at, frame = ChunkPlaces(), first_chunk, 0
    for _ in range(cursor.number(len(body) // 2, "number of chunks")):
        length = cursor.number(MAX_CHUNK_BYTES, "length of a chunk")
        frames = cursor.number(most_frames(*grid), "number of frames")
        if not MIN_CHUNK_BYTES <= length <= offset - at:
            raise RecordingError(f"byte {offset}: the index lists a chunk of {length} bytes at byte {at}")
        chunks.append(ChunkPlace(at, length, frame, frames))
        at, frame = at + length, frame + frames
    if at != offset:
        raise RecordingError(f"byte {offset}: the index lists chunks up to byte {at}, but it begins at {offset}")
    if len(body) - cursor.at > MAX_SIDE_BYTES:
        raise RecordingError(f"byte {offset}: a side table of more than {MAX_SIDE_BYTES} bytes")
    return chunks, check_side(parse_side(body[cursor.at :], offset), offset, frame)
