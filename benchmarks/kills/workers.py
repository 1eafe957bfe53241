"""The worker of `make ui` is killed while a flow run of it goes on."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.kills.killing import Ending, environment, marked, orphans

START_S: Final = 300.0
"""How long server and worker may take to start, the database's making included."""
NOT_BEGUN: Final = ("server and worker did not start", "the deployment cannot be run")
STOP_S: Final = 60.0
"""How long they may take to stop."""


def worker_killed(command: list[str], folder: Path, mark: str, after_s: float, **more: str) -> Ending:
    """Start `make ui`'s server and worker, run the deployed pipeline, kill the worker after so many seconds of it, stop
    the rest by SIGTERM. `command` is not used: the flow run does what it would do.
    """
    settings = environment(mark, **more)
    profile = Path(more["PREFECT_HOME"]) / "profile.toml"
    profile.unlink(missing_ok=True)
    interface = [sys.executable, "-m", "flows.ui", "--port", str(_free_port())]
    with (
        (folder / "ui.log").open("ab") as log,
        subprocess.Popen(
            interface, cwd=folder, env=settings, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        ) as ui,
    ):
        try:
            faults = _with_worker(ui, folder, mark, after_s, settings, profile)
            return Ending(not faults or faults[0] not in NOT_BEGUN, faults)
        finally:
            ui.send_signal(signal.SIGTERM)
            try:
                ui.wait(STOP_S)
            except subprocess.TimeoutExpired:
                ui.kill()


def _with_worker(
    ui: "subprocess.Popen[bytes]", folder: Path, mark: str, after_s: float, settings: dict[str, str], profile: Path
) -> list[str]:
    deadline = time.monotonic() + START_S
    while not (worker := _worker(mark)) or not profile.exists():
        if time.monotonic() > deadline or ui.poll() is not None:
            return [NOT_BEGUN[0]]
        time.sleep(0.2)
    run = [sys.executable, "-m", "prefect", "deployment", "run", "pipeline/local"]
    known = settings | {"PREFECT_PROFILES_PATH": str(profile)}
    asked = subprocess.run(run, cwd=folder, env=known, capture_output=True, text=True, timeout=START_S)
    if asked.returncode != 0:
        return [NOT_BEGUN[1]]
    time.sleep(after_s)
    os.kill(worker, signal.SIGKILL)
    ui.send_signal(signal.SIGTERM)
    try:
        ui.wait(STOP_S)
    except subprocess.TimeoutExpired:
        return [f"server and worker did not stop within {STOP_S:.0f} s"]
    return orphans(mark)


def _worker(mark: str) -> int | None:
    """The process of the worker itself, not of what looks after it."""
    found = [pid for pid, line in marked(mark) if "worker start" in line and "child.py" not in line]
    return found[0] if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
