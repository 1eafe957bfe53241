"""A stage ends with the dvc that runs it, whatever shell stands between; what a user starts lives on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows import PROJECT
from flows.stages import environment, program
from tests.support.flows_toy import alive, dvc, read_pid, wait_for

# `rcfam` with one verb more, which says who it is and stays, or ends at once where a file says so.
VERB = """
import os, sys, time
from pathlib import Path
from rcfam import cli
def sleep() -> None:
    Path("pid").write_text(f"{os.getpid()}\\n")
    if not Path("quick").exists():
        time.sleep(60)
cli.app.command()(sleep)
sys.argv = ["rcfam", "sleep"]
cli.main()
"""
STAGE = "stages:\n  toy:\n    cmd: {command}\n    outs: [pid: {{cache: false}}]\n"


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "verb.py").write_text(VERB)
    return f"{sys.executable} verb.py"


def plain() -> dict[str, str]:
    """The environment of a shell that nothing put a name into."""
    kept = {name: value for name, value in environment().items() if not name.startswith(("DVC_STAGE", "TORCHELASTIC"))}
    return {**kept, "PYTHONPATH": str(PROJECT)}


def running(folder: Path) -> int:
    return wait_for(lambda: read_pid(folder / "pid"))


@pytest.mark.parametrize(
    ("shell", "command", "number"),
    [
        ("/bin/sh", "{}", signal.SIGKILL),
        ("/bin/sh", "true && {} ; true", signal.SIGKILL),
        ("/bin/sh", "{}", signal.SIGTERM),
        ("/bin/bash", "{}", signal.SIGKILL),
        ("/bin/bash", "true && {} ; true", signal.SIGKILL),
    ],
)
def test_a_stage_ends_with_dvc_and_the_next_run_works(
    tmp_path: Path, script: str, shell: str, command: str, number: int
) -> None:
    """A shell replaces itself by a command that stands alone, and waits for one of several."""
    if not Path(shell).exists():
        pytest.skip(f"no {shell}")
    (tmp_path / "dvc.yaml").write_text(STAGE.format(command=command.format(script)))
    dvc(tmp_path, "init", "--no-scm", "--quiet")
    repro = program("dvc", "repro")
    settings = {**plain(), "SHELL": shell}
    process = subprocess.Popen(repro, cwd=tmp_path, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = running(tmp_path)
    process.send_signal(number)
    process.wait()
    wait_for(lambda: not alive(pid), wait_s=5)
    (tmp_path / "quick").touch()
    again = subprocess.run(repro, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_rank_ends_with_torchrun(tmp_path: Path, script: str) -> None:
    """torchrun gives each rank a session of its own."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1", "--no-python"]
    process = subprocess.Popen([*torchrun, *script.split()], cwd=tmp_path, env=plain(), stderr=subprocess.DEVNULL)
    pid = running(tmp_path)
    process.kill()
    process.wait()
    wait_for(lambda: not alive(pid), wait_s=5)


def test_a_stage_in_a_session_of_its_own_lives_on(tmp_path: Path, script: str) -> None:
    process = subprocess.Popen(
        ["sh", "-c", f"DVC_STAGE=toy setsid {script} & sleep 60"], cwd=tmp_path, env=plain(), start_new_session=True
    )
    pid = running(tmp_path)
    try:
        process.kill()
        process.wait()
        assert not _ended_soon(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_what_a_user_starts_lives_on(tmp_path: Path, script: str) -> None:
    """`rcfam ... &` in a terminal that is closed: nobody set a name, nobody waits."""
    process = subprocess.Popen(["sh", "-c", f"{script} & sleep 60"], cwd=tmp_path, env=plain())
    pid = running(tmp_path)
    try:
        process.kill()
        process.wait()
        assert not _ended_soon(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_stage_whose_dvc_was_gone_before_it_looked_does_not_begin(tmp_path: Path, script: str) -> None:
    late = f"sleep 0.5; exec {script} 2> said"
    starter = (
        f"import os, subprocess\nsubprocess.Popen(['sh', '-c', {late!r}], env={{**os.environ, 'DVC_STAGE': 'toy'}})"
    )
    subprocess.run([sys.executable, "-c", starter], cwd=tmp_path, env=plain(), start_new_session=True, check=True)
    said = tmp_path / "said"
    line = wait_for(lambda: said.read_text() if said.exists() and said.read_text().endswith("\n") else None)
    assert line == "rcfam: what set DVC_STAGE and started this command has ended\n"
    assert not (tmp_path / "pid").exists()


def _ended_soon(pid: int) -> bool:
    try:
        wait_for(lambda: not alive(pid), wait_s=1)
    except AssertionError:
        return False
    return True
