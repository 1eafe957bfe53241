"""A short run of the fuzzer, and that it would see what it looks for."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import forging, fuzz, fuzz_verbs
from rcfam.recording import Reader, RecordingError
from tests.support.oracles import termstream

CRAFTED = 3000


def test_damaged_and_crafted_files_give_frames_or_say_where(tmp_path: Path) -> None:
    kinds: Counter[str] = Counter()
    for i in [*range(3000), forging.BOMB_EVERY - 1, 3 * forging.BOMB_EVERY - 1]:
        kind, outcome, finding = fuzz.check(i, tmp_path / "a.tsr")
        assert finding == ""
        kinds[kind] += 1
        kinds[outcome] += 1
    assert all(kinds[kind.__name__] > 100 for kind in (*forging.DAMAGE, *forging.FORGERY))
    assert kinds["read"] > 150 and kinds["refused"] > 1000


def test_an_input_is_a_function_of_its_number() -> None:
    assert [forging.make(i) for i in range(40)] == [forging.make(i) for i in range(40)]


@pytest.mark.parametrize(
    ("error", "finding"),
    [(IndexError("x"), "IndexError"), (RecordingError("x"), "no place"), (RecordingError("byte 3: x"), "")],
)
def test_the_fuzzer_sees_wrong_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, finding: str
) -> None:
    def broken(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(fuzz, "read", broken)
    said = fuzz.check(1, tmp_path / "a.tsr")[2]
    assert finding in said and bool(said) == bool(finding)


def test_the_fuzzer_sees_wrong_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = next(i for i in range(100) if forging.make(i)[0] == "flip")
    fuzz.digests(forging.make(number)[1])
    monkeypatch.setattr(fuzz, "read", lambda path, rng: (["not a frame of it"], None))
    assert "not the original" in fuzz.check(number, tmp_path / "a.tsr")[2]


def test_a_child_that_dies_is_a_finding() -> None:
    total: dict = {"counts": {}, "findings": [], "memory": 0}
    fuzz.add(total, {"counts": {"flip: read": 2}, "findings": ["input 3"], "memory": 5})
    fuzz.add(total, {"counts": {"flip: read": 1}, "findings": [], "memory": 4})
    assert total == {"counts": {"flip: read": 3}, "findings": ["input 3"], "memory": 5}


def test_what_is_read_of_crafted_files_is_what_the_second_decoder_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts that no encoder of ours would write: both decoders make the same frames of them."""
    checked = termstream.Chunk.__init__

    def unchecked(self: termstream.Chunk, *arguments: object) -> None:
        checked(self, *arguments)  # type: ignore[arg-type]
        self.crc = None  # a forger's frames are not those that the checksum was made of

    monkeypatch.setattr(termstream.Chunk, "__init__", unchecked)
    path, compared = tmp_path / "a.tsr", 0
    for i in range(CRAFTED):
        kind, _, data = forging.make(i)
        if kind not in ("scripts", "streams", "texts"):
            continue
        path.write_bytes(data)
        try:
            with Reader(path) as reader:
                cells, cursors, keys = reader.read(0, reader.frames)
        except RecordingError:
            continue
        recording = termstream.decode_cut(data)  # the tables of a forged index are its own
        assert cells.reshape(len(keys), cells[0].size if len(keys) else 0).tolist() == recording.frames, i
        assert [tuple(cursor) for cursor in cursors.tolist()] == recording.cursors, i
        assert keys.tolist() == recording.keys, i
        compared += 1
    assert compared > CRAFTED // 50


def test_strange_recordings_go_through_every_verb_or_are_refused(tmp_path: Path) -> None:
    kinds: Counter[str] = Counter()
    for i in range(1, 240, 2):
        kind, outcome, finding = fuzz_verbs.check(i, tmp_path / "a.tsr")
        assert finding == ""
        kinds[kind] += 1
        kinds[outcome] += 1
    assert all(kinds[kind.__name__] > 10 for kind in fuzz_verbs.STRANGE)
    assert kinds["read"] > 20 and kinds["refused"] > 20


def test_the_fuzzer_of_verbs_sees_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, words in ((IndexError("x"), "IndexError"), (RecordingError("two\nlines"), "more than one line")):

        def broken(reader: Reader, rng: object, error: Exception = error) -> None:
            raise error

        path = tmp_path / "whole.tsr"
        monkeypatch.setattr(fuzz_verbs, "make", lambda i: ("whole", fuzz_verbs.world()[1]))
        monkeypatch.setattr(fuzz_verbs, "DONE", (broken, broken, broken))
        assert words in fuzz_verbs.check(1, path)[2]
