"""What a history may cost: past a limit is one clear line, and of a long message the rest is in the ledger."""

import io
from pathlib import Path

import pytest

from benchmarks.hostile_objects import FILE, Raw
from benchmarks.hostile_repositories import tree_bomb, wide
from rcfam.errors import RcfamError
from rcfam.history import HistoryError, HistoryLimits, Repository, Selection
from rcfam.recording import Reader
from rcfam.rendering import RenderingError, RenderParams, record
from rcfam.verifying import verify


def test_of_a_long_message_the_rest_is_left_out(tmp_path: Path) -> None:
    raw = Raw(tmp_path / "r")
    raw.tip(raw.commit(raw.files({b"a": b"1\n"}), message=b"word " * 100))
    params = RenderParams(limits=HistoryLimits(message_characters=120))
    path = tmp_path / "r.tsr"
    with path.open("wb") as file:
        done = record(Repository(raw.folder), "HEAD", "r", params, file)
    assert done.ledger.left_out == {"message too long": 1}
    assert done.ledger.changes == 2 and done.ledger.rendered == 1
    row = done.ledger.table().row(1)
    assert row[2:] == ("message", "", "message too long")
    with Reader(path) as reader:
        keys = "".join(map(chr, reader.keys()))
        assert "word " * 23 in keys and "word " * 25 not in keys
        assert verify(reader, Repository(raw.folder)).commits == 1


def test_usual_limits_stand_in_no_recording(tmp_path: Path) -> None:
    raw = Raw(tmp_path / "r")
    raw.simple()
    for name, limits, there in (("a", HistoryLimits(), False), ("b", HistoryLimits(files=7), True)):
        with (tmp_path / name).open("wb") as file:
            record(Repository(raw.folder), "HEAD", "r", RenderParams(limits=limits), file)
        with Reader(tmp_path / name) as reader:
            assert ("limits" in reader.provenance["params"]) == there
            assert verify(reader, Repository(raw.folder)).commits == 2


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (HistoryLimits(files=50), "holds 300 files, more than 50"),
        (HistoryLimits(disk_bytes=1024), "the files need more than 1,024 bytes"),
        (HistoryLimits(object_bytes=100), "bytes, more than 100"),
    ],
)
def test_a_limit_is_named(limits: HistoryLimits, words: str, tmp_path: Path) -> None:
    folder = wide(300, tmp_path / "r")
    with pytest.raises(RcfamError, match=words):
        record(Repository(folder), "HEAD", "r", RenderParams(limits=limits), io.BytesIO())


def test_commits_and_folders_have_limits(tmp_path: Path) -> None:
    raw = Raw(tmp_path / "r")
    raw.simple()
    with pytest.raises(HistoryError, match="more than 1 commits"):
        Repository(raw.folder).ids("HEAD", Selection(limits=HistoryLimits(commits=1)))
    with pytest.raises(HistoryError, match="more than 1 deep"):
        next(Repository(tree_bomb(3, 1, tmp_path / "b")).commits("HEAD", Selection(limits=HistoryLimits(depth=1))))


def test_what_does_not_fit_beside_is_one_line_too(tmp_path: Path) -> None:
    raw = Raw(tmp_path / "r")
    names = [(FILE, b"%03d" % number + b"n" * 100, raw.blob(b"\0")) for number in range(100)]
    raw.tip(raw.commit(raw.tree(names)))
    with pytest.raises(RenderingError, match="the files need more than 1,024 bytes"):
        limits = HistoryLimits(disk_bytes=1024)
        record(Repository(raw.folder), "HEAD", "r", RenderParams(limits=limits), io.BytesIO())
