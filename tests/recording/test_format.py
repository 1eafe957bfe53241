"""The format is what FORMAT.md says: a second decoder written from it agrees, and committed files stay readable."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from rcfam.recording import Reader, Writer
from tests.support.oracles import assembler, termstream
from tests.support.recording_screens import ATTRIBUTES, CLUSTERS, Frames, typed, wild

VECTORS = Path(__file__).parents[1] / "golden" / "recordings"
TEXT = Path(__file__).parents[2].joinpath("rcfam", "atomic.py").read_text(encoding="utf-8")
# SHA-256 over cells (u32), cursors (i32) and keys (u32) of all frames, little-endian: what the files decode to.
EXPECTED = {
    "typed.tsr": "c27b8c6ea09452fb503c33c83cb1865076ef78bda1e4f2c943ba3c357c9af7fb",
    "wild.tsr": "67c02ff3f38cf7f2cb039dc4b6a1d0a2e0f29608737b20c4d2c6ea81661e3fb2",
}


def digest(frames: Frames) -> str:
    """One hash for all frames."""
    parts = (np.ascontiguousarray(part, kind) for part, kind in zip(frames, ("<u4", "<i4", "<u4"), strict=True))
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def oracle_agrees(path: Path) -> Frames:
    """Decode a file both ways and compare all that is in it."""
    recording = termstream.decode(path.read_bytes())
    with Reader(path) as reader:
        cells, cursors, keys = frames = reader.read(0, reader.frames)
        assert (reader.rows, reader.columns) == (recording.rows, recording.columns)
        assert reader.attributes.tolist() == recording.attributes
        assert reader.clusters == recording.clusters
        assert [[m.frame, m.kind, m.text] for m in reader.marks] == recording.marks
        assert reader.provenance == recording.provenance
    assert cells.reshape(len(keys), -1).tolist() == recording.frames
    assert [tuple(cursor) for cursor in cursors.tolist()] == recording.cursors
    assert keys.tolist() == recording.keys
    return frames


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_committed_files_decode_as_ever(name: str) -> None:
    assert digest(oracle_agrees(VECTORS / name)) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(assembler.VECTORS))
def test_vectors_written_by_hand(name: str) -> None:
    """Each operation, mode and source, in files that no encoder of ours made, with what they show beside them."""
    path = VECTORS / f"{name}.tsr"
    data = assembler.VECTORS[name]()
    said = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    assert assembler.expected(data) == said
    if name != "guesses" and name != "cut":  # zstandard's next version may pack otherwise
        assert path.read_bytes() == data
    assert assembler.expected(path.read_bytes()) == said
    with Reader(path) as reader:
        assert (reader.damage is None) == said["whole"] and reader.verify() == len(said["frames"])
        assert [reader.rows, reader.columns] == said["grid"]
        assert reader.attributes.tolist() == said["attributes"] and reader.clusters == said["clusters"]
        assert [[m.frame, m.kind, m.text] for m in reader.marks] == said["marks"]
        assert reader.provenance == said["provenance"]
        cells, cursors, keys = reader.read(0, reader.frames)
        assert keys.tolist() == [frame["key"] for frame in said["frames"]]
        assert cursors.tolist() == [frame["cursor"] for frame in said["frames"]]
        for frame, shown in zip(cells, said["frames"], strict=True):
            glyphs = (frame & np.uint32(0x1FFFFF)).tolist()
            rows = ["".join(assembler.glyph(value, reader.clusters) for value in row) for row in glyphs]
            attributes = np.zeros_like(frame)
            for row, column, length, attribute in shown["attributes"]:
                attributes[row, column : column + length] = attribute
            assert rows == shown["rows"]
            np.testing.assert_array_equal(frame >> 21, attributes)


@pytest.mark.parametrize("seed", range(4))
def test_the_second_decoder_agrees(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path / "a.tsr"
    frames = wild(rng, 60, 7, 20) if seed % 2 else typed(TEXT[100 * seed :][:400], 10, 40, rng)
    rows, columns = frames[0].shape[1:]
    with path.open("wb") as file, Writer(file, rows, columns, ATTRIBUTES, {"seed": str(seed)}, 48) as writer:
        writer.add_clusters(CLUSTERS)
        writer.mark("commit", "äöü")
        writer.append(*frames)
        writer.mark("end", "")
    assert digest(oracle_agrees(path)) == digest(frames)
