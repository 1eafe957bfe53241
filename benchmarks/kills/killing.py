"""A command that is killed: at a moment, or at a rename; and what outlives it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.kills.world import CHECKOUT

MARK: Final = "RCFAM_KILLS"  # an environment variable by which orphans are found
ORPHANS_S: Final = (
    20.0  # how long descendants may take to end: one that starts imports torch first, slowly beside others
)
WHOLE_S: Final = 1800.0  # no undisturbed run takes longer, beside others either


def environment(mark: str, **more: str) -> dict[str, str]:
    """This process's environment, with the mark by which descendants are found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "RENAMES_"))}
    path = os.pathsep.join([str(CHECKOUT / ".venv" / "bin"), kept.get("PATH", "")])
    quiet = {"DO_NOT_TRACK": "1", "DVC_NO_ANALYTICS": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    return kept | quiet | {"PATH": path, "PYTHONPATH": str(CHECKOUT), MARK: mark} | more


def whole(command: list[str], folder: Path, **more: str) -> tuple[float, str]:
    """Run a command to its end: its seconds, and a line where it failed."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment("whole", **more), capture_output=True, text=True, timeout=WHOLE_S
        )
    except subprocess.TimeoutExpired:
        return WHOLE_S, f"still running after {WHOLE_S:.0f} s"
    said = (done.stdout + done.stderr).strip().splitlines()
    failed = f"exit code {done.returncode}: {said[-1] if said else ''}" if done.returncode else ""
    return time.monotonic() - began, failed


class Ending(NamedTuple):
    """How a disturbed run ended: `died` says that SIGKILL ended it, not that it was over before."""

    died: bool
    faults: list[str]


def killed(command: list[str], folder: Path, mark: str, after_s: float, **more: str) -> Ending:
    """Kill the process alone after so many seconds; what outlives it for too long is a fault, and is ended."""
    with _started(command, folder, environment(mark, **more)) as child:
        try:
            child.wait(after_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return Ending(child.returncode == -signal.SIGKILL, orphans(mark))


def killed_at_rename(command: list[str], folder: Path, mark: str, when: str) -> Ending:
    """Kill the whole process group before or after a rename, `before:3`."""
    hook = os.pathsep.join([str(Path(__file__).parent / "renames"), str(CHECKOUT)])
    with _started(command, folder, environment(mark, RENAMES_KILL=when, PYTHONPATH=hook)) as child:
        try:
            child.wait(WHOLE_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return Ending(False, [f"still running {WHOLE_S:.0f} s after {when}"])
    return Ending(child.returncode == -signal.SIGKILL, orphans(mark))


def _started(command: list[str], folder: Path, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    silent = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=folder, env=settings, stdin=silent, stdout=silent, stderr=silent, start_new_session=True
    )


def renames_of(command: list[str], folder: Path, log: Path) -> int:
    """How many renames of one process an undisturbed run makes, at most."""
    log.unlink(missing_ok=True)
    hook = os.pathsep.join([str(Path(__file__).parent / "renames"), str(CHECKOUT)])
    whole(command, folder, RENAMES_LOG=str(log), PYTHONPATH=hook)
    return log.stat().st_size if log.exists() else 0


def orphans(mark: str) -> list[str]:
    """Wait until no process has the mark; those that have it after ORPHANS_S are named and ended."""
    deadline = time.monotonic() + ORPHANS_S
    while (left := list(marked(mark))) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid, _ in left:
        os.kill(pid, signal.SIGKILL)
    return [f"outlived its parent by {ORPHANS_S:.0f} s: {name}" for _, name in left]


def marked(mark: str) -> Iterator[tuple[int, str]]:
    """Processes with the mark in their environment: pid and command line."""
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:120]
        except OSError:
            continue  # it ended while we looked
