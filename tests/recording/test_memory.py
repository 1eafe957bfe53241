"""Reading takes at most 1 GiB beside the frames that are asked for, whatever a small or sparse file claims to hold."""

import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from benchmarks.forging import Parts, take_apart
from rcfam.recording import Writer
from rcfam.recording.layout import MAGIC, MAX_SIDE_BYTES, Packer, block, varint

READ = """
import resource, sys
import numpy as np
from rcfam.recording import Reader, RecordingError
with Reader(sys.argv[1]) as warm:
    warm.read(0, warm.frames), warm.verify()
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (1 << 30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    with Reader(sys.argv[2]) as reader:
        print("opened", reader.frames, len(reader.marks), reader.damage)
        print("checked", reader.verify(), len(reader.keys(0, min(reader.frames, 1000))))
        if reader.frames:
            reader.frames_at(np.array([reader.frames - 1]))
        reader.stream_sizes()
except RecordingError as error:
    print("refused", str(error)[:200])
"""
GIB = 1 << 30


def written() -> bytes:
    file = BytesIO()
    with Writer(file, 2, 9, np.zeros((1, 3), np.uint32), {"name": "x"}) as writer:
        cells = np.full((3, 2, 9), 0x20, np.uint32)
        writer.append(cells, np.zeros((3, 3), np.int32), np.array([97, 98, 99], np.uint32))
    return file.getvalue()


def trailer(index: int, frames: int) -> bytes:
    tail = index.to_bytes(8, "little") + frames.to_bytes(8, "little")
    return tail + zlib.crc32(tail).to_bytes(4, "little") + b"TSRE"


def header_of(parts: Parts) -> bytes:
    return MAGIC + block(b"TSRH", parts.header)


def sparse(path: Path, start: bytes, size: int, end: bytes) -> None:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size - len(end))
        file.seek(size - len(end))
        file.write(end)


def an_index_as_long_as_the_file(path: Path, parts: Parts) -> None:
    start = header_of(parts)
    sparse(path, start, 5 * GIB, trailer(len(start), 3))


def a_chunk_as_long_as_the_file(path: Path, parts: Parts) -> None:
    sparse(path, header_of(parts) + b"TSRC" + bytes(4) + b"\xff\xff\xff\xff", 5 * GIB, b"")


def a_long_chunk_in_the_index(path: Path, parts: Parts) -> None:
    start = header_of(parts)
    length = (1 << 29) - 1
    body = varint(1) + varint(length) + varint(3)
    end = block(b"TSRI", varint(len(body)) + body) + trailer(len(start) + length, 3)
    sparse(path, start, len(start) + length + len(end), end)


def millions_of_chunks(path: Path, parts: Parts) -> None:
    start, count = header_of(parts), 5_000_000
    body = varint(count) + (varint(36) + varint(1)) * count
    end = block(b"TSRI", varint(len(body)) + Packer(3).pack(body)) + trailer(len(start) + 36 * count, count)
    sparse(path, start, len(start) + 36 * count + len(end), end)


def with_side(row: bytes, kind: bytes) -> Callable[[Path, Parts], None]:
    def forged(path: Path, parts: Parts) -> None:
        count = (MAX_SIDE_BYTES - 20) // (len(row) + 1)
        parts.side = parts.pieces[0].streams[8] = b'{"' + kind + b'":[' + b",".join([row] * count) + b"]}"
        path.write_bytes(parts.build())

    return forged


def with_pairs(path: Path, parts: Parts) -> None:
    with_side(rb'[0,"","\ud83d\ude00"]', b"marks")(path, parts)


def large_tables(path: Path, parts: Parts) -> None:
    said = b'{"a":"' + b"x" * 2_000_000 + b'"}'
    size = (1).to_bytes(2, "little") + (1024).to_bytes(2, "little") + (256).to_bytes(2, "little")
    parts.header = size + varint(2048) + bytes(12 * 2048) + varint(len(said)) + said
    path.write_bytes(parts.build())


def streams_of_zeros(path: Path, parts: Parts) -> None:
    piece = parts.pieces[0]
    piece.frames = 1 << 16
    piece.streams = [bytes(1 << 22) for _ in range(8)] + [b""]
    path.write_bytes(parts.build())


FORGED = {
    "an index as long as the file": (an_index_as_long_as_the_file, "opened 0 0 byte"),
    "a chunk as long as the file": (a_chunk_as_long_as_the_file, "opened 0 0 byte"),
    "a long chunk in the index": (a_long_chunk_in_the_index, "opened 0 0 byte"),
    "millions of chunks": (millions_of_chunks, "opened 5000000 0 None"),
    "marks": (with_side(b'[0,"",""]', b"marks"), "checked 3"),
    "marks of large frames": (with_side(b'[9999999999999,"",""]', b"marks"), "opened 0"),
    "rows that are none": (with_side(b"[]", b"marks"), "opened 0"),
    "rows of other things": (with_side(b'{"":{}}', b"marks"), "opened 0"),
    "clusters": (with_side(b'"\xc3\xa9."', b"clusters"), "refused"),
    "attributes": (with_side(b"[0,0,0]", b"attributes"), "refused"),
    "pairs": (with_pairs, "checked 3"),
    "large tables": (large_tables, "refused"),
    "streams of zeros": (streams_of_zeros, "opened 65536"),
}


SLOW = {"millions of chunks"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in FORGED])
def test_no_file_takes_more_than_a_gibibyte(name: str, tmp_path: Path) -> None:
    forge, words = FORGED[name]
    whole, path = tmp_path / "whole.tsr", tmp_path / "forged.tsr"
    whole.write_bytes(written())
    forge(path, take_apart(written()))
    done = subprocess.run([sys.executable, "-c", READ, whole, path], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert words in done.stdout, done.stdout
