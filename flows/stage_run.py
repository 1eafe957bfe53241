"""One stage as a child process: `dvc repro -s STAGE`, its output as lines, stopped with everything below it."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flows import supervisor
from flows.stages import dvc, environment
from rcfam.printable import printable

PROGRESS_EVERY_S = 10.0  # a progress bar redraws ten times a second: a log wants a line now and then
_ESCAPES = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")


@dataclass(frozen=True)
class StageRun:
    """How `dvc repro -s` took a stage."""

    result: str
    """`ran`, `restored` (from DVC's run cache), `unchanged`, `failed` or `stopped`"""
    seconds: float
    """wall time"""
    failure: str = ""
    """one line that names the stage, where it failed or was stopped"""


class Children:
    """The child processes of one flow run. Once stopped, no more can be started: a retry would outlive the flow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False

    def run_stage(self, stage: str, project: Path, force: bool, log: Callable[[str], None]) -> StageRun:
        """Run one stage and give every line of output to `log`."""
        command = dvc("repro", "-s", *(["--force"] if force else []), stage)
        return self.run(f"stage '{stage}'", command, project, log)

    def run(
        self, what: str, command: list[str], folder: Path, log: Callable[[str], None], settings: Mapping[str, str] = {}
    ) -> StageRun:
        """Run a command in `folder`, with `settings` over the environment, and give every line of output to `log`."""
        started = time.monotonic()
        with self._lock:
            if self.stopped:
                return StageRun("stopped", 0.0, f"{what} was not started: the flow is stopping")
            process = supervisor.start(command, folder=folder, environment={**environment(), **settings})
            self._running.add(process)
        said: list[str] = []
        try:
            assert process.stdout is not None
            for line in lines(process.stdout):
                log(line)
                said.append(line)
            status = process.wait()
        finally:
            supervisor.stop(process)
            with self._lock:
                self._running.discard(process)
        seconds = time.monotonic() - started
        if self.stopped:
            return StageRun("stopped", seconds, f"{what} was stopped")
        if status != 0:
            return StageRun("failed", seconds, f"{what} failed: {_complaint(said, status)}")
        return StageRun(_result(said), seconds)

    def stop(self) -> None:
        """Stop all children, with everything that they started, and refuse new ones."""
        with self._lock:
            self.stopped = True
            running = list(self._running)
        stoppers = [threading.Thread(target=supervisor.stop, args=(process,)) for process in running]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join()


def _result(said: list[str]) -> str:
    """What `dvc repro -s` did, from what it said."""
    if any(line.startswith("Running stage") for line in said):
        return "ran"
    return "restored" if any("is cached - skipping run" in line for line in said) else "unchanged"


def _complaint(said: list[str], status: int) -> str:
    """The last line that the stage's own program said, or else DVC's."""
    own = [line for line in said if not line.startswith(("Running stage", "> ", "ERROR: failed to reproduce"))]
    return (own or said or [f"dvc ended with exit status {status}"])[-1].rpartition("failed to reproduce ")[2]


def lines(stream: IO[bytes], clock: Callable[[], float] = time.monotonic) -> Iterator[str]:
    """The lines of a program's output, without colours, blank lines and what a carriage return wrote over.

    A progress bar gives its state every PROGRESS_EVERY_S while it moves, and its last one.
    """
    pending = b""
    said = clock()
    while block := _read(stream):
        *whole, pending = (pending + block).replace(b"\r\n", b"\n").split(b"\n")
        for line in whole:
            if text := _visible(line):
                yield text
                said = clock()
        if b"\r" in pending and clock() - said >= PROGRESS_EVERY_S:
            if text := _visible(pending):
                yield text
            pending, said = b"", clock()
    if text := _visible(pending):
        yield text


def _read(stream: IO[bytes]) -> bytes:
    return stream.read1(65536) if hasattr(stream, "read1") else stream.read(65536)


def _visible(line: bytes) -> str:
    """What a terminal would still show of one line: the last non-blank text that began at its left edge."""
    parts = [_ESCAPES.sub(b"", part).decode("utf-8", "replace").rstrip() for part in line.split(b"\r")]
    return printable(next((part for part in reversed(parts) if part), ""))
