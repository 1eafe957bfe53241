"""Compiled kernels lie where no other user can put any, and a cache that cannot be used costs time alone."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rcfam import jit

PROJECT = Path(jit.__file__).parent.parent
# One small kernel in a package of its own, beside `rcfam` itself.
KERNEL = """
import numpy as np
from rcfam.jit import kernel
@kernel
def total(numbers):
    sum = 0
    for each in numbers:
        sum += each
    return sum
print(total(np.arange(4)), "hits", sum(total.stats.cache_hits.values()))
"""


def run(folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    (folder / "own.py").write_text(KERNEL)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    environment = {**kept, "PYTHONPATH": str(PROJECT), **settings}
    return subprocess.run(
        [sys.executable, "own.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_cache_is_private_and_used_again(tmp_path: Path) -> None:
    place = tmp_path / "cache"
    for hits in (0, 1):
        done = run(tmp_path, NUMBA_CACHE_DIR=str(place))
        assert (done.returncode, done.stdout, done.stderr) == (0, f"6 hits {hits}\n", "")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_a_readable_cache_of_this_user_becomes_private(tmp_path: Path) -> None:
    place = tmp_path / "cache"
    place.mkdir(mode=0o755)
    jit._make_private(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("how", ["link", "open", "open above", "file", "foreign"])
def test_a_place_where_others_may_write_is_not_used(tmp_path: Path, how: str) -> None:
    place = tmp_path / "above" / "cache"
    place.parent.mkdir(mode=0o755)
    if how == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "elsewhere")
    elif how == "open":
        place.mkdir()
        place.chmod(0o777)
    elif how == "open above":
        place.parent.chmod(0o777)
    elif how == "file":
        place.touch()
    else:
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        place.mkdir(mode=0o700)
        os.chown(place, 12345, 12345)
    done = run(tmp_path, NUMBA_CACHE_DIR=str(place), TMPDIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "6 hits 0\n")
    assert done.stderr.startswith("rcfam: kernels are compiled anew: their cache cannot be used: ")
    assert str(place.parent) in done.stderr and len(done.stderr.splitlines()) == 1
    assert not place.is_dir() or not list(place.iterdir())
    assert not list(tmp_path.glob("rcfam-kernels-*"))  # gone with its process


def test_a_folder_with_the_sticky_bit_may_stand_above(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(0o1777)
    jit._make_private(above / "cache")
    assert stat.S_IMODE((above / "cache").stat().st_mode) == 0o700


def test_without_any_place_kernels_still_run(tmp_path: Path) -> None:
    """No folder of the user, and no temporary one: `python -I` in a container of a foreign user."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    script = (
        "import tempfile, sys, errno\n"
        "def refuse(*a, **k): raise OSError(errno.EROFS, 'Read-only file system')\n"
        "tempfile.mkdtemp = refuse\n"
    )
    (tmp_path / "own.py").write_text(script + KERNEL)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "NUMBA_CACHE_DIR": str(blocked / "cache")}
    done = subprocess.run(
        [sys.executable, "own.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "6 hits 0\n"), done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [b"", bytes(300), b"cut"])
@pytest.mark.parametrize("files", ["*.nbi", "*.nbc"])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, files: str, content: bytes) -> None:
    place = tmp_path / "cache"
    assert run(tmp_path, NUMBA_CACHE_DIR=str(place)).stdout == "6 hits 0\n"
    found = list(place.rglob(files))
    assert found
    for path in found:
        path.write_bytes(path.read_bytes()[:100] if content == b"cut" else content)
    done = run(tmp_path, NUMBA_CACHE_DIR=str(place))
    assert (done.returncode, done.stdout, done.stderr) == (0, "6 hits 0\n", "")
    assert run(tmp_path, NUMBA_CACHE_DIR=str(place)).stdout == "6 hits 1\n"
