"""Clones and updates in a process of their own, which is ended where a bound is broken or the user interrupts."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rcfam.history.address import Address
from rcfam.history.errors import HistoryError
from rcfam.history.limits import TransferLimits

Progress = Callable[[int, int], None]  # objects received, objects in all

_CHILD = Path(__file__).with_name("transfer_child.py")
_MAX_LINE = 1 << 16


class Transfers:
    """One process that does one transfer after the other; it starts with the first and ends with the block."""

    def __init__(self, limits: TransferLimits | None = None) -> None:
        self._limits = limits or TransferLimits()
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def run(self, address: Address, folder: Path, new: bool, progress: Progress | None = None) -> None:
        """Fetch all of `address` into the bare repository `folder`, made where `new`. Raises HistoryError."""
        request = {
            "url": address.url,
            "user": address.user,
            "password": address.password,
            "folder": os.fspath(folder),
            "new": new,
            "limits": asdict(self._limits),
        }
        with self._ended_if_not_done():
            child = self._start()
            assert child.stdin is not None
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
            error = self._listen(child, progress)
        if error is not None:
            raise HistoryError(error)

    def _start(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            # A session of its own: Ctrl-C reaches the parent alone, and what git starts for ssh ends with the child.
            self._child = subprocess.Popen(
                [sys.executable, "-P", os.fspath(_CHILD), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._child

    def _listen(self, child: "subprocess.Popen[bytes]", progress: Progress | None) -> str | None:
        """Until the transfer is done: None, or what was wrong with it."""
        deadline = time.monotonic() + self._limits.total_s
        for answer in self._answers(child, deadline):
            if "error" in answer:
                error = answer["error"]
                return None if error is None else str(error)
            if "received" in answer and progress is not None:
                progress(answer["received"], answer["total"])
        child.wait()
        raise HistoryError(f"the process that fetches ended early ({_how(child.returncode)})")

    def _answers(self, child: "subprocess.Popen[bytes]", deadline: float) -> Iterator[dict[str, Any]]:
        assert child.stdout is not None
        handle, rest = child.stdout.fileno(), b""
        while True:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([handle], [], [], max(0.0, min(left, self._limits.silent_s)))
            if not ready:
                if left <= self._limits.silent_s:
                    raise HistoryError(f"not done within {self._limits.total_s:,} s")
                raise HistoryError(f"nothing came for {self._limits.silent_s:,} s")
            piece = os.read(handle, _MAX_LINE)
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            yield from map(json.loads, lines)

    @contextmanager
    def _ended_if_not_done(self) -> Iterator[None]:
        """A process that was asked and has not answered must not be asked again."""
        try:
            yield
        except BrokenPipeError as error:
            self._end()
            raise HistoryError("the process that fetches ended early") from error
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"exit status {code}"
