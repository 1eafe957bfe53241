"""A Prefect server on loopback: started, waited for, stopped, found again. Knows no flow and imports no Prefect."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows import child
from flows.stages import environment, program

HOST = "127.0.0.1"
START_TIMEOUT_S = 180.0  # a fresh database is migrated first: 8 s on a quick machine, minutes on a busy one


class ServerError(Exception):
    """The server cannot be started. The message is one line."""


@dataclass(frozen=True)
class Server:
    """A server that was started here."""

    api_url: str
    process: "subprocess.Popen[bytes]"


def home() -> Path:
    """Prefect's folder: database, logs, and the note that says where a server runs."""
    return Path(os.environ["PREFECT_HOME"])


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def taken(port: int) -> bool:
    """Whether a server could not listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: TIME_WAIT does not count
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def healthy(api_url: str) -> bool:
    """Whether a Prefect server answers at `api_url`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{api_url}/health", timeout=5) as answer:
            return bool(answer.read().strip() == b"true")
    except (OSError, ValueError):
        return False


@contextmanager
def running(port: int, *, ui: bool) -> Iterator[Server]:
    """A healthy server on `port`, with the web interface and the scheduler or without both.

    Its output goes to `server.log` in Prefect's folder. Raises ServerError when the port is taken or the server ends.
    """
    if taken(port):
        raise ServerError(f"port {port} is taken: stop what listens there, or choose another with --port")
    home().mkdir(parents=True, exist_ok=True)
    log_path = home() / "server.log"
    # `--port` alone would leave the web interface asking the default port: the setting tells both.
    settings = {"PREFECT_SERVER_API_HOST": HOST, "PREFECT_SERVER_API_PORT": str(port)}
    inherited = {name: value for name, value in environment().items() if name not in ("PREFECT_API_URL",)}
    switches = ["--ui"] if ui else ["--no-ui", "--no-scheduler", "--no-late-runs"]
    with log_path.open("wb") as log:
        process = child.start(
            program("prefect", "server", "start", *switches),
            folder=home(),
            environment={**inherited, **settings},
            output=log.fileno(),
        )
    try:
        api_url = f"http://{HOST}:{port}/api"
        _wait_until_healthy(process, api_url, log_path)
        yield Server(api_url, process)
    finally:
        child.stop(process)


def _wait_until_healthy(process: "subprocess.Popen[bytes]", api_url: str, log_path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not healthy(api_url):
        if process.poll() is not None:
            raise ServerError(f"the Prefect server ended with exit status {process.returncode}; see {log_path}")
        if time.monotonic() > deadline:
            raise ServerError(f"the Prefect server was not healthy after {START_TIMEOUT_S:.0f} s; see {log_path}")
        time.sleep(0.1)


@contextmanager
def announced(api_url: str) -> Iterator[None]:
    """Note in Prefect's folder where a server runs, so that `found` sees it."""
    note = home() / "server.json"
    note.write_text(json.dumps({"api_url": api_url}), encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def found() -> str | None:
    """The API's address of a server that answers: the one the user names in PREFECT_API_URL, or an announced one."""
    if named := os.environ.get("PREFECT_API_URL"):
        return named
    try:
        api_url = str(json.loads((home() / "server.json").read_text(encoding="utf-8"))["api_url"])
    except (OSError, ValueError, KeyError):
        return None
    return api_url if healthy(api_url) else None
