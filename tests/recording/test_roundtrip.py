"""What goes into a recording comes out of it, whatever the chunks and the order of reading."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.recording import Mark, Reader, RecordingError, Writer
from tests.support.recording_screens import ATTRIBUTES, CLUSTERS, Frames, typed, wild

TEXT = Path(__file__).parents[2].joinpath("rcfam", "atomic.py").read_text(encoding="utf-8")


def write(path: Path, frames: Frames, chunk_frames: int = 64, pieces: int = 1) -> Path:
    """A recording of `frames`, appended in so many pieces."""
    rows, columns = frames[0].shape[1:]
    with path.open("wb") as file, Writer(file, rows, columns, ATTRIBUTES, {"from": "a test"}, chunk_frames) as writer:
        writer.add_clusters(CLUSTERS)
        for part in np.array_split(np.arange(len(frames[2])), pieces):
            writer.append(*(array[part] for array in frames))
    return path


def same(reader: Reader, frames: Frames) -> None:
    """All frames are there, and the last frame of each chunk has the checksum that the writer noted."""
    cells, cursors, keys = reader.read(0, reader.frames)
    np.testing.assert_array_equal(cells, frames[0])
    np.testing.assert_array_equal(cursors, frames[1])
    np.testing.assert_array_equal(keys, frames[2])
    assert reader.verify() == len(frames[2])
    assert reader.damage is None


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 40),
    rows=st.integers(1, 9),
    columns=st.integers(1, 24),
    chunk_frames=st.sampled_from([1, 2, 7, 64]),
    pieces=st.integers(1, 4),
)
def test_wild_screens_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    count: int,
    rows: int,
    columns: int,
    chunk_frames: int,
    pieces: int,
) -> None:
    rng = np.random.default_rng(seed)
    frames = wild(rng, max(count, 1), rows, columns)
    frames = (frames[0][:count], frames[1][:count], frames[2][:count])
    path = write(tmp_path_factory.mktemp("wild") / "a.tsr", frames, chunk_frames, pieces)
    with Reader(path) as reader:
        same(reader, frames)


def test_many_colours_and_glyphs_that_are_no_characters_round_trip(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    cells = rng.integers(0, 40, (20, 5, 16)) | rng.integers(0, 60, (20, 5, 16)) << 21
    cells[1::2] = np.where(rng.random((10, 5, 16)) < 0.9, cells[::2], cells[1::2] & ~0x1FFFFF | cells[::2] & 0x1FFFFF)
    frames = (cells.astype(np.uint32), np.zeros((20, 3), np.int32), np.zeros(20, np.uint32))
    path, table = tmp_path / "a.tsr", np.arange(180, dtype=np.uint32).reshape(60, 3)
    with path.open("wb") as file, Writer(file, 5, 16, table, {}) as writer:
        writer.append(*frames)
    with Reader(path) as reader:
        same(reader, frames)


@pytest.mark.parametrize("chunk_frames", [1, 16, 100, 4096])
def test_typing_round_trips_in_any_chunks(tmp_path: Path, chunk_frames: int) -> None:
    frames = typed(TEXT[:700], 12, 40, np.random.default_rng(1))
    with Reader(write(tmp_path / "a.tsr", frames, chunk_frames)) as reader:
        same(reader, frames)
        assert len(reader.chunks) == -(-len(frames[2]) // chunk_frames)


def test_typing_is_small(tmp_path: Path) -> None:
    frames = typed(TEXT)
    path = write(tmp_path / "a.tsr", frames, 4096)
    assert path.stat().st_size < 1.3 * len(frames[2])


def test_frames_at_equals_read(tmp_path: Path) -> None:
    frames = typed(TEXT[:500], 10, 30, np.random.default_rng(2))
    with Reader(write(tmp_path / "a.tsr", frames, 32)) as reader:
        wanted = np.sort(np.random.default_rng(3).integers(0, reader.frames, 40))
        cells, cursors = reader.frames_at(wanted)
        np.testing.assert_array_equal(cells, frames[0][wanted])
        np.testing.assert_array_equal(cursors, frames[1][wanted])
        for start, stop in [(0, 0), (5, 6), (31, 33), (10, 200)]:
            part = reader.read(start, stop)
            np.testing.assert_array_equal(part[0], frames[0][start:stop])
            np.testing.assert_array_equal(part[2], frames[2][start:stop])
            np.testing.assert_array_equal(reader.keys(start, stop), frames[2][start:stop])
        with pytest.raises(RecordingError, match="ascend"):
            reader.frames_at(np.array([3, 2]))
        with pytest.raises(RecordingError, match="asked for"):
            reader.read(0, reader.frames + 1)


def test_chunks_in_order_are_the_whole(tmp_path: Path) -> None:
    frames = typed(TEXT[:300], 8, 30)
    with Reader(write(tmp_path / "a.tsr", frames, 50)) as reader:
        parts = list(reader.iterate())
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), frames[0])
    np.testing.assert_array_equal(np.concatenate([part[2] for part in parts]), frames[2])


def test_tables_and_marks_survive(tmp_path: Path) -> None:
    frames = typed("abc\ndef\n", 5, 20)
    path = tmp_path / "a.tsr"
    with path.open("wb") as file, Writer(file, 5, 20, ATTRIBUTES, {"repository": "x", "licence": "ü"}, 3) as writer:
        writer.mark("commit", "first\nline two \ud800")
        writer.append(*frames)
        writer.add_clusters(CLUSTERS)
        writer.add_attributes(np.array([[7, 8, 9]], np.uint32))
        writer.mark("end", "")
    with Reader(path) as reader:
        assert reader.marks == [Mark(0, "commit", "first\nline two \ud800"), Mark(8, "end", "")]
        assert reader.clusters == CLUSTERS
        assert reader.attributes.tolist() == [*ATTRIBUTES.tolist(), [7, 8, 9]]
        assert reader.provenance == {"repository": "x", "licence": "ü"}
        assert (reader.rows, reader.columns, reader.frames) == (5, 20, 8)


def test_writer_refuses_what_cannot_be_recorded() -> None:
    frames = typed("ab", 5, 20)
    for bad, message in [
        ((frames[0][:, :4], *frames[1:]), "do not fit"),
        ((frames[0], frames[1] + 99, frames[2]), "cursor"),
        ((frames[0] | np.uint32(1000 << 21), *frames[1:]), "frame 0"),
    ]:
        with pytest.raises(RecordingError, match=message):
            Writer(io.BytesIO(), 5, 20, ATTRIBUTES, {}).append(*bad)
    with pytest.raises(RecordingError, match="grid"):
        Writer(io.BytesIO(), 0, 20, ATTRIBUTES, {})
    with pytest.raises(RecordingError, match="chunk"):
        Writer(io.BytesIO(), 5, 20, ATTRIBUTES, {}, chunk_frames=0)
    with pytest.raises(RecordingError, match="attribute table"):
        Writer(io.BytesIO(), 5, 20, ATTRIBUTES[:0], {})
