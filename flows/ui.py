"""Prefect's web interface for this checkout: server and worker on loopback, until Ctrl-C.

    python -m flows.ui [--port 4200] [--allow FOLDER ...]

The pipeline is registered from prefect.yaml: it can be started, watched and put on a schedule in the web interface.
Nobody gets in without the password of this start, and no page of another address (flows/web.py); runs keep to this
checkout's data and the folders of `--allow` (flows/bounds.py).
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from flows import PROJECT, bounds, server, supervisor
from flows.stages import environment, program
from rcfam.printable import printable, say

POOL = "rcfam"
REGISTER_TIMEOUT_S = 120.0
WORKER_GRACE_S = 2 * supervisor.GRACE_S + supervisor.KILL_WAIT_S  # a flow run below it stops its own stages first


class UiError(Exception):
    """The web interface cannot be offered. The message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0 after Ctrl-C or SIGTERM, 1 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m flows.ui", description="Prefect's web interface, on loopback.")
    parser.add_argument("--port", type=int, default=4200, help="port of the server (4200)")
    parser.add_argument(
        "--allow", type=Path, action="append", default=[], metavar="FOLDER", help="runs may use it too; repeatable"
    )
    options = parser.parse_args(arguments)

    def asked_to_stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, asked_to_stop)
    signal.signal(signal.SIGINT, asked_to_stop)  # also where a shell in the background had it ignored
    try:
        serve(options.port, options.allow)
    except KeyboardInterrupt:
        say("stopped", flush=True)
        return 0
    except (server.ServerError, UiError) as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return 1
    return 0


def serve(port: int, allowed: Sequence[Path] = ()) -> None:
    """Run server and worker until interrupted; runs may use the folders `allowed` too.

    Raises ServerError or UiError when one does not start, or ends.
    """
    with ExitStack() as stack:
        if not server.taken(port):
            say("Starting the Prefect server (the first time, its database is made) ...", flush=True)
        started = stack.enter_context(server.running(port, ui=True))
        stack.enter_context(server.announced(started.access))
        settings = {**environment(), **started.access.settings(), "PYTHONPATH": server.python_path()}
        settings |= bounds.environment(allowed)
        settings.setdefault("PREFECT_WORKER_QUERY_SECONDS", "2")  # people who press "Run" look at it
        os.environ.update(started.access.settings())
        _prepare(settings)
        stack.callback(_bury)  # after the worker, before the server
        log_path = server.home() / "worker.log"
        with log_path.open("wb") as log:
            worker = supervisor.start(
                program("prefect", "--no-prompt", "worker", "start", "--pool", POOL, "--type", "process"),
                folder=PROJECT,
                environment=settings,
                output=log.fileno(),
                grace_s=WORKER_GRACE_S,
            )
        stack.callback(supervisor.stop, worker)
        address = started.access.api_url.removesuffix("/api")
        say(f"Open {started.link} (once, soon; else the password is the AUTH_STRING in {server.profile()})")
        say(f"Prefect is at {address}/v2/deployments (Ctrl-C stops it; logs in {server.home()})", flush=True)
        _watch({"server": started.process, "worker": worker})


def _watch(processes: "dict[str, subprocess.Popen[bytes]]") -> None:
    """Wait for ever. Raises UiError as soon as one of the processes ends."""
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                log = server.home() / f"{name}.log"
                raise UiError(f"the Prefect {name} ended with exit status {process.returncode}; see {log}")
        time.sleep(0.5)


def _bury() -> None:
    """The worker kills the flow runs that it started when it stops: say so while the server still listens."""
    from flows import registry

    registry.bury(server.home())
    registry.bury_abandoned(server.home(), POOL)


def _prepare(settings: dict[str, str]) -> None:
    """Tidy what earlier sessions left, and register the deployments of prefect.yaml where they changed."""
    from flows import registry  # it imports Prefect, which must find PREFECT_API_URL

    registry.bury(server.home())
    registry.bury_abandoned(server.home(), POOL)  # no worker is there yet
    registry.forget_missed()
    registry.make_pool(POOL)
    note = server.home() / "registered"
    wanted = _digest(
        [
            PROJECT / "prefect.yaml",
            *(
                PROJECT / "flows" / name
                for name in ("pipeline.py", "study.py", "search/flow.py", "tracking.py", "verb.py")
            ),
        ]
    )
    schedules = registry.schedules()
    if schedules and note.exists() and note.read_text(encoding="utf-8") == wanted:
        return
    finished = subprocess.run(
        program("prefect", "--no-prompt", "deploy", "--all"),
        cwd=PROJECT,
        env=settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=REGISTER_TIMEOUT_S,
        check=False,
    )
    if finished.returncode != 0:
        said = (finished.stdout + finished.stderr).strip().splitlines() or ["it said nothing"]
        raise UiError(f"prefect.yaml cannot be registered: {said[-1]}")
    registry.restore(schedules)
    note.write_text(wanted, encoding="utf-8")


def _digest(paths: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
