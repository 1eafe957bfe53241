"""Files for `benchmarks.fuzz`: small recordings, damaged at random or built from parts that were tampered with.

Input number i is a pure function of i. The kinds in DAMAGE leave the checksums wrong, as damage does; those in FORGERY
make them right, as a forger would, so that the decoder itself is reached.
"""

import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO

import numpy as np

from rcfam.recording import Writer
from rcfam.recording.layout import MAGIC, PREFIX_BYTES, ByteReader, Packer, Unpacker, block, parse_header, varint

STREAMS = 8
GRIDS = ((6, 24, 40, 16), (2, 9, 30, 30), (1, 1, 6, 3), (3, 40, 60, 25), (9, 5, 20, 8), (4, 16, 0, 9))
"""Of each base recording: rows, columns, frames, frames a chunk."""
ATTRIBUTES = np.array([[0, 0, 0], [3, 0, 1], [1 << 24 | 0x123456, 5, 32]], np.uint32)


def screens(rng: np.random.Generator, count: int, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames, cursors and keys of random edits: typing, scrolling, shifting, colours, a ruler, wide characters."""
    cells = np.full((rows, columns), 0x20, np.uint32)
    frames, cursors, keys = [], [], []
    row = column = 0
    for number in range(count):
        frames.append(cells.copy())
        cursors.append((row, column, number % 7 > 0))
        key = int(rng.integers(97, 123)) if rng.random() < 0.7 else int(rng.choice([13, 0x110000, 0x4E2D, 0xFFFFFFFF]))
        keys.append(key)
        kind = rng.integers(8)
        if key < 128 and key != 13:
            cells[row, column] = key | int(rng.integers(3)) << 21
            column = min(column + 1, columns - 1)
        elif kind == 0:
            cells[:-1] = cells[1:].copy()
        elif kind == 1:
            cells[row] = np.roll(cells[row], int(rng.integers(-2, 3)))
        elif kind == 2:
            cells[row, column:] = 0x20 | 1 << 21
        elif kind == 3:
            cells[row] = rng.choice(np.array([0x61, 0x4E2D, 0, 0x110000, 0x39], np.uint32), columns)
        else:
            row, column = int(rng.integers(rows)), int(rng.integers(columns))
        ruler = f"{row},{column}"[:columns]
        cells[rows - 1, : len(ruler)] = [ord(c) for c in ruler]
    return np.stack(frames), np.array(cursors, np.int32), np.array(keys, np.uint32)


@dataclass
class Piece:
    """A chunk taken apart."""

    frames: int
    crc: int
    streams: list[bytes]
    """Eight streams and the side table, unpacked."""
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Sizes (unpacked, packed) that are written instead of the right ones."""


@dataclass
class Parts:
    """A recording taken apart: what a forger would build one from."""

    header: bytes
    pieces: list[Piece]
    side: bytes
    listed: list[tuple[int, int]] | None = None
    """(length, frames) of the chunks as the index has them, if they are not the right ones."""
    packed: bool = True

    def build(self) -> bytes:
        """The file, with right checksums."""
        packer = Packer(3)
        pack = packer.pack if self.packed else bytes
        data = bytearray(MAGIC + block(b"TSRH", self.header))
        listed = []
        for piece in self.pieces:
            packed = [pack(stream) for stream in piece.streams]
            sizes = [(len(a), len(b)) for a, b in zip(piece.streams, packed, strict=True)]
            sizes = [piece.sizes.get(k, pair) for k, pair in enumerate(sizes)]
            body = b"\x02" + varint(piece.frames) + (piece.crc & 0xFFFFFFFF).to_bytes(4, "little")
            body += b"".join(varint(a) + varint(b) for a, b in sizes) + b"".join(packed)
            chunk = block(b"TSRC", body)
            listed.append((len(chunk), piece.frames))
            data += chunk
        listed = self.listed if self.listed is not None else listed
        index = varint(len(listed)) + b"".join(varint(a) + varint(b) for a, b in listed) + self.side
        offset = len(data)
        data += block(b"TSRI", varint(len(index)) + pack(index))
        tail = offset.to_bytes(8, "little") + sum(frames for _, frames in listed).to_bytes(8, "little")
        return bytes(data + tail + zlib.crc32(tail).to_bytes(4, "little") + b"TSRE")


def take_apart(data: bytes) -> Parts:
    """The parts of a whole recording."""
    _, at = parse_header(data)
    pieces, unpacker = [], Unpacker()
    while data[at : at + 4] == b"TSRC":
        end = at + PREFIX_BYTES + int.from_bytes(data[at + 8 : at + 12], "little")
        body = ByteReader(data[at + PREFIX_BYTES : end], 0)
        body.take(1)
        frames, crc = body.number(1 << 16, "frames"), int.from_bytes(body.take(4), "little")
        sizes = [(body.number(1 << 24, "size"), body.number(1 << 24, "size")) for _ in range(STREAMS + 1)]
        pieces.append(Piece(frames, crc, [unpacker.unpack(body.take(b), a, 0) for a, b in sizes]))
        at = end
    side = b'{"marks":[[0,"commit","one"]],"clusters":["e\\u0301"],"attributes":[[1,2,3]]}'
    header = data[len(MAGIC) + PREFIX_BYTES :][: int.from_bytes(data[16:20], "little")]
    return Parts(header, pieces, side)


@cache
def base(number: int) -> tuple[bytes, Parts]:
    """A small recording and its parts."""
    rng = np.random.default_rng(number)
    rows, columns, count, chunk = GRIDS[number]
    file = BytesIO()
    with Writer(file, rows, columns, ATTRIBUTES, {"name": f"base {number}"}, chunk) as writer:
        writer.add_clusters(["e\u0301"])
        writer.mark("commit", "one")
        writer.add_attributes(np.array([[1, 2, 3]], np.uint32))
        if count:
            writer.append(*screens(rng, count, rows, columns))
        writer.mark("end", "")
    data = file.getvalue()
    return data, take_apart(data)


# Mutations. Those of DAMAGE leave checksums wrong; those of FORGERY work on the parts.


def flip(rng: random.Random, data: bytearray) -> None:
    """Some bits."""
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(rng: random.Random, data: bytearray) -> None:
    """The end is missing, or a piece in the middle."""
    at = rng.randrange(len(data))
    end = len(data) if rng.random() < 0.7 else min(len(data), at + rng.randrange(1, 40))
    del data[at:end]


def overwrite(rng: random.Random, data: bytearray) -> None:
    """A stretch of other bytes: zeros, noise, or a copy from elsewhere."""
    at, size = rng.randrange(len(data)), rng.randrange(1, 64)
    kind = rng.randrange(3)
    other = bytes(size) if kind == 0 else rng.randbytes(size)
    if kind == 2:
        place = rng.randrange(len(data))
        other = bytes(data[place : place + size])
    data[at : at + size] = other


def chunks_moved(rng: random.Random, data: bytearray) -> None:
    """Chunks swapped, doubled or left out, index as it was."""
    starts = [k for k in range(len(data)) if data[k : k + 4] == b"TSRC"]
    index = data.find(b"TSRI")
    if not starts or index < 0:
        return flip(rng, data)
    ends = [*starts[1:], index]
    chunks = [bytes(data[a:b]) for a, b in zip(starts, ends, strict=True)]
    data[starts[0] : index] = b"".join(rng.choices(chunks, k=rng.randrange(len(chunks) + 2)))
    return None


def edge(rng: random.Random) -> int:
    """A number that sits at some limit."""
    near = rng.choice(
        (0, 1, 2, 127, 128, 255, 1 << 12, 1 << 14, 1 << 16, 1 << 20, 1 << 22, 1 << 24, 1 << 32, (1 << 35) - 1)
    )
    return max(0, min((1 << 35) - 1, near + rng.choice((-1, 0, 0, 1))))


def streams(rng: random.Random, parts: Parts) -> None:
    """Bytes of the unpacked streams changed, put in, taken out, moved between chunks."""
    if not parts.pieces:
        return side(rng, parts)
    piece = rng.choice(parts.pieces)
    for _ in range(rng.choice((1, 1, 2, 4))):
        which = rng.randrange(STREAMS)
        data = bytearray(piece.streams[which])
        kind = rng.randrange(6)
        at = rng.randrange(len(data) + 1)
        if kind == 0 and data:
            data[at - 1] = rng.choice((0, 1, 2, 3, 127, 128, 255, rng.randrange(256)))
        elif kind == 1:
            data[at:at] = varint(edge(rng))
        elif kind == 2:
            del data[at : at + rng.randrange(1, 4)]
        elif kind == 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 4:
            data = bytearray(rng.choice(parts.pieces).streams[rng.randrange(STREAMS)])
        else:
            del data[at:]
        piece.streams[which] = bytes(data)
    return None


class Scribe:
    """Scripts by the grammar, most of them possible on a grid; one operand in fifty is not as it should be."""

    def __init__(self, rng: random.Random, rows: int, columns: int) -> None:
        self.rng, self.rows, self.columns = rng, rows, columns

    def maybe(self, value: int) -> int:
        """`value`, or seldom a number that sits at some limit."""
        return edge(self.rng) if self.rng.random() < 0.02 else value

    def near(self, limit: int) -> int:
        """A number from 0 to `limit`, often one of the ends."""
        return self.maybe(
            self.rng.choice((0, 1, limit - 1, limit, self.rng.randrange(limit + 1), self.rng.randrange(limit + 1)))
        )

    def signed(self, limit: int) -> bytes:
        """A signed number, as it stands in a stream, up to about `limit` in size."""
        value = self.maybe(self.rng.randrange(limit + 2))
        return varint(min(2 * value + self.rng.randrange(2), (1 << 35) - 1))

    def script(self) -> bytes:
        """One script."""
        rng = self.rng
        modes, count = (rng.randrange(4), rng.randrange(4)), rng.choice((0, 1, 1, 1, 1, 2, 2, 3, 3, 7, 7, 64))
        out = varint(modes[0] | modes[1] << 2 | rng.choice((0, 0, 0, 1, 2)) << 4) + varint(count)
        for mode, limit in zip(modes, (self.rows, self.columns), strict=True):
            if mode < 2:
                out += self.signed(1) if mode == 0 else varint(2 * max(0, self.near(limit)))
        return out + b"".join(self.operation() for _ in range(count))

    def operation(self) -> bytes:
        """One operation."""
        rng = self.rng
        kind, modes = rng.randrange(1, 9), (rng.choice((0, 1, 2, 2)), rng.choice((0, 1, 2, 2, 2, 3)))
        out = varint(kind | modes[0] << 4 | modes[1] << 6)
        if kind >= 7:
            return out
        for mode, limit in zip(modes, (self.rows, self.columns), strict=True):
            out += varint(2 * max(0, self.near(limit - 1))) if mode == 2 else self.signed(1)
        attribute = self.maybe(rng.randrange(7))
        if kind == 1:
            return out + varint(rng.choice((0, 1, self.maybe(2 + 48 + rng.randrange(60))))) + varint(attribute)
        if kind == 2:
            return out + self.signed(rng.choice((3, self.columns))) + varint(self.near(self.rows))
        if kind == 3:
            return out + varint(self.near(self.rows)) + self.signed(rng.choice((1, self.rows)))
        if kind in (4, 5):
            return out + varint(rng.choice((0, 1, 2, 3 + self.near(self.columns)))) + varint(attribute)
        count = self.maybe(rng.randrange(1, 4))
        return out + varint(count) + b"".join(varint(self.maybe(rng.randrange(9))) for _ in range(min(count, 4)))

    def text(self) -> bytes:
        """Symbols of a TEXT, most of them possible: rows, each with a colour, a piece of some kind, and its end."""
        rng, out = self.rng, b""
        for _ in range(rng.randrange(self.rows + 1)):
            kind, attribute = rng.randrange(5), rng.choice((0, 1, 2, 3, 3, 3, 3, 4))
            piece = rng.randrange(self.columns + 1)
            out += varint(8 + attribute) if kind else varint(5) + varint(self.maybe(attribute))
            if kind == 1:
                out += varint(3) + varint(self.maybe(piece))
            elif kind == 2:
                out += varint(4) + varint(self.maybe(rng.choice((0, 31, 0x110000, 0x110000, 0x110001))))
            elif kind == 3:
                out += varint(2) + varint(self.maybe(0)) + varint(self.maybe(piece))
            else:
                out += varint(self.maybe(rng.randrange(32, 127))) * piece
            out += varint(self.maybe(1))
        return out + varint(self.maybe(0))


def scripts(rng: random.Random, parts: Parts) -> None:
    """Scripts made up by the grammar, with places and operands of all sizes."""
    if not parts.pieces:
        return side(rng, parts)
    piece = rng.choice(parts.pieces)
    scribe = Scribe(rng, int.from_bytes(parts.header[2:4], "little"), int.from_bytes(parts.header[4:6], "little"))
    made = b"".join(scribe.script() for _ in range(rng.randrange(1, 6)))
    kind = rng.randrange(3)
    if kind:  # the frames that are there, and then one new script after the other
        old = piece.streams if kind == 1 else [b""] * STREAMS
        more = rng.randrange(1, 9)
        keys = rng.choice((b"0123456789", b"ab\x0d\x7f", b"\x80\x81\xff\x80\x80\x01"))
        piece.frames = (piece.frames if kind == 1 else 0) + more
        piece.streams[0] = old[0] + bytes(rng.choices(keys, k=more + 9))
        piece.streams[1] = old[1] + bytes(more + 1)
        piece.streams[2] = old[2] + bytes(rng.choice((1, 1, 1, 0, 2, 3)) for _ in range(more))
        piece.streams[3] = old[3] + made
        for which, low, high in ((4, 0, scribe.columns), (5, 0, 9), (6, 0, 4), (7, 48, 110)):
            noise = b"".join(varint(scribe.maybe(rng.randrange(low, high + 1))) for _ in range(rng.randrange(90)))
            piece.streams[which] = old[which] + noise
        if rng.random() < 0.5:
            piece.streams[7] = old[7] + b"".join(scribe.text() for _ in range(9))
    else:
        piece.streams[3] = made + piece.streams[3]
    return None


def texts(rng: random.Random, parts: Parts) -> None:
    """Frames that are each a TEXT."""
    if not parts.pieces:
        return side(rng, parts)
    piece = rng.choice(parts.pieces)
    scribe = Scribe(rng, int.from_bytes(parts.header[2:4], "little"), int.from_bytes(parts.header[4:6], "little"))
    piece.frames = frames = rng.randrange(1, 6)
    new = bytes((0, 1, 0, 0, 8)) * frames  # the cursor stays
    choices = bytes((1, *(rng.choice((1, 2)) for _ in range(frames))))
    glyphs = b"".join(scribe.text() for _ in range(frames))
    piece.streams[:STREAMS] = [b"a" * frames, bytes(frames + 1), choices, new, b"", b"", b"", glyphs]
    return None


def lengths(rng: random.Random, parts: Parts) -> None:
    """Sizes and counts that are not so."""
    if not parts.pieces or rng.random() < 0.3:
        listed = [(edge(rng), edge(rng)) for _ in range(rng.randrange(4))]
        parts.listed = listed
        return
    piece = rng.choice(parts.pieces)
    if rng.random() < 0.3:
        piece.frames = edge(rng)
    else:
        which = rng.randrange(STREAMS + 1)
        right = len(piece.streams[which])
        piece.sizes[which] = rng.choice(
            ((edge(rng), right), (right, edge(rng)), (edge(rng), edge(rng)), (right + 1, right))
        )


def headers(rng: random.Random, parts: Parts) -> None:
    """Another grid, attribute table or provenance."""
    grid = [rng.choice((0, 1, 2, 5, 24, 80, 1023, 1024, 1025, 65535)) for _ in range(2)]
    body = rng.choice((0, 1, 1, 1, 1, 2, 65535)).to_bytes(2, "little") + b"".join(g.to_bytes(2, "little") for g in grid)
    rows = rng.choice((0, 1, 3, 3, 2048, 2049))
    body += varint(rows) + rng.randbytes(12 * rng.choice((rows, rows, rows, 1)))
    text = rng.choice(
        (b'{"a":"b"}', b"{}", b'{"a":1}', b"[]", b"[" * 5000, b'{"a":"\\ud800"}', b"\xff", b"", b"1" * 5000)
    )
    parts.header = body + varint(rng.choice((len(text), len(text), len(text), edge(rng)))) + text
    if rng.random() < 0.2:
        parts.header = parts.header[: rng.randrange(len(parts.header))]


def side(rng: random.Random, parts: Parts) -> None:
    """Side tables in other forms, in a chunk or in the index."""
    row: Callable[[], object] = lambda: rng.choice(  # noqa: E731
        (
            [0, "a", "b"],
            [edge(rng), "a", "b"],
            [-1, "a", "b"],
            ["a"],
            "e",
            [1, 2, 3],
            [1, 2, 1 << 32],
            [True, "a", ""],
            None,
            {},
        )
    )
    document = {
        rng.choice(("marks", "clusters", "attributes", "x")): [row() for _ in range(rng.randrange(4))] for _ in range(3)
    }
    data = rng.choice(
        (
            json.dumps(document).encode(),
            b"[" * 3000,
            b"{",
            b'{"marks":3}',
            b'{"clusters":["\\ud800"]}',
            b"\xc3",
            b'{"marks":[[1e999,"",""]]}',
        )
    )
    if parts.pieces and rng.random() < 0.5:
        rng.choice(parts.pieces).streams[STREAMS] = data
        if rng.random() < 0.7:
            parts.listed = [(1, 1)]  # an index that cannot be used: the chunks' own tables count
    else:
        parts.side = data


def packing(rng: random.Random, parts: Parts) -> bytes:
    """Right checksums over bytes that are not: what was packed is damaged."""
    data = bytearray(parts.build())
    at = len(MAGIC)
    ends = []
    while data[at : at + 4] in (b"TSRH", b"TSRC", b"TSRI"):
        end = at + PREFIX_BYTES + int.from_bytes(data[at + 8 : at + 12], "little")
        ends.append((at, end))
        at = end
    for _ in range(rng.choice((1, 1, 2, 5))):
        begin, end = rng.choice(ends)
        place = rng.randrange(begin + PREFIX_BYTES, end)
        data[place] = rng.choice((0, 1, 255, rng.randrange(256), data[place] ^ 1 << rng.randrange(8)))
    for begin, end in ends:
        data[begin + 4 : begin + 8] = zlib.crc32(data[begin + 8 : end]).to_bytes(4, "little")
    return bytes(data)


def bombs(rng: random.Random, parts: Parts) -> None:
    """Few bytes that claim to be as many as the limits allow."""
    frames = rng.choice((1 << 16, 4096))
    big = bytes(rng.choice((frames, 1 << 22)))
    piece = Piece(frames, 0, [big, b"\x00" + b"\xff\xff\xff\xff\x0f" * 9, b"\x01" * 9, *(big for _ in range(5)), b""])
    if rng.random() < 0.5:
        piece.streams[3] = b"\x0a\x01\x07" + bytes([0x0A, 64]) + bytes([7] * 64) * 1000
    if rng.random() < 0.3:
        piece.streams[STREAMS] = b'{"marks":[' + b"[]," * ((1 << 24) // 3 - 10) + b"[]]}"
    parts.pieces = [piece] * rng.choice((1, 2))
    parts.listed = [(1, 1)] if rng.random() < 0.3 else None
    grid = rng.choice(((1, 1), (24, 80), (32, 32), (1, 1024)))
    parts.header = b"\x01\x00" + b"".join(g.to_bytes(2, "little") for g in grid) + parts.header[6:]


DAMAGE: tuple[Callable[[random.Random, bytearray], None], ...] = (flip, cut, overwrite, chunks_moved)
FORGERY: tuple[Callable[[random.Random, Parts], bytes | None], ...] = (
    streams,
    scripts,
    texts,
    lengths,
    headers,
    side,
    packing,
)
BOMB_EVERY = 9_973


def make(i: int) -> tuple[str, int, bytes]:
    """Input number i: (kind, base recording, file)."""
    rng = random.Random(i)
    which = rng.randrange(len(GRIDS))
    data, parts = base(which)
    if i % BOMB_EVERY == BOMB_EVERY - 1 or rng.random() < 0.6:
        forge = bombs if i % BOMB_EVERY == BOMB_EVERY - 1 else rng.choice((*FORGERY, streams, scripts))
        copy = replace(parts, pieces=[replace(p, streams=list(p.streams), sizes={}) for p in parts.pieces])
        copy.packed = forge is bombs or rng.random() < 0.5
        made = forge(rng, copy)
        return forge.__name__, which, made if isinstance(made, bytes) else copy.build()
    damage = rng.choice(DAMAGE)
    mutated = bytearray(data)
    damage(rng, mutated)
    return damage.__name__, which, bytes(mutated)
