"""Python starts this by itself where the folder is on PYTHONPATH: it counts renames, or kills the process group at one.

RENAMES_LOG names a file that gets one byte for each rename. RENAMES_KILL is `before:N` or `after:N`: the N-th rename of
a process, counted from 1, ends its whole process group by SIGKILL, as a crash of the machine would. Counted are
`os.rename`, `os.replace` and the exchange of two folders, which asks the C library for `renameat2`.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_LOG = os.environ.get("RENAMES_LOG")
_WHEN, _, _NUMBER = os.environ.get("RENAMES_KILL", "").partition(":")
_COUNT = itertools.count(1)
_exchanging = False


def _begin() -> bool:
    """Count one rename; whether it is the one to die after."""
    number = next(_COUNT)
    if _LOG:
        log = os.open(_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(log, b".")
        os.close(log)
    if _WHEN == "before" and number == int(_NUMBER):
        os.killpg(0, signal.SIGKILL)
    return _WHEN == "after" and number == int(_NUMBER)


def _watched(rename: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*arguments: Any, **named: Any) -> Any:
        last = _begin()
        found = rename(*arguments, **named)
        if last:
            os.killpg(0, signal.SIGKILL)
        return found

    return watched


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    """The C library's name is looked up before the exchange; the parent folder is opened for fsync after it."""
    global _exchanging
    if event == "ctypes.dlsym" and arguments[1] == "renameat2":
        _exchanging = _begin()
    elif event == "open" and _exchanging:
        os.killpg(0, signal.SIGKILL)


if _LOG or _WHEN:
    os.rename = _watched(os.rename)
    os.replace = _watched(os.replace)
    sys.addaudithook(_heard)
