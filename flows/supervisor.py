"""A child process that cannot be orphaned.

`start` runs a command under a small supervisor: this very file as a script. The supervisor holds the other end of a
pipe from the starter. When the pipe closes, because the starter wants the command stopped or because the starter died
in whatever way, SIGKILL included, the supervisor interrupts every descendant of the command, waits, and kills the rest.
What another supervisor below looks after is left to that one: DVC, interrupted twice, leaves a lock file half written.

PR_SET_PDEATHSIG alone would not do: it reaches the direct child only, not the programs which that one started, and it
fires when the starting thread ends, not the process. It guards here the one gap that is left, a killed supervisor.
Descendants stay findable because the supervisor is their subreaper: orphans become its children. Linux only.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

GRACE_S = 10.0  # from SIGINT, which lets a stage end in good order, to SIGKILL
LEFTOVERS_GRACE_S = 1.0  # the same for what a command that ended by itself left running
KILL_WAIT_S = 5.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36


def start(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    output: int | None = subprocess.PIPE,
    grace_s: float = GRACE_S,
) -> "subprocess.Popen[bytes]":
    """Start `command` in `folder` under a supervisor; standard error joins standard output, standard input is empty.

    `output` is what `subprocess.Popen` takes as `stdout`; `grace_s` lies between SIGINT and SIGKILL. The exit status is
    the command's, 128 + n after signal n.
    """
    return subprocess.Popen(
        [sys.executable, "-I", __file__, str(grace_s), *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,  # a terminal's Ctrl-C goes to the starter alone, which then decides
    )


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Stop a command made by `start`, with all that it started; return its exit status. Stopping twice is harmless."""
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()
    return process.wait()


class _StopError(Exception):
    """The supervisor was told to stop its command."""


def _supervise(grace_s: float, command: Sequence[str]) -> int:
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def in_command() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background shell starts us with SIGINT ignored

    def told_to_stop(_signal: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise _StopError

    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=in_command)
    except OSError as error:
        sys.stdout.write(f"{command[0]}: {error.strerror}\n")
        sys.stdout.flush()
        return 127
    ended: dict[int, int] = {}
    try:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, told_to_stop)
        threading.Thread(target=_watch_starter, daemon=True).start()
        while process.pid not in ended:
            pid, status = os.waitpid(-1, 0)
            ended[pid] = status
        grace_s = min(grace_s, LEFTOVERS_GRACE_S)
    except _StopError:
        pass
    _end_descendants(ended, grace_s)
    code = os.waitstatus_to_exitcode(ended.get(process.pid, signal.SIGKILL))
    return code if code >= 0 else 128 - code


def _watch_starter() -> None:
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _end_descendants(ended: dict[int, int], grace_s: float) -> None:
    """Interrupt all descendants, wait for them up to `grace_s`, then kill what is left; fill in how they ended."""
    for number, wait_s in ((signal.SIGINT, grace_s), (signal.SIGKILL, KILL_WAIT_S)):
        for pid in _descendants(spare_supervised=number == signal.SIGINT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            if not _reap(ended):
                return
            time.sleep(0.02)


def _reap(ended: dict[int, int]) -> bool:
    """Collect children that ended; False when there are no children any more, hence no descendants."""
    try:
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]
    except ChildProcessError:
        return False
    return True


def _descendants(spare_supervised: bool) -> list[int]:
    """The pids below this process, from /proc; other supervisors, and what is below them, on demand left out."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended while we looked
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(after_name[1]), []).append(int(entry.name))
    found: list[int] = []
    pending = [os.getpid()]
    while pending:
        below = [pid for pid in children.get(pending.pop(), []) if not (spare_supervised and _is_supervisor(pid))]
        found += below
        pending += below
    return found


def _is_supervisor(pid: int) -> bool:
    try:
        return os.fsencode(__file__) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:3]
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(_supervise(float(sys.argv[1]), sys.argv[2:]))
