"""Recordings that are added to or written anew hold the same frames, keys and marks."""

import io
from pathlib import Path

import numpy as np
import pytest

from rcfam.recording import Mark, Reader, RecordingError, Writer, appending, repack
from tests.support.oracles import termstream
from tests.support.recording_screens import ATTRIBUTES, CLUSTERS, Frames, typed, wild

TEXT = "def f(x):\n    return x\n"


def write(path: Path, frames: Frames, chunk_frames: int = 16) -> Path:
    rows, columns = frames[0].shape[1:]
    with path.open("wb") as file, Writer(file, rows, columns, ATTRIBUTES, {"a": "b"}, chunk_frames) as writer:
        writer.add_clusters(CLUSTERS[:1])
        writer.mark("commit", "one")
        writer.append(*(part[:20] for part in frames))
        writer.mark("commit", "two")
        writer.append(*(part[20:] for part in frames))
        writer.mark("end", "")
    return path


@pytest.fixture(scope="module")
def frames() -> Frames:
    return typed(TEXT, 6, 24, np.random.default_rng(5))


def test_appending_in_turns_equals_one_recording(tmp_path: Path, frames: Frames) -> None:
    path = write(tmp_path / "a.tsr", frames)
    more = wild(np.random.default_rng(1), 30, 6, 24)
    for turn in range(3):
        with appending(path, 8, "small" if turn else "fast") as writer:
            if turn == 1:
                writer.add_clusters(CLUSTERS[1:])
                writer.add_attributes(np.array([[9, 9, 9]], np.uint32))
                writer.append(*more)
                writer.mark("commit", "three")
            elif turn == 2:
                cells = more[0] | np.uint32(3 << 21)
                writer.append(cells, *more[1:])
    with Reader(path) as reader:
        assert reader.damage is None and reader.verify() == len(frames[2]) + 60
        cells, _, keys = reader.read(0, reader.frames)
        expected = np.concatenate([frames[0], more[0], more[0] | np.uint32(3 << 21)])
        np.testing.assert_array_equal(cells, expected)
        np.testing.assert_array_equal(keys, np.concatenate([frames[2], more[2], more[2]]))
        assert reader.clusters == CLUSTERS and len(reader.attributes) == len(ATTRIBUTES) + 1
        end = len(frames[2])
        assert [mark.frame for mark in reader.marks] == [0, 20, end, end + 30]
    assert termstream.decode(path.read_bytes()).frames == expected.reshape(len(expected), -1).tolist()


def test_a_file_from_before_text_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "a.tsr"
    path.write_bytes((Path(__file__).parents[1] / "golden" / "recordings" / "typed.tsr").read_bytes())
    with Reader(path) as reader:
        old = reader.read(0, reader.frames)
    with appending(path) as writer:
        writer.append(*old)
    with Reader(path) as reader:
        codings = [path.read_bytes()[chunk.offset + 12] for chunk in reader.chunks]
        assert set(codings[:-1]) == {1} and codings[-1] == 2
        for part, before in zip(reader.read(0, reader.frames), old, strict=True):
            np.testing.assert_array_equal(part, np.concatenate([before, before]))


def test_nothing_appended_changes_nothing(tmp_path: Path, frames: Frames) -> None:
    path = write(tmp_path / "a.tsr", frames)
    before = path.read_bytes()
    with appending(path):
        pass
    assert path.read_bytes() == before


def test_killed_while_appending_keeps_what_was_there(tmp_path: Path, frames: Frames) -> None:
    path, copy = write(tmp_path / "a.tsr", frames), tmp_path / "copy.tsr"
    with appending(path, 8) as writer:
        for _ in range(3):
            writer.append(*frames)
            copy.write_bytes(path.read_bytes())
            with Reader(copy) as reader:
                assert reader.frames >= len(frames[2])
                np.testing.assert_array_equal(reader.read(0, len(frames[2]))[0], frames[0])
                assert reader.marks[0] == Mark(0, "commit", "one")


def test_damage_is_not_appended_to(tmp_path: Path, frames: Frames) -> None:
    path = write(tmp_path / "a.tsr", frames)
    whole = path.read_bytes()
    with Reader(path) as reader:
        inside = reader.chunks[0].offset + 40
    for data in (whole[:-3], whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1 :]):
        path.write_bytes(data)
        with pytest.raises(RecordingError, match="byte"), appending(path) as writer:
            writer.append(*frames)
        assert path.read_bytes() == data


@pytest.mark.parametrize(("level", "chunk_frames"), [("small", None), ("fast", 7), ("small", 1)])
def test_repacked_is_the_same(tmp_path: Path, frames: Frames, level: str, chunk_frames: int | None) -> None:
    path, out, told = write(tmp_path / "a.tsr", frames), tmp_path / "b.tsr", []
    with Reader(path) as reader, out.open("wb") as file:
        repack(reader, file, level, chunk_frames, told.append)  # type: ignore[arg-type]
        with Reader(out) as again:
            for one, other in zip(reader.read(0, reader.frames), again.read(0, again.frames), strict=True):
                np.testing.assert_array_equal(one, other)
            assert again.marks == reader.marks and again.clusters == reader.clusters
            assert again.provenance == reader.provenance and again.attributes.tolist() == reader.attributes.tolist()
            assert len(again.chunks) == -(-reader.frames // (chunk_frames or 4096))
            assert again.verify() == sum(told) == reader.frames


def test_repacked_twice_is_byte_equal(tmp_path: Path, frames: Frames) -> None:
    with Reader(write(tmp_path / "a.tsr", frames)) as reader:
        first, second = io.BytesIO(), io.BytesIO()
        repack(reader, first)
        (tmp_path / "b.tsr").write_bytes(first.getvalue())
    with Reader(tmp_path / "b.tsr") as reader:
        repack(reader, second)
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize("most", [1, 5, 512])
def test_iterating_equals_reading(tmp_path: Path, frames: Frames, most: int) -> None:
    with Reader(write(tmp_path / "a.tsr", frames)) as reader:
        for start, stop in ((0, reader.frames), (3, 25), (17, 18), (5, 5)):
            parts = list(reader.iterate(start, stop, most))
            assert all(len(part[2]) <= most for part in parts)
            expected = reader.read(start, stop)
            for k in range(3):
                got = np.concatenate([part[k] for part in parts]) if parts else expected[k][:0]
                np.testing.assert_array_equal(got, expected[k])
