"""How long a process may live: not longer than the one that started it, where that one waits for it.

DVC and torchrun run commands and wait for them. Killed, they leave their command running, and the next run works beside
it or fails at its lock. They name themselves in the environment of what they start; the nearest ancestor whose
environment lacks that name is the one that started us. A command put into a session of its own (`setsid`) is meant to
live on, and what a user starts from a shell is nobody's.
"""

import ctypes
import os
import select
import signal
import sys
import threading
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LOOK_EVERY_S: Final = 1.0  # where the kernel has no handle for a process


class OrphanError(Exception):
    """The process that started this one has ended before this one could follow it."""


def starter(name: str, value: str, own_session: bool = False) -> int | None:
    """The process that put `name=value` into the environment of this one and waits for it; None where none does.

    `own_session`: it gives each command a session of its own, so that tells nothing. Raises OrphanError where that
    process is gone. Linux; elsewhere None.
    """
    if sys.platform != "linux":
        return None
    mark = f"{name}={value}".encode(errors="surrogateescape")
    session = os.getsid(0)
    if not own_session and (session == os.getpid() or _has(session, mark)):
        return None  # put into a session of its own by what it runs under
    pid = os.getppid()
    try:
        while pid and _has(pid, mark):
            pid = _parent(pid)
        adopted = not own_session and pid != 0 and os.getsid(pid) != session
    except (ProcessLookupError, FileNotFoundError) as error:
        raise OrphanError from error
    if adopted:
        raise OrphanError
    return pid or None


def end_with(pid: int) -> None:
    """Kill this process as soon as the process `pid` has ended; return at once. Raises OrphanError where it has."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError as error:
        raise OrphanError from error
    except OSError:  # before Linux 5.3, or forbidden
        handle = None
    threading.Thread(target=_watch, args=(pid, handle), name="lifetime", daemon=True).start()


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when `parent` ends, and end now if it has ended already.

    For a process whose parent starts it from a thread that lives as long as the parent. Linux; elsewhere nothing.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _watch(pid: int, handle: int | None) -> None:
    if handle is None:
        stop = threading.Event()
        while Path(f"/proc/{pid}").exists():
            stop.wait(_LOOK_EVERY_S)
    else:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.poll()
    os.kill(os.getpid(), signal.SIGKILL)


def _has(pid: int, mark: bytes) -> bool:
    """Whether a process began with `mark` in its environment, as far as this one may know."""
    try:
        return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
