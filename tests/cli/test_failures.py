"""What the machine refuses a verb is one line and exit status 1; a reader that left is told nothing."""

import errno
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from rcfam.cli.failures import refused


def run(*words: object, **settings: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rcfam", *map(str, words)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run(command, text=True, check=False, **streams)  # type: ignore[call-overload,no-any-return]


def test_a_full_standard_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = run("studies", stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("rcfam: ") and "No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_left_is_told_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("studies", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_closed_standard_output_is_no_fault() -> None:
    done = run("studies", stdout=None, preexec_fn=partial(os.close, 1))
    assert (done.returncode, done.stderr) == (0, "")


def table(folder: Path) -> Path:
    """A run table of three lengths that follows a law."""
    rows = [(length, step, 5.0 * length**-0.3 + 1 / step) for length in (2, 4, 8, 16) for step in range(1, 30)]
    path = folder / "runs.csv"
    pl.DataFrame(rows, schema=["length", "step", "loss"], orient="row").write_csv(path)
    return path


def test_a_bound_on_the_size_of_files_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """What a full disk is, without a mount."""
    bound = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (64, 64))
    done = run("fit", table(tmp_path), "-o", tmp_path / "law", preexec_fn=bound)
    assert done.returncode == 1, done.stderr
    told = [line for line in done.stderr.splitlines() if "kernels are compiled" not in line]
    assert len(told) == 1 and "File too large" in told[0]
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_a_bound_on_address_space_is_told_before_the_drawing_engine_traps(tmp_path: Path) -> None:
    bound = partial(resource.setrlimit, resource.RLIMIT_AS, (8 << 30, 8 << 30))
    done = run("report", "-o", tmp_path / "report", preexec_fn=bound)
    assert done.returncode == 1
    assert done.stderr.startswith("rcfam: drawing charts needs 70 GiB of address space")
    assert len(done.stderr.splitlines()) == 1


def test_a_bound_on_address_space_leaves_polars_one_thread() -> None:
    """It aborts where a thread gets no memory."""
    code = "import sys; from rcfam import cli; sys.argv = ['rcfam', 'studies']\ntry: cli.main()\nfinally:\n"
    code += "    import os, polars; print('threads', polars.thread_pool_size(), os.environ['_RJEM_MALLOC_CONF'])"
    bound = partial(resource.setrlimit, resource.RLIMIT_AS, (4 << 30, 4 << 30))
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=bound, check=False)
    assert done.stdout.splitlines()[-1].startswith("threads 1 "), done.stderr
    assert "background_thread:false" in done.stdout


def test_too_long_a_name_is_one_line(tmp_path: Path) -> None:
    done = run("fit", table(tmp_path), "-o", tmp_path / ("n" * 300))
    assert done.returncode == 1
    assert done.stderr.startswith("rcfam: ") and "File name too long" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.EACCES, errno.EIO])
def test_refusals_of_the_system_are_known_in_every_wrapping(number: int) -> None:
    says = os.strerror(number)
    assert refused(OSError(number, says, "data/x")) == f"data/x: {says}"
    assert refused(pl.exceptions.ComputeError(f"{says} (os error {number})")) == says
    wrapped = ValueError("could not be written")
    wrapped.__cause__ = OSError(number, says)
    assert refused(wrapped) == says


def test_want_of_memory_is_known_and_faults_of_ours_are_not() -> None:
    assert refused(MemoryError()) == "out of memory"
    assert refused(SystemError("error return without exception set")) == "out of memory"
    assert refused(SystemError("bad argument to internal function")) is None
    assert refused(RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory"))
    assert refused(RuntimeError("can't start new thread"))
    assert refused(ImportError("libtorch.so: failed to map segment from shared object"))
    assert refused(OSError("Could not find/load shared object file 'libllvmlite.so'"))
    assert refused(pl.exceptions.ComputeError("parquet: File out of specification: Invalid thrift: transport error"))
    assert refused(RuntimeError("shapes differ")) is None
    assert refused(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
    assert refused(KeyError("loss")) is None
