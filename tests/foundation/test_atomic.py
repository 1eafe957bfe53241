"""Files appear whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from rcfam import atomic
from rcfam.errors import RcfamError


def test_a_block_that_ends_well_replaces_the_file(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    for text in ("first", "second"):
        with atomic.writing(target) as temporary:
            temporary.write_text(text)
    assert target.read_text() == "second"
    assert list(target.parent.iterdir()) == [target]


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic.writing(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where a folder is needed")
    with pytest.raises(RcfamError, match="cannot write"), atomic.writing(tmp_path / "blocked" / "file"):
        pass


def test_a_folder_in_the_place_of_the_file_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(RcfamError, match="it is a folder"), atomic.writing(tmp_path):
        pytest.fail("nothing is worked for")


def test_a_folder_that_cannot_be_made_or_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where a folder is needed")
    for folder in (tmp_path / "blocked", tmp_path / "blocked" / "below", Path("/proc")):
        with pytest.raises(RcfamError, match=f"cannot write into {folder}"):
            atomic.check_folder(folder)
    atomic.check_folder(tmp_path / "new" / "below")
    assert list((tmp_path / "new" / "below").iterdir()) == []


def test_one_process_at_a_time_works_in_a_folder(tmp_path: Path) -> None:
    program = f"import pathlib\nfrom rcfam import atomic\nwith atomic.alone(pathlib.Path({str(tmp_path)!r})): pass"
    with atomic.alone(tmp_path):
        with pytest.raises(RcfamError, match="another process"), atomic.alone(tmp_path):
            pass
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "another process is at work here" in other.stderr
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    with pytest.raises(BlockingIOError), atomic.alone(tmp_path):
        raise BlockingIOError  # what goes wrong inside is not ours
