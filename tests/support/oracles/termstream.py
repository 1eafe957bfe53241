"""A decoder of recordings written from FORMAT.md alone: plain Python lists, slow, no code of rcfam."""

import json
import zlib
from dataclasses import dataclass, field

import zstandard

MAGIC = b"\x89TSR\r\n\x1a\n"
BLANK = 0x20
MULTIPLIER = 0x9E3779B1


@dataclass
class Stream:
    """Bytes that are read from the front."""

    data: bytes
    at: int = 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def take(self, count: int) -> bytes:
        self.at += count
        assert self.at <= len(self.data)
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self) -> int:
        return unfold(self.number())


def unfold(folded: int) -> int:
    return -(folded + 1) // 2 if folded % 2 else folded // 2


@dataclass
class Recording:
    """All that a recording holds; a frame is a list of R * C cells."""

    rows: int = 0
    columns: int = 0
    attributes: list[list[int]] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    marks: list[list] = field(default_factory=list)
    provenance: dict[str, str] = field(default_factory=dict)
    frames: list[list[int]] = field(default_factory=list)
    cursors: list[tuple[int, int, int]] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)


def block(stream: Stream) -> tuple[bytes, bytes]:
    """(magic, body) of the next block."""
    magic, crc = stream.take(4), int.from_bytes(stream.take(4), "little")
    length = stream.take(4)
    body = stream.take(int.from_bytes(length, "little"))
    assert zlib.crc32(length + body) == crc
    return magic, body


def unpack(packed: bytes, size: int) -> bytes:
    if len(packed) == size:
        return packed
    return zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS).decompress(packed, max_output_size=size)


def opened(stream: Stream) -> Recording:
    """A recording without frames, from what stands before the chunks."""
    assert stream.take(8) == MAGIC
    magic, body = block(stream)
    assert magic == b"TSRH"
    recording = Recording()
    header = Stream(body)
    version, recording.rows, recording.columns = (int.from_bytes(header.take(2), "little") for _ in range(3))
    assert version == 1
    for _ in range(header.number()):
        recording.attributes.append([int.from_bytes(header.take(4), "little") for _ in range(3)])
    recording.provenance = json.loads(header.take(header.number()))
    return recording


def decode_cut(data: bytes) -> Recording:
    """The recording in a file that was cut off: its whole chunks."""
    stream = Stream(data)
    recording = opened(stream)
    while True:
        try:
            magic, body = block(stream)
        except AssertionError:
            return recording
        if magic != b"TSRC":
            return recording
        Chunk(recording, body).decode()


def decode(data: bytes) -> Recording:
    """The recording in a whole, undamaged file. The index is checked against the chunks."""
    stream = Stream(data)
    recording = opened(stream)
    lengths = []
    while True:
        begin = stream.at
        magic, body = block(stream)
        if magic == b"TSRI":
            break
        assert magic == b"TSRC"
        before = len(recording.keys)
        Chunk(recording, body).decode()
        lengths.append((stream.at - begin, len(recording.keys) - before))
    outer = Stream(body)
    size = outer.number()
    index = Stream(unpack(body[outer.at :], size))
    assert [(index.number(), index.number()) for _ in range(index.number())] == lengths
    side = json.loads(index.data[index.at :] or b"{}")
    assert side.get("marks", []) == recording.marks
    assert side.get("clusters", []) == recording.clusters
    trailer = stream.take(24)
    assert int.from_bytes(trailer[:8], "little") == begin
    assert int.from_bytes(trailer[8:16], "little") == len(recording.keys)
    assert int.from_bytes(trailer[16:20], "little") == zlib.crc32(trailer[:16])
    assert trailer[20:] == b"TSRE"
    return recording


class Chunk:
    """One chunk while it is decoded."""

    def __init__(self, recording: Recording, body: bytes) -> None:
        head = Stream(body)
        assert head.byte() in (1, 2)
        self.count = head.number()
        self.crc: int | None = int.from_bytes(head.take(4), "little")
        sizes = [(head.number(), head.number()) for _ in range(9)]
        parts = [unpack(head.take(packed), size) for size, packed in sizes]
        assert head.at == len(body)
        self.keys, self.runs, self.choices, self.scripts = map(Stream, parts[:4])
        self.cursors, self.numbers, self.attributes, self.glyphs = map(Stream, parts[4:8])
        side = json.loads(parts[8] or b"{}")
        recording.marks += side.get("marks", [])
        recording.clusters += side.get("clusters", [])
        recording.attributes += side.get("attributes", [])
        self.recording = recording
        self.rows, self.columns = recording.rows, recording.columns
        self.cells = [BLANK] * (self.rows * self.columns)
        self.old = self.new = (0, 0)
        self.visible = 1
        self.key, self.last, self.edit = 0, -1, -1
        self.known: list[dict] = []
        self.tables: list[dict[int, int]] = [{}, {}, {}]

    def decode(self) -> None:
        if self.count == 0:
            return
        self.run = self.runs.number()
        for _ in range(self.count):
            number = self.next_script()
            self.do(self.known[number])
            self.learn(number)
            self.old = self.new
            self.key = self.next_key()
            self.recording.frames.append(list(self.cells))
            self.recording.cursors.append((*self.new, self.visible))
            self.recording.keys.append(self.key)
        cells = b"".join(cell.to_bytes(4, "little") for cell in self.cells)
        assert self.crc is None or zlib.crc32(cells) == self.crc

    def next_key(self) -> int:
        byte = self.keys.byte()
        if byte < 128:
            return byte
        return 0x110000 + byte - 128 if byte < 255 else self.keys.number()

    def entries(self) -> list[int]:
        kind = 1 if 32 <= self.key < 0x110000 and self.key != 127 else self.key
        contexts = [(self.key, self.last, self.edit), (kind, self.last, self.edit), (self.key, self.edit, 0)]
        result = []
        for a, b, c in contexts:
            x = ((a * MULTIPLIER) % 2**32 ^ (b + 1)) * MULTIPLIER % 2**32
            x = (x ^ (x >> 15) ^ (c + 1)) * MULTIPLIER % 2**32
            result.append(x >> 20)
        return result

    def next_script(self) -> int:
        found = [self.tables[t][e] for t, e in enumerate(self.entries()) if e in self.tables[t]]
        if self.run > 0:
            self.run -= 1
            return found[0]
        choice = self.choices.number()
        self.run = self.runs.number()
        if choice == 0:
            return next(script for script in found if script != found[0])
        if choice == 1:
            self.known.append(self.read_script())
            return len(self.known) - 1
        return choice - 2

    def learn(self, number: int) -> None:
        for t, entry in enumerate(self.entries()):
            self.tables[t][entry] = number
        self.last = number
        if any(operation["kind"] != 6 for operation in self.known[number]["operations"]):
            self.edit = number

    def read_script(self) -> dict:
        head, count = self.scripts.number(), self.scripts.number()
        modes = (head & 3, head >> 2 & 3)
        values = [self.scripts.signed() if mode < 2 else 0 for mode in modes]
        operations = [self.read_operation() for _ in range(count)]
        return {"modes": modes, "values": values, "visible": head >> 4, "operations": operations}

    def read_operation(self) -> dict:
        head = self.scripts.number()
        kind = head & 15
        operation = {"kind": kind, "modes": (head >> 4 & 3, head >> 6)}
        if kind in (7, 8):
            return operation
        operation["place"] = (self.scripts.signed(), self.scripts.signed())
        if kind == 6:
            operation["sources"] = [self.scripts.number() for _ in range(self.scripts.number())]
            return operation
        operation["a"] = self.scripts.signed() if kind == 2 else self.scripts.number()
        operation["b"] = self.scripts.signed() if kind == 3 else self.scripts.number()
        return operation

    def do(self, script: dict) -> None:
        new = []
        for axis in range(2):
            mode, value = script["modes"][axis], script["values"][axis]
            if mode == 0:
                value += self.old[axis]
            elif mode == 2:
                value = self.old[axis] + self.cursors.signed()
            elif mode == 3:
                value = self.cursors.number()
            new.append(value)
        self.new = (new[0], new[1])
        if script["visible"]:
            self.visible = script["visible"] - 1
        names = ["put", "shift", "scroll", "fill", "fill", "ruler", "rest", "text"]
        for operation in script["operations"]:
            getattr(self, names[operation["kind"] - 1])(operation)

    def place(self, operation: dict) -> tuple[int, int]:
        (row_mode, column_mode), (row, column) = operation["modes"], operation["place"]
        row += (self.old[0], self.new[0], 0)[row_mode]
        if column_mode == 3:
            start = min(self.old[1], self.columns)
            while start > 0 and self.is_word(self.cells[row * self.columns + start - 1] & 0x1FFFFF):
                start -= 1
            return row, column + start
        return row, column + (self.old[1], self.new[1], 0)[column_mode]

    @staticmethod
    def is_word(glyph: int) -> bool:
        return glyph < 128 and (chr(glyph).isalnum() or glyph == 95)

    def attribute(self, source: int, row: int, column: int) -> int:
        at = row * self.columns + column
        if source == 0 or (source == 1 and column == 0):
            return self.cells[at] >> 21
        if source == 1:
            return self.cells[at - 1] >> 21
        return self.attributes.number() if source == 2 else source - 3

    def put(self, operation: dict) -> None:
        row, column = self.place(operation)
        a = operation["a"]
        glyph = self.key if a == 0 else self.glyphs.number() if a == 1 else a - 2
        self.cells[row * self.columns + column] = self.attribute(operation["b"], row, column) << 21 | glyph

    def shift(self, operation: dict) -> None:
        row, column = self.place(operation)
        start, end = row * self.columns + column, (row + operation["b"] + 1) * self.columns
        before, by = list(self.cells), operation["a"]
        for p in range(start, end):
            if start <= p - by < end:
                self.cells[p] = before[p - by]

    def scroll(self, operation: dict) -> None:
        top = self.place(operation)[0]
        bottom, before = self.rows - operation["a"], list(self.cells)
        for row in range(top, bottom):
            for column in range(self.columns):
                source = row - operation["b"]
                inside = top <= source < bottom
                self.cells[row * self.columns + column] = before[source * self.columns + column] if inside else BLANK

    def fill(self, operation: dict) -> None:
        row, column = self.place(operation)
        a = operation["a"]
        if a == 0:
            length = self.columns - column
        elif a == 1:
            length = self.numbers.number()
        else:
            length = self.old[1] - column if a == 2 else a - 3
        attribute = self.attribute(operation["b"], row, column)
        for p in range(row * self.columns + column, row * self.columns + column + length):
            glyph = BLANK if operation["kind"] == 4 else self.cells[p] & 0x1FFFFF
            self.cells[p] = attribute << 21 | glyph

    def ruler(self, operation: dict) -> None:
        row, column = self.place(operation)
        base = row * self.columns
        attribute = self.cells[base + column] >> 21
        at, written = column, []
        for k, source in enumerate(operation["sources"]):
            if k:
                written.append(self.cells[base + at])
                at += 1
            digits = ""
            while at < self.columns and 48 <= self.cells[base + at] & 0x1FFFFF <= 57:
                digits += chr(self.cells[base + at] & 0x1FFFFF)
                at += 1
            value = self.counted(source, int(digits))
            written += [attribute << 21 | ord(digit) for digit in str(value)]
        written += [attribute << 21 | BLANK] * (at - column - len(written))
        self.cells[base + column : base + column + len(written)] = written

    def counted(self, source: int, value: int) -> int:
        if source == 1:
            return self.new[1] + 1
        steps = {0: 0, 2: self.new[1] - self.old[1], 3: self.new[0] - self.old[0]}
        if source in steps:
            return value + steps[source]
        return value + (self.numbers.signed() if source == 4 else unfold(source - 5))

    def rest(self, operation: dict) -> None:
        row = column = 0
        while True:
            down = self.numbers.number()
            if down == 0:
                return
            if down > 1:
                row, column = row + down - 1, 0
            column += self.numbers.number()
            size = self.numbers.number()
            end = column + size // 2
            while column < end:
                attribute = self.attributes.number()
                run = self.attributes.number() or end - column
                for _ in range(run):
                    p = row * self.columns + column
                    glyph = self.cells[p] & 0x1FFFFF if size % 2 else self.glyphs.number()
                    self.cells[p] = attribute << 21 | glyph
                    column += 1

    def text(self, operation: dict) -> None:
        row = column = attribute = 0
        while True:
            symbol = self.glyphs.number()
            if symbol == 0:
                return
            if symbol == 1:
                for p in range(row * self.columns + column, (row + 1) * self.columns):
                    self.cells[p] = attribute << 21 | BLANK
                row, column = row + 1, 0
            elif symbol == 2:
                down, right = self.glyphs.number(), self.glyphs.number()
                row, column = (row + down, right) if down else (row, column + right)
            elif symbol == 3:
                for _ in range(self.glyphs.number()):
                    p = row * self.columns + column
                    self.cells[p] = attribute << 21 | self.cells[p] & 0x1FFFFF
                    column += 1
            elif symbol == 4 or symbol >= 32:
                glyph = self.glyphs.number() if symbol == 4 else symbol
                self.cells[row * self.columns + column] = attribute << 21 | glyph
                column += 1
            else:
                attribute = self.glyphs.number() if symbol == 5 else symbol - 8
