"""Kernels of a Numba that was not tested write the same bytes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rcfam.history.synthetic import make_repository

RENDER = """
import sys
from pathlib import Path
import numba
numba.__version__ = sys.argv[2] or numba.__version__
from rcfam import jit
from rcfam.history import Repository
from rcfam.rendering import RenderParams, record
with open(sys.argv[3], "wb") as file:
    record(Repository(Path(sys.argv[1])), "HEAD", "small", RenderParams(rows=12, columns=40), file)
print(jit.PLAIN)
"""


@pytest.mark.slow
def test_the_plain_way_writes_the_same_bytes_and_says_so(tmp_path: Path) -> None:
    commits = [(f"Commit {n}", {"a.py": b"x = 1\n" * n, "b.txt": b"\xc3\xbc\n" * n}) for n in range(1, 4)]
    make_repository(tmp_path / "small.git", commits)
    hashes = []
    for version, plain in (("", "False"), ("0.999.0", "True")):
        out = tmp_path / f"{plain}.tsr"
        command = [sys.executable, "-c", RENDER, str(tmp_path / "small.git"), version, str(out)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [plain]
        assert ("Numba 0.999.0 was not tested" in done.stderr) == (plain == "True")
        hashes.append(hashlib.sha256(out.read_bytes()).hexdigest())
    assert hashes[0] == hashes[1]
