"""Damage: a cut file keeps its whole chunks, and whatever a file holds, reading it returns or raises RecordingError."""

import zlib
from pathlib import Path

import numpy as np
import pytest

from rcfam.recording import Reader, RecordingError, Writer, layout
from tests.support.recording_screens import ATTRIBUTES, CLUSTERS, Frames, typed, wild

CHUNK = 16


@pytest.fixture(scope="module")
def frames() -> Frames:
    rng = np.random.default_rng(5)
    first, second = typed("def f(x):\n    return x\n", 6, 24, rng), wild(rng, 30, 6, 24)
    return tuple(np.concatenate(pair) for pair in zip(first, second, strict=True))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def whole(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.tsr"
    with path.open("wb") as file, Writer(file, 6, 24, ATTRIBUTES, {"a": "b"}, CHUNK) as writer:
        writer.add_clusters(CLUSTERS)
        writer.mark("commit", "one")
        writer.append(*frames)
    return path.read_bytes()


def use(path: Path) -> tuple[int, str | None]:
    """Open and read everything; (frames, damage)."""
    with Reader(path) as reader:
        keys = reader.keys()
        cells, cursors, _ = reader.read(0, reader.frames)
        assert len(keys) == len(cells) == len(cursors) == reader.frames
        assert (cells >> 21 < len(reader.attributes)).all()
        assert ((cells & 0x1FFFFF) < 0x110000 + len(reader.clusters)).all()
        assert ((cursors >= 0) & (cursors <= (reader.rows, reader.columns, 1))).all()
        reader.verify()
        return reader.frames, reader.damage


def test_cut_anywhere_keeps_whole_chunks(tmp_path: Path, whole: bytes, frames: Frames) -> None:
    path = tmp_path / "cut.tsr"
    path.write_bytes(whole)
    with Reader(path) as reader:
        ends = [chunk.offset + chunk.length for chunk in reader.chunks]
        counts = np.cumsum([chunk.frames for chunk in reader.chunks])
        first = reader.chunks[0].offset
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        if size < first:
            with pytest.raises(RecordingError, match="byte"):
                Reader(path)
            continue
        kept = int(counts[sum(end <= size for end in ends) - 1]) if size >= ends[0] else 0
        with Reader(path) as reader:
            assert reader.frames == kept
            assert reader.damage is not None
            if size % 40 == 0:
                np.testing.assert_array_equal(reader.read(0, kept)[0], frames[0][:kept])


def test_a_flipped_bit_is_seen(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "flipped.tsr"
    rng = np.random.default_rng(6)
    for place in rng.choice(len(whole), 150, replace=False):
        data = bytearray(whole)
        data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            _, damage = use(path)
        except RecordingError as error:
            assert "byte" in str(error)
        else:
            assert damage is not None


def reseal(data: bytearray) -> None:
    """Make all checksums right again, so that damage reaches the decoder."""
    at = len(layout.MAGIC)
    while at + 12 <= len(data) and data[at : at + 4] in (b"TSRH", b"TSRC", b"TSRI"):
        end = at + 12 + int.from_bytes(data[at + 8 : at + 12], "little")
        data[at + 4 : at + 8] = zlib.crc32(data[at + 8 : end]).to_bytes(4, "little")
        at = end
    data[-8:-4] = zlib.crc32(data[-24:-8]).to_bytes(4, "little")


def test_crafted_files_return_or_raise(tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutations with right checksums and streams that are not packed: what the kernels themselves must withstand."""
    monkeypatch.setattr(layout.Packer, "pack", lambda self, raw: raw)
    plain = tmp_path / "plain.tsr"
    with Reader(_file(tmp_path, whole)) as reader:
        attributes, clusters, all_frames = reader.attributes, reader.clusters, reader.read(0, reader.frames)
    with plain.open("wb") as file, Writer(file, 6, 24, attributes, {}, CHUNK) as writer:
        writer.add_clusters(clusters)
        writer.append(*all_frames)
    base = plain.read_bytes()
    rng = np.random.default_rng(9)
    refused = 0
    for _ in range(1500):
        data = bytearray(base)
        for _ in range(int(rng.integers(1, 4))):
            place = int(rng.integers(60, len(data) - 24))
            data[place] = int(rng.choice([0, 1, 2, 3, 127, 128, 255, int(rng.integers(256))]))
        reseal(data)
        plain.write_bytes(data)
        try:
            use(plain)
        except RecordingError as error:
            refused += 1
            assert "byte" in str(error)
    assert refused > 700


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "file.tsr"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("rows", "columns"), [(0, 80), (24, 0), (2000, 2), (1024, 1024), (65535, 65535)])
def test_a_grid_past_the_limits_is_refused_before_memory_is_taken(tmp_path: Path, rows: int, columns: int) -> None:
    body = b"\x01\x00" + rows.to_bytes(2, "little") + columns.to_bytes(2, "little") + b"\x00\x02{}"
    with pytest.raises(RecordingError, match="grid"):
        Reader(_file(tmp_path, layout.MAGIC + layout.block(b"TSRH", body)))


def test_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="not a recording"):
        Reader(_file(tmp_path, b"hello"))
    with pytest.raises(RecordingError, match="No such file"):
        Reader(tmp_path / "none.tsr")


def test_the_index_may_not_lie(tmp_path: Path, whole: bytes) -> None:
    """An index whose frame counts disagree with the chunks is found when the chunk is read."""
    path = _file(tmp_path, whole)
    with Reader(path) as reader:
        chunks = reader.chunks
        offset = reader.index_offset
    swapped = [
        layout.ChunkPlace(c.offset, c.length, c.first, CHUNK - 1 if i == 0 else c.frames) for i, c in enumerate(chunks)
    ]
    path.write_bytes(whole[:offset] + layout.pack_index(swapped, layout.Side(clusters=CLUSTERS), offset))
    with Reader(path) as reader, pytest.raises(RecordingError, match="the index says"):
        reader.read(0, 1)
