"""Recordings written by hand: an assembler for the format, from FORMAT.md alone, and the vectors made with it.

    python -m tests.support.oracles.assembler

writes tests/golden/recordings/NAME.tsr and NAME.json, what it decodes to: for each frame its rows as text, its
attributes as runs [row, column, length, attribute] where they are not 0, its cursor and its key. Any other decoder can
be tested with them. The frames come from the slow decoder; the tests compare the fast one.
"""

import itertools
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import zstandard

from tests.support.oracles import termstream

FOLDER = Path(__file__).parents[2] / "golden" / "recordings"
PUT, SHIFT, SCROLL, FILL, RECOLOUR, RULER, REST, TEXT = range(1, 9)
UP = 0x110000


def number(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def signed(value: int) -> bytes:
    return number(2 * value if value >= 0 else -2 * value - 1)


def numbers(*values: int) -> bytes:
    return b"".join(map(number, values))


def operation(kind: int, row: tuple[int, int], column: tuple[int, int], *operands: int) -> bytes:
    """An operation: row and column are (mode, constant)."""
    out = number(kind | row[0] << 4 | column[0] << 6)
    if kind in (REST, TEXT):
        return out
    out += signed(row[1]) + signed(column[1])
    for place, value in enumerate(operands):
        out += signed(value) if (kind, place) in ((SHIFT, 0), (SCROLL, 1)) else number(value)
    return out


class Script(NamedTuple):
    """A script as it stands in its stream, and whether it has an operation other than RULER, and a TEXT."""

    code: bytes
    edits: bool
    text: bool


def script(row: tuple[int, int], column: tuple[int, int], visible: int, *operations: bytes) -> Script:
    """A script: row and column of the cursor are (mode, constant)."""
    out = number(row[0] | column[0] << 2 | visible << 4) + number(len(operations))
    out += b"".join(signed(value) for mode, value in (row, column) if mode < 2) + b"".join(operations)
    kinds = {operation[0] & 15 for operation in operations}
    return Script(out, bool(kinds - {RULER}), TEXT in kinds)


@dataclass
class Step:
    """One frame: its script, the arguments that it takes from the streams, and the key after it."""

    script: Script
    key: int
    cursors: bytes = b""
    numbers: bytes = b""
    attributes: bytes = b""
    glyphs: bytes = b""


@dataclass
class Tables:
    """The guesses, as FORMAT.md has them."""

    tables: list[dict[int, int]] = field(default_factory=lambda: [{}, {}, {}])
    key: int = 0
    last: int = -1
    edit: int = -1

    def entries(self) -> list[int]:
        kind = 1 if 32 <= self.key < 0x110000 and self.key != 127 else self.key
        found = []
        for a, b, c in ((self.key, self.last, self.edit), (kind, self.last, self.edit), (self.key, self.edit, 0)):
            x = (a * 0x9E3779B1 % 2**32 ^ b + 1) * 0x9E3779B1 % 2**32
            found.append((x ^ x >> 15 ^ c + 1) * 0x9E3779B1 % 2**32 >> 20)
        return found

    def guesses(self) -> list[int]:
        found = [table[entry] for table, entry in zip(self.tables, self.entries(), strict=True) if entry in table]
        return found[:1] + [script for script in found[1:] if script != found[0]][:1]

    def learn(self, script: int, edits: bool, key: int) -> None:
        for table, entry in zip(self.tables, self.entries(), strict=True):
            table[entry] = script
        self.last, self.key = script, key
        self.edit = script if edits else self.edit


def packed(data: bytes, pack: bool) -> bytes:
    if not pack:
        return data
    parameters = zstandard.ZstdCompressionParameters(
        format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=0, write_checksum=0, write_dict_id=0, window_log=10
    )
    smaller = zstandard.ZstdCompressor(compression_params=parameters).compress(data)
    return smaller if len(smaller) < len(data) else data


def block(magic: bytes, body: bytes) -> bytes:
    rest = len(body).to_bytes(4, "little") + body
    return magic + zlib.crc32(rest).to_bytes(4, "little") + rest


def chunk(steps: Sequence[Step], last: Sequence[int], side: bytes, pack: bool) -> bytes:
    """A chunk; `last` are the cells of its last frame."""
    tables, known, run = Tables(), [], 0
    runs, choices, scripts, keys = b"", b"", b"", b""
    for step in steps:
        guesses = tables.guesses()
        which = known.index(step.script) if step.script in known else -1
        if which >= 0 and guesses[:1] == [which]:
            run += 1
        else:
            runs, run = runs + number(run), 0
            if which < 0:
                which = len(known)
                known.append(step.script)
                choices, scripts = choices + number(1), scripts + step.script.code
            else:
                choices += number(0 if guesses[1:] == [which] else 2 + which)
        named = 0x110000 <= step.key < 0x110000 + 127
        plain = step.key < 128
        keys += (
            bytes([step.key]) if plain else bytes([128 + step.key - 0x110000]) if named else b"\xff" + number(step.key)
        )
        tables.learn(which, step.script.edits, step.key)
    runs += number(run) if steps else b""
    streams = [keys, runs, choices, scripts]
    streams += [
        b"".join(getattr(step, name) for step in steps) for name in ("cursors", "numbers", "attributes", "glyphs")
    ]
    parts = [packed(stream, pack) for stream in [*streams, side]]
    crc = zlib.crc32(b"".join(cell.to_bytes(4, "little") for cell in last)) if steps else 0
    sizes = b"".join(numbers(len(a), len(b)) for a, b in zip([*streams, side], parts, strict=True))
    coding = 2 if any(step.script.text for step in steps) else 1
    head = number(coding) + number(len(steps)) + crc.to_bytes(4, "little")
    return block(b"TSRC", head + sizes + b"".join(parts))


def recording(
    rows: int,
    columns: int,
    attributes: Sequence[Sequence[int]],
    provenance: dict[str, str],
    chunks: Sequence[tuple[Sequence[Step], dict]],
    pack: bool = False,
) -> bytes:
    """A whole file. The checksum of each chunk's last frame comes from the slow decoder."""
    said = json.dumps(provenance).encode()
    body = b"".join(value.to_bytes(2, "little") for value in (1, rows, columns)) + number(len(attributes))
    body += b"".join(value.to_bytes(4, "little") for row in attributes for value in row) + number(len(said)) + said
    data = b"\x89TSR\r\n\x1a\n" + block(b"TSRH", body)
    listed, whole = b"", {}
    sofar = termstream.Recording(rows, columns, [list(row) for row in attributes])
    for steps, side in chunks:
        text = json.dumps(side).encode() if side else b""
        draft = chunk(steps, [], text, pack)
        made = termstream.Chunk(sofar, draft[12:])
        made.crc = None
        made.decode()
        done = chunk(steps, made.cells, text, pack)
        listed += numbers(len(done), len(steps))
        data += done
        for name, values in side.items():
            whole[name] = whole.get(name, []) + values
    index = number(len(chunks)) + listed + (json.dumps(whole).encode() if whole else b"")
    tail = len(data).to_bytes(8, "little") + sum(len(steps) for steps, _ in chunks).to_bytes(8, "little")
    return (
        data
        + block(b"TSRI", number(len(index)) + packed(index, pack))
        + tail
        + zlib.crc32(tail).to_bytes(4, "little")
        + b"TSRE"
    )


ATTRIBUTES = [[0, 0, 0], [3, 0, 1], [0x1123456, 5, 32]]
OLD, NEW, EDGE, WORD = 0, 1, 2, 3  # modes of places
BY, AT, BY_ARGUMENT, AT_ARGUMENT = 0, 1, 2, 3  # modes of cursors
STAY = script((BY, 0), (BY, 0), 0)


def typing(attribute: int = 0) -> Script:
    """The key appears where the cursor was, and the cursor goes on."""
    return script((BY, 0), (BY, 1), 0, operation(PUT, (OLD, 0), (OLD, 0), 0, attribute))


def operations() -> bytes:
    """Each operation, cursor mode, place mode, glyph, attribute, length and number source at least once."""
    steps = [Step(STAY, ord("a")), *(Step(typing(), ord(c)) for c in "b_9 cd"), Step(typing(), 0x4E2D)]

    def does(*codes: bytes, key: int = 13, move: bytes | None = None, **arguments: bytes) -> None:
        steps.append(Step(script((BY, 0), (BY, 0), 0, *codes), key, **arguments))

    does(operation(PUT, (EDGE, 1), (EDGE, 0), 1, 2), glyphs=numbers(0x110000), attributes=numbers(1))
    does(operation(PUT, (NEW, 1), (EDGE, 1), 2 + ord("x"), 1))  # the attribute to its left
    does(operation(PUT, (EDGE, 1), (EDGE, 2), 2 + ord("y"), 3 + 2))
    does(operation(RECOLOUR, (OLD, 0), (WORD, 0), 2, 3 + 1))  # the word before the cursor
    does(operation(RECOLOUR, (OLD, 0), (EDGE, 0), 3 + 2, 3 + 2))
    does(
        operation(FILL, (EDGE, 3), (EDGE, 2), 0, 3 + 1), operation(FILL, (EDGE, 4), (EDGE, 0), 1, 0), numbers=numbers(3)
    )
    does(operation(SHIFT, (OLD, 0), (EDGE, 1), 2, 0))
    does(operation(SHIFT, (OLD, 0), (EDGE, 2), -3, 1))
    does(operation(SCROLL, (EDGE, 0), (EDGE, 0), 2, 1))
    does(operation(SCROLL, (EDGE, 1), (EDGE, 0), 0, -1))
    digits = [operation(PUT, (EDGE, 5), (EDGE, k), 2 + ord(c), 3 + 1) for k, c in enumerate("9,99-7")]
    does(*digits)
    steps.append(Step(script((AT, 2), (AT, 3), 1), UP))  # hidden
    ruler = operation(RULER, (EDGE, 5), (EDGE, 0), 3, 5 + 2, 4, 1)
    steps.append(Step(script((BY, 1), (BY, 2), 2, ruler), 27, numbers=signed(-94)))
    ruler = operation(RULER, (EDGE, 5), (EDGE, 0), 3, 3, 2, 0)
    steps.append(
        Step(script((AT_ARGUMENT, 0), (AT_ARGUMENT, 0), 0, ruler), 0xFFFFFFFF, cursors=numbers(6, 12))  # off the screen
    )
    rest = script((BY_ARGUMENT, 0), (BY_ARGUMENT, 0), 0, operation(REST, (0, 0), (0, 0)))
    spans = numbers(1, 2, 2 * 4) + numbers(1, 1, 2 * 2 + 1) + numbers(3, 0, 2 * 1) + numbers(0)
    steps.append(
        Step(
            rest,
            127,
            cursors=signed(-6) + signed(-11),
            numbers=spans,
            attributes=numbers(1, 3, 2, 0) + numbers(2, 0) + numbers(0, 0),
            glyphs=numbers(*map(ord, "abcd"), ord("e")),
        )
    )
    return recording(6, 12, ATTRIBUTES, {"name": "operations"}, [(steps, {"clusters": ["e\u0301"]})])


def guesses() -> bytes:
    """Runs of first guesses, second guesses, scripts named by number, more than one chunk."""
    down = script((BY, 1), (AT, 0), 0)
    text = "to be or\rnot to be\rthat is"
    steps = [Step(STAY, ord(text[0]))]
    for character, key in zip(text, [*text[1:], UP], strict=True):
        code = down if character == "\r" else typing(1) if character in "aeiou" else typing()
        steps.append(Step(code, key if isinstance(key, int) else ord(key)))
    return recording(4, 12, ATTRIBUTES, {}, [(steps[:17], {}), (steps[:9], {}), (steps[:21], {})], pack=True)


def tables() -> bytes:
    """Marks, clusters and attributes from several chunks, one of them without frames; provenance that is not ASCII."""
    first = [Step(STAY, ord("q")), Step(typing(3 + 2), 13)]
    put = script((BY, 0), (BY, 0), 0, operation(PUT, (EDGE, 0), (EDGE, 1), 1, 3 + 3))
    third = [Step(put, 13, glyphs=numbers(0x110001))]
    sides = [
        {"marks": [[0, "commit", "one\nbody"], [1, "program", "0:shell"]], "clusters": ["e\u0301"]},
        {"attributes": [[9, 9, 9]], "marks": [[2, "commit", "\ud800"]]},
        {"clusters": ["\U0001f1e9\U0001f1ea"], "marks": [[3, "end", ""]]},
    ]
    chunks = list(zip((first, [], third), sides, strict=True))
    return recording(1, 3, ATTRIBUTES, {"name": "ta\u00dfbles", "licence": ""}, chunks)


def text() -> bytes:
    """Each symbol of TEXT; a chunk of coding 1 before the one of coding 2."""
    end, line, leap, keep, glyph, colour = range(6)
    shown = script((BY, 0), (BY, 0), 0, operation(TEXT, (0, 0), (0, 0)))
    said = (
        [
            numbers(8 + 1) + b"if" + numbers(8, 0x20, 0x4E2D, glyph, 0, line),  # a wide character and its second half
            numbers(line, 8 + 2) + b"abcdefgh" + numbers(line),
            numbers(glyph, ord("x"), 0x110000, leap, 0, 2) + b"!" + numbers(colour, 25, line, end),
        ],
        [numbers(leap, 0, 1, colour, 1, keep, 2, leap, 2, 3, 8, keep, 5, leap, 1, 7, glyph, 5, line, end)],
        [numbers(leap, 3, 2), b"~", numbers(end)],
        [numbers(end)],
    )
    steps = [Step(STAY, ord("a"))] + [Step(shown, 13, glyphs=b"".join(parts)) for parts in said]
    attributes = [*ATTRIBUTES, *([number, 0, 0] for number in range(3, 26))]
    typed = [Step(STAY, ord("q")), Step(typing(), 13)]
    return recording(4, 8, attributes, {}, [(typed, {}), (steps, {"clusters": ["e\u0301"]})], pack=False)


def cut() -> bytes:
    """A file that ends inside its second chunk."""
    whole = guesses()
    return whole[: whole.index(b"TSRC", whole.index(b"TSRC") + 1) + 30]


VECTORS = {"operations": operations, "guesses": guesses, "tables": tables, "text": text, "cut": cut}


def expected(data: bytes) -> dict:
    """What a file decodes to, for people and programs."""
    got = termstream.decode(data) if data.endswith(b"TSRE") else termstream.decode_cut(data)
    frames = []
    for cells, cursor, key in zip(got.frames, got.cursors, got.keys, strict=True):
        lines = [cells[at : at + got.columns] for at in range(0, len(cells), got.columns)]
        text = ["".join(glyph(cell & 0x1FFFFF, got.clusters) for cell in line) for line in lines]
        runs: list[list[int]] = []
        for row, line in enumerate(lines):
            for attribute, group in itertools.groupby(range(len(line)), lambda column, line=line: line[column] >> 21):
                columns = list(group)
                if attribute:
                    runs.append([row, columns[0], len(columns), attribute])
        frames.append({"rows": text, "attributes": runs, "cursor": list(cursor), "key": key})
    return {
        "grid": [got.rows, got.columns],
        "attributes": got.attributes,
        "clusters": got.clusters,
        "marks": got.marks,
        "provenance": got.provenance,
        "whole": data.endswith(b"TSRE"),
        "frames": frames,
    }


def glyph(value: int, clusters: list[str]) -> str:
    """A glyph as text; the second half of a wide character is nothing."""
    return "" if value == 0 else clusters[value - 0x110000] if value >= 0x110000 else chr(value)


def main() -> None:
    """Write all vectors."""
    for name, make in VECTORS.items():
        data = make()
        (FOLDER / f"{name}.tsr").write_bytes(data)
        found = expected(data)
        frames = ",\n  ".join(json.dumps(frame) for frame in found.pop("frames"))
        head = json.dumps(found)[:-1]
        (FOLDER / f"{name}.json").write_text(f'{head},\n "frames": [\n  {frames}\n ]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
