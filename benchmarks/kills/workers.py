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
WORKER: Final = "worker start"
FLOW_RUN: Final = "prefect.engine"
"""Words of the command lines of the worker and of a flow run below it."""
STOP_S: Final = 60.0
"""How long they may take to stop."""


def worker_killed(command: list[str], folder: Path, mark: str, after_s: float, **more: str) -> Ending:
    """Start `make ui`'s server and worker, run the deployed pipeline, kill the worker after so many seconds of it, stop
    the rest by SIGTERM. A flow run that is over before its moment is no kill. `command` is not used: the flow run does
    what it would do.
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
            return _with_worker(ui, folder, mark, after_s, settings, profile)
        finally:
            ui.send_signal(signal.SIGTERM)
            try:
                ui.wait(STOP_S)
            except subprocess.TimeoutExpired:
                ui.kill()


def _with_worker(
    ui: "subprocess.Popen[bytes]", folder: Path, mark: str, after_s: float, settings: dict[str, str], profile: Path
) -> Ending:
    deadline = time.monotonic() + START_S
    while not (worker := _process(mark, WORKER)) or not profile.exists():
        if time.monotonic() > deadline or ui.poll() is not None:
            return Ending(False, ["server and worker did not start"])
        time.sleep(0.2)
    run = [sys.executable, "-m", "prefect", "deployment", "run", "pipeline/local"]
    known = settings | {"PREFECT_PROFILES_PATH": str(profile)}
    asked = subprocess.run(run, cwd=folder, env=known, capture_output=True, text=True, timeout=START_S)
    if asked.returncode != 0:
        return Ending(False, ["the deployment cannot be run"])
    while not _process(mark, FLOW_RUN):
        if time.monotonic() > deadline:
            return Ending(False, ["the worker did not begin the flow run"])
        time.sleep(0.1)
    time.sleep(after_s)
    goes_on = _process(mark, FLOW_RUN) is not None
    os.kill(worker, signal.SIGKILL)
    ui.send_signal(signal.SIGTERM)
    try:
        ui.wait(STOP_S)
    except subprocess.TimeoutExpired:
        return Ending(goes_on, [f"server and worker did not stop within {STOP_S:.0f} s", *orphans(mark)])
    return Ending(goes_on, orphans(mark))


def _process(mark: str, line: str) -> int | None:
    """A marked process whose command line has these words, not what looks after it."""
    return next((pid for pid, said in marked(mark) if line in said and "supervisor.py" not in said), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
