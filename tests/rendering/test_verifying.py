"""`rcfam verify` counts what it pressed and compared, and passes nothing else: recordings with forged marks."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rcfam.cli import main
from rcfam.errors import RcfamError
from rcfam.history import Repository
from rcfam.recording import Mark, Reader, RecordingError, Writer
from rcfam.rendering import RenderingError, RenderParams, record
from rcfam.verifying import replay, verify
from tests.support.oracles.git import Git

PARAMS = RenderParams(rows=8, columns=40, chunk_frames=64)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    git = Git(tmp_path_factory.mktemp("verifying") / "five")
    git.commit("one", {"a": b"1\n"})
    git.commit("two", {"dir/b": b"2\n2\n", "e\u0301": b"e\xcc\x81\n"})
    git.commit("three\n\nwith a body", {"a": b"1\n3\n"})
    git.commit("nothing", {})
    git.commit("five", {"a": None, "dir/b": b"2\n"})
    return Repository(git.folder)


@pytest.fixture(scope="module")
def whole(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(repository, PARAMS, tmp_path_factory.mktemp("whole") / "whole.tsr")


def rendered(repository: Repository, params: RenderParams, path: Path) -> Path:
    with path.open("wb") as file:
        record(repository, "HEAD", "five", params, file)
    return path


def forged(
    whole: Path,
    path: Path,
    marks: Callable[[list[Mark], int], list[Mark]] = lambda marks, frames: marks,
    said: dict[str, str] | None = None,
    frames: int | None = None,
    attributes: int = 0,
) -> Path:
    """The recording anew, with other marks, provenance, number of frames or colours."""
    with Reader(whole) as reader, path.open("wb") as file:
        count = reader.frames if frames is None else frames
        rest = marks(list(reader.marks), count)
        table = reader.attributes ^ np.uint32(attributes)
        with Writer(file, reader.rows, reader.columns, table, reader.provenance | (said or {}), 64) as writer:
            writer.add_clusters(reader.clusters)
            for frame in range(count):
                for mark in [mark for mark in rest if mark.frame == frame]:
                    writer.mark(mark.kind, mark.text)
                writer.append(*reader.read(frame, frame + 1))
            for mark in [mark for mark in rest if mark.frame == count]:
                writer.mark(mark.kind, mark.text)
    return path


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rcfam", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(str(end.code))
    out, err = capsys.readouterr()
    return code, out + err.replace("\r", "\n").strip().split("\n")[-1]


@pytest.mark.parametrize("params", [PARAMS, RenderParams(rows=8, columns=40, message="after", style="arrows", seed=1)])
def test_a_whole_recording_is_counted(repository: Repository, params: RenderParams, tmp_path: Path) -> None:
    with Reader(rendered(repository, params, tmp_path / "r.tsr")) as reader:
        for frames in (False, True):
            found = verify(reader, repository, frames)
            assert found == (5, reader.frames, 5, reader.frames if frames else 0, 0) and found.whole


def without_commits(marks: list[Mark], frames: int) -> list[Mark]:
    return [mark for mark in marks if mark.kind != "commit"]


def without_first(marks: list[Mark], frames: int) -> list[Mark]:
    commits = [mark for mark in marks if mark.kind == "commit"]
    return [mark for mark in marks if mark not in commits[:2]]


def without_middle(marks: list[Mark], frames: int) -> list[Mark]:
    commits = [mark for mark in marks if mark.kind == "commit"]
    return [mark for mark in marks if mark != commits[3]]


def without_last(marks: list[Mark], frames: int) -> list[Mark]:
    commits = [mark for mark in marks if mark.kind == "commit"]
    return [mark for mark in marks if mark != commits[-1]]


def swapped(marks: list[Mark], frames: int) -> list[Mark]:
    commits = [mark for mark in marks if mark.kind == "commit"]
    other = {id(commits[1]): commits[2].text, id(commits[2]): commits[1].text}
    return [Mark(mark.frame, mark.kind, other.get(id(mark), mark.text)) for mark in marks]


def twice(marks: list[Mark], frames: int) -> list[Mark]:
    return [mark for mark in marks for _ in range(2 if mark.kind == "commit" else 1)]


def end_in_the_middle(marks: list[Mark], frames: int) -> list[Mark]:
    commits = [mark for mark in marks if mark.kind == "commit"]
    return [*marks, Mark(commits[2].frame, "end", "5 commits")]


def end_too_early(marks: list[Mark], frames: int) -> list[Mark]:
    return [mark if mark.kind != "end" else Mark(frames - 3, "end", mark.text) for mark in marks]


def end_of_another_count(marks: list[Mark], frames: int) -> list[Mark]:
    return [mark if mark.kind != "end" else Mark(frames, "end", "6 commits") for mark in marks]


def of_another(marks: list[Mark], frames: int) -> list[Mark]:
    return [mark if mark.kind != "commit" else Mark(mark.frame, "commit", "0" * 40 + " x") for mark in marks]


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        (without_commits, "nothing to verify"),
        (lambda marks, frames: [], "nothing to verify"),
        (without_first, "mark 1 is of commit"),
        (without_middle, "mark 4 is of commit"),
        (without_last, "the mark of the end says '5 commits' after 4 commits; the history has 5"),
        (swapped, "mark 2 is of commit"),
        (twice, "mark 2 is of commit"),
        (end_in_the_middle, "a mark of the end before"),
        (end_too_early, "3 keystrokes after the mark of the end"),
        (end_of_another_count, "says '6 commits'"),
        (of_another, "mark 1 is of commit '0000"),
    ],
)
def test_marks_that_are_not_the_history_are_refused(
    marks: Callable[[list[Mark], int], list[Mark]],
    words: str,
    whole: Path,
    repository: Repository,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = forged(whole, tmp_path / "f.tsr", marks)
    with Reader(path) as reader:
        for frames in (False, True):
            with pytest.raises(RenderingError, match=words):
                verify(reader, repository, frames)
        with pytest.raises(RenderingError, match=words):
            list(replay(reader, repository, [5]))
    code, text = said(capsys, "verify", path, "--repo", repository.path)
    assert code == 1 and words in text and "verified" not in text


def test_a_mark_at_any_other_frame_is_refused(whole: Path, repository: Repository, tmp_path: Path) -> None:
    """Also where the files are the same there, as they are at the next prompt."""
    with Reader(whole) as reader:
        commits = [mark for mark in reader.marks if mark.kind == "commit"]
        keys = reader.keys().tolist()
    enters = [k + 1 for k, key in enumerate(keys) if key == 13]
    for number in (1, 3, 4):
        right = commits[number].frame
        low, high = commits[number - 1].frame, commits[number + 1].frame if number < 4 else len(keys)
        tried = {right - 1, right + 1, *(at for at in enters if low < at < high)} - {right}
        for frame in sorted(tried):

            def moved(marks: list[Mark], frames: int, right: int = right, frame: int = frame) -> list[Mark]:
                return [
                    Mark(frame, mark.kind, mark.text) if mark.kind == "commit" and mark.frame == right else mark
                    for mark in marks
                ]

            with Reader(forged(whole, tmp_path / "f.tsr", moved)) as reader, pytest.raises(RenderingError):
                verify(reader, repository)
    with (
        Reader(forged(whole, tmp_path / "f.tsr", lambda marks, frames: [m for m in marks if m.frame])) as reader,
        pytest.raises(RenderingError, match="mark 1 is of commit"),
    ):
        verify(reader, repository)


def test_keys_before_the_first_mark_belong_to_nothing(whole: Path, repository: Repository, tmp_path: Path) -> None:
    def later(marks: list[Mark], frames: int) -> list[Mark]:
        return [Mark(4 if mark.frame == 0 else mark.frame, mark.kind, mark.text) for mark in marks]

    with (
        Reader(forged(whole, tmp_path / "f.tsr", later)) as reader,
        pytest.raises(RenderingError, match="4 keystrokes before the first commit's mark"),
    ):
        verify(reader, repository)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("revision", "HEAD", "no commit id"),
        ("revision", "0" * 40, "is not in"),
        ("revision", "HEAD~1", "no commit id"),
        ("params", "[" * 100_000, "does not say how it was rendered"),
        ("params", "1" * 5_000, "does not say how it was rendered"),
        ("name", "x" * 256, "256 characters"),
    ],
)
def test_a_provenance_that_says_something_else(
    name: str, value: str, words: str, whole: Path, repository: Repository, tmp_path: Path
) -> None:
    with (
        Reader(forged(whole, tmp_path / "f.tsr", said={name: value})) as reader,
        pytest.raises(RcfamError, match=words) as raised,
    ):
        verify(reader, repository)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 1_000


def test_a_provenance_that_names_another_revision(whole: Path, repository: Repository, tmp_path: Path) -> None:
    for revision, words in (("HEAD~1", "mark 5 is of commit .* has no further one"), ("HEAD~4", "mark 2 is of")):
        path = forged(whole, tmp_path / "f.tsr", said={"revision": repository.resolve(revision)})
        with Reader(path) as reader, pytest.raises(RenderingError, match=words):
            verify(reader, repository)
    with Reader(whole) as reader:
        said = json.loads(reader.provenance["params"]) | {"max_commits": 3}
    path = forged(whole, tmp_path / "f.tsr", said={"params": json.dumps(said)})
    with Reader(path) as reader, pytest.raises(RenderingError, match="mark 4 is of commit"):
        verify(reader, repository)


def test_a_stopped_recording_is_a_prefix_and_said_to_be_one(
    whole: Path, repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Reader(whole) as reader:
        starts = [mark.frame for mark in reader.marks if mark.kind == "commit"]
    path = forged(whole, tmp_path / "f.tsr", frames=starts[2] + 5)
    code, text = said(capsys, "verify", path, "--repo", repository.path, "--frames")
    assert code == 0
    assert f"2 commits and {starts[2]:,} keystrokes verified, {starts[2] + 5:,} frames equal; a prefix" in text
    assert "2 of 5 commits are whole, and 5 keystrokes after them belong to none" in text
    path = forged(whole, tmp_path / "f.tsr", frames=starts[1] - 1)
    code, text = said(capsys, "verify", path, "--repo", repository.path)
    assert code == 1 and "nothing to verify: the recording was stopped inside its first commit" in text


def test_frames_are_compared_with_their_tables_and_programs(
    whole: Path, repository: Repository, tmp_path: Path
) -> None:
    def without_program(marks: list[Mark], frames: int) -> list[Mark]:
        return [mark for mark in marks if mark.text != "0:editor"]

    for path, words in (
        (forged(whole, tmp_path / "a.tsr", without_program), "comes to the foreground"),
        (forged(whole, tmp_path / "b.tsr", attributes=1), "table of attributes"),
    ):
        with Reader(path) as reader, pytest.raises(RenderingError, match=words):
            verify(reader, repository, frames=True)


def test_chunks_that_changed_places_are_found(tmp_path: Path) -> None:
    """Two of equal size, so that the index holds as it was: their marks say where they stood."""
    path = tmp_path / "s.tsr"
    with path.open("wb") as file, Writer(file, 1, 2, np.zeros((1, 3), np.uint32), {}, 2) as writer:
        for turn in range(2):
            writer.mark("commit", f"{turn}")
            cells, keys = np.full((2, 1, 2), 0x20, np.uint32), np.array([97, 98], np.uint32)
            writer.append(cells, np.zeros((2, 3), np.int32), keys + np.uint32(turn))
            writer.flush()
    with Reader(path) as reader:
        assert reader.verify() == 4
        first, second = reader.chunks
        assert first.length == second.length
    data = path.read_bytes()
    a, b, c = first.offset, second.offset, second.offset + second.length
    path.write_bytes(data[:a] + data[b:c] + data[a:b] + data[c:])
    with Reader(path) as reader, pytest.raises(RecordingError, match="not where the index has"):
        assert reader.damage is None
        reader.verify()
