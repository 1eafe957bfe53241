"""A journal that was cut short anywhere goes on; what is taken out is kept, and nothing that can be read is lost."""

import errno
import json
import logging
import os
import sqlite3
import threading
from pathlib import Path

import optuna
import pytest

from flows.search import TuneError, journal
from flows.search.journal import Journal
from flows.search.store import load_study, open_study, shown

QUESTION = {"objectives": ["loss"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of a study with two judged trials, the last record a long attribute."""
    place = tmp_path / "tune.journal"
    study = open_study(str(place), "s", QUESTION)
    for value in (1.0, 2.0):
        tell(study, value)
    study.set_user_attr("last", "x" * 60)
    return place


def tell(study: optuna.Study, value: float) -> None:
    trial = study.ask()
    trial.suggest_int("n", 1, 8)
    study.tell(trial, value)


def values(path: Path) -> list[float | None]:
    return [trial.value for trial in load_study(str(path), "s").trials]


def kept(path: Path) -> list[bytes]:
    return [each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}.torn-*"))]


def last_line(path: Path) -> bytes:
    return path.read_bytes().splitlines(keepends=True)[-1]


@pytest.mark.parametrize("end", ["cut", "NULs", "glued"])
def test_a_journal_cut_at_any_byte_of_its_last_line_goes_on(
    path: Path, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Forty places, from one byte to the end of the line without its line break. "glued": another record came after."""
    whole, line = path.read_bytes(), last_line(path)
    before = whole[: -len(line)]
    after = {"cut": b"", "NULs": bytes(100), "glued": line}[end]
    for number, place in enumerate(sorted({1 + n * (len(line) - 2) // 39 for n in range(40)}), start=1):
        path.write_bytes(before + line[:place] + after)
        caplog.clear()
        study = open_study(str(path), "s", QUESTION)
        torn = line[:place] + (after if end == "NULs" else b"")
        assert sorted(kept(path), key=len)[-1] == torn or torn in kept(path)
        assert len(kept(path)) == number
        [said] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert f"{len(torn)} bytes" in said and ".torn-" in said and len(said.splitlines()) == 1
        assert study.user_attrs.get("last") == ("x" * 60 if end == "glued" else None)
        tell(study, 3.0)
        assert values(path) == [1.0, 2.0, 3.0]
        assert all(json.loads(each) for each in path.read_bytes().splitlines())


def test_forty_cuts_are_forty(path: Path) -> None:
    line = last_line(path)
    assert len({1 + n * (len(line) - 2) // 39 for n in range(40)}) == 40


@pytest.mark.parametrize("content", [b"", bytes(500), b'{"op_', b'{"op_code":0,"worker_id":"a-1","study_na'])
def test_a_journal_with_no_whole_record_begins_anew(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "tune.journal"
    place.write_bytes(content)
    tell(open_study(str(place), "s", QUESTION), 1.0)
    assert values(place) == [1.0]
    assert kept(place) == ([content] if content else [])


def test_a_damaged_line_in_the_middle_is_taken_out_where_nothing_is_counted_by_it(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    [number] = [n for n, line in enumerate(lines) if b'"param_name":"n"' in line][:1]
    whole = lines[number]
    lines[number] = whole[:40] + b"\n"
    path.write_bytes(b"".join(lines))
    study = open_study(str(path), "s", QUESTION)
    assert kept(path) == [whole[:40] + b"\n"]
    assert [trial.value for trial in study.trials] == [1.0, 2.0]
    assert study.trials[0].params == {} and study.trials[1].params


@pytest.mark.parametrize("left", [5, 30])
def test_a_lost_trial_in_the_middle_is_refused_and_nothing_is_changed(path: Path, left: int) -> None:
    """Later records name trials by their place: without it they would speak of others."""
    lines = path.read_bytes().splitlines(keepends=True)
    [number] = [n for n, line in enumerate(lines) if b'"op_code":4,' in line][:1]
    lines[number] = lines[number][:left] + b"\n"
    damaged = b"".join(lines)
    path.write_bytes(damaged)
    with pytest.raises(TuneError, match=f"line {number + 1} is damaged"):
        open_study(str(path), "s", QUESTION)
    assert path.read_bytes() == damaged and kept(path) == []


@pytest.mark.parametrize("content", [b"# Notes\n\nof a year\n", b'{"a": 1}\n', b"\x00\x01\x02", b"[" * 200_000])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "notes.md"
    place.write_bytes(content)
    with pytest.raises(TuneError, match="not an Optuna journal"):
        open_study(str(place), "s", QUESTION)
    assert place.read_bytes() == content and [each.name for each in tmp_path.iterdir()] == ["notes.md"]


def test_records_that_make_no_sense_are_one_line(tmp_path: Path) -> None:
    place = tmp_path / "tune.journal"
    for record in ({"op_code": 99, "worker_id": "a"}, {"op_code": 4, "worker_id": "a"}, {"op_code": 0, "worker_id": 1}):
        place.write_text(json.dumps(record) + "\n")
        with pytest.raises(TuneError, match="not an Optuna journal"):
            open_study(str(place), "s", QUESTION)


def test_a_fifo_and_a_folder_are_no_journal(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for place in (tmp_path / "fifo", tmp_path):
        with pytest.raises(TuneError, match="not a file"):
            open_study(str(place), "s", QUESTION)


def test_what_is_larger_than_a_journal_is_not_read(tmp_path: Path) -> None:
    place = tmp_path / "tune.journal"
    with place.open("wb") as file:
        file.truncate(journal.LARGEST + 1)
    with pytest.raises(TuneError, match="at most 1,073,741,824"):
        open_study(str(place), "s", QUESTION)


def test_a_process_that_lives_mends_what_another_left(path: Path) -> None:
    """The one that was killed in the middle of its record had the file open beside this one."""
    study = open_study(str(path), "s", QUESTION)
    with path.open("ab") as file:
        file.write(b'{"op_code":4,"worker_id":"gone-1","stu')
    tell(study, 3.0)
    assert kept(path) == [b'{"op_code":4,"worker_id":"gone-1","stu']
    assert values(path) == [1.0, 2.0, 3.0]


def test_mending_leaves_other_processes_their_place(path: Path) -> None:
    line = last_line(path)
    living = open_study(str(path), "s", QUESTION)
    assert len(living.trials) == 2
    with path.open("ab") as file:
        file.write(line[:30] + line)
    other = open_study(str(path), "s", QUESTION)
    tell(other, 3.0)
    assert [trial.value for trial in living.trials] == [1.0, 2.0, 3.0]


def test_a_full_disk_leaves_the_journal_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = open_study(str(path), "s", QUESTION)
    before = path.read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "fsync", full)
        with pytest.raises(optuna.exceptions.StorageInternalError, match="No space left on device"):
            study.set_user_attr("more", 1)
    assert path.read_bytes() == before
    assert not Path(f"{path}.lock").is_symlink()
    tell(study, 3.0)
    assert values(path) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("relative", [True, False])
def test_a_lock_that_was_left_is_broken_wherever_it_points(
    path: Path, relative: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path makes a link that leads nowhere, as does a folder that was moved."""
    monkeypatch.setattr(journal, "STALE_AFTER_S", 0.2)
    monkeypatch.chdir(path.parent.parent)
    storage = str(path.relative_to(path.parent.parent)) if relative else str(path)
    study = open_study(storage, "s", QUESTION)
    Path(f"{path}.lock").symlink_to(f"gone/{path.name}")
    tell(study, 3.0)
    assert values(path) == [1.0, 2.0, 3.0]


def test_a_lock_that_is_held_is_waited_for(path: Path) -> None:
    study = open_study(str(path), "s", QUESTION)
    lock = Path(f"{path}.lock")
    lock.symlink_to(path)
    released = threading.Timer(0.3, lock.unlink)
    released.start()
    tell(study, 3.0)
    assert released.finished.is_set()


def test_journals_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    backend = Journal(Path("tune.journal"))
    assert backend._file_path == str(tmp_path / "tune.journal")


@pytest.mark.parametrize(
    ("damage", "said"), [("locked", "database is locked"), ("cut", "malformed"), ("text", "not a database")]
)
def test_a_database_that_fails_is_one_line(
    tmp_path: Path, damage: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.search.store.LOCKED_S", 0.1)
    place = tmp_path / "tune.db"
    open_study(f"sqlite:///{place}", "s", QUESTION)
    connection = sqlite3.connect(place)
    if damage == "locked":
        connection.execute("BEGIN EXCLUSIVE")
    else:
        place.write_bytes(place.read_bytes()[: place.stat().st_size // 2] if damage == "cut" else b"text" * 1000)
    with pytest.raises(TuneError, match=said) as caught:
        open_study(f"sqlite:///{place}", "s", QUESTION)
    assert len(str(caught.value).splitlines()) == 1
    connection.close()


def test_a_password_is_not_shown() -> None:
    assert shown("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
    assert shown("optuna/tune.journal") == "optuna/tune.journal"
    assert "secret" not in shown("postgresql://me:secret@host:port/db")
