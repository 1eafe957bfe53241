"""Children of flows: output, exit status, and that nothing outlives its starter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows import PROJECT, supervisor
from tests.support.flows_toy import alive, read_pid, wait_for

# A shell that starts a grandchild in a session of its own, which ignores SIGINT: the hardest to get rid of.
STUBBORN = "trap '' INT; setsid sh -c \"trap '' INT; echo \\$\\$ > stubborn.pid; sleep 60; true\" & sleep 60; true"


def ended(pid: int, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_exit_status_is_the_commands(tmp_path: Path, script: str, status: int) -> None:
    process = supervisor.start(["sh", "-c", f"echo out; echo err >&2; {script}"], folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.read() == b"out\nerr\n"
    assert process.wait() == status


def test_unknown_command_says_so(tmp_path: Path) -> None:
    process = supervisor.start(["no-such-command"], folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.read() == b"no-such-command: No such file or directory\n"
    assert process.wait() == 127


def test_stop_interrupts_first(tmp_path: Path) -> None:
    script = (
        "import time\nprint('ready', flush=True)\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('good order')"
    )
    process = supervisor.start([sys.executable, "-c", script], folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    started = time.monotonic()
    assert supervisor.stop(process) == 0
    assert supervisor.stop(process) == 0
    assert process.stdout.read() == b"good order\n"
    assert time.monotonic() - started < 5


def test_a_command_that_ends_leaves_nothing_behind(tmp_path: Path) -> None:
    process = supervisor.start(["sh", "-c", "setsid sleep 60 & echo $! > left.pid"], folder=tmp_path)
    assert process.wait(timeout=10) == 0
    assert not alive(wait_for(lambda: read_pid(tmp_path / "left.pid")))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_stubborn_grandchildren_end_when_the_starter_is_killed(tmp_path: Path, number: int) -> None:
    script = (
        "import sys, time; from pathlib import Path; from flows import supervisor\n"
        "supervisor.start(['sh', '-c', sys.argv[1]], folder=Path(sys.argv[2]), grace_s=0.5); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, STUBBORN, str(tmp_path)], cwd=PROJECT)
    stubborn = wait_for(lambda: read_pid(tmp_path / "stubborn.pid"))
    assert alive(stubborn)
    os.kill(starter.pid, number)
    starter.wait()
    assert ended(stubborn, 5.0)


def test_what_a_supervisor_below_looks_after_is_interrupted_once(tmp_path: Path) -> None:
    """Like a flow run below a worker: the outer stop reaches the starter, and the inner supervisor does the rest."""
    counts = (
        "import signal, sys, time\nseen = []\n"
        "signal.signal(signal.SIGINT, lambda *_: seen.append(1)); print('ready', flush=True)\n"
        "while not seen: time.sleep(0.01)\n"
        "time.sleep(0.5); open('interrupts', 'w').write(str(len(seen)))"
    )
    starts = (
        "import sys; from pathlib import Path; from flows import supervisor\n"
        "inner = supervisor.start([sys.executable, '-c', sys.argv[1]], folder=Path(sys.argv[2]))\n"
        "print(inner.stdout.readline().decode(), end='', flush=True)\n"
        "try: inner.wait()\nexcept KeyboardInterrupt: supervisor.stop(inner)"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", starts, counts, str(tmp_path)]
    outer = supervisor.start(command, folder=tmp_path, environment=environment)
    assert outer.stdout is not None
    assert outer.stdout.readline() == b"ready\n"
    assert supervisor.stop(outer) == 0
    assert (tmp_path / "interrupts").read_text() == "1"
