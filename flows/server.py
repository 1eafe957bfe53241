"""A Prefect server on loopback: started, waited for, stopped, found again. Knows no flow and imports no Prefect.

Each start makes a new password. It is in the environment of the server and of those who use it, and, while the server
is announced, in a file that its owner alone can read: a profile of Prefect's own.
"""

import os
import secrets
import socket
import subprocess
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flows import PROJECT, supervisor
from flows.stages import environment, program

HOST = "127.0.0.1"
LISTENING = "listening on loopback"  # the first line of the server's log
TICKET = "RCFAM_TICKET"  # in the server's environment: what lets one browser in
_OF_CLIENTS = ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY")
START_TIMEOUT_S = 180.0  # a fresh database is migrated first: 8 s on a quick machine, minutes on a busy one


class ServerError(Exception):
    """The server cannot be started. The message is one line."""


@dataclass(frozen=True)
class Access:
    """What a client needs."""

    api_url: str
    password: str | None = field(default=None, repr=False)
    """NAME:SECRET; None for what Prefect's own settings say"""

    def settings(self) -> dict[str, str]:
        """For the environment of a client."""
        named = {"PREFECT_API_URL": self.api_url, "PREFECT_API_AUTH_STRING": self.password}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Server:
    """A server that was started here."""

    access: Access
    process: "subprocess.Popen[bytes]"
    link: str
    """lets one browser in, once"""


def home() -> Path:
    """Prefect's folder: database, logs, and the profile that says where a server runs."""
    return Path(os.environ["PREFECT_HOME"])


def profile() -> Path:
    """Address and password of the server that runs, as a profile of Prefect's: PREFECT_PROFILES_PATH may name it."""
    return home() / "profile.toml"


def origins(port: int) -> tuple[str, ...]:
    """What a browser calls the pages of the server on `port`."""
    return (f"http://{HOST}:{port}", f"http://localhost:{port}")


def python_path() -> str:
    """For children that run elsewhere: `flows` is imported from this checkout."""
    return os.pathsep.join(part for part in (str(PROJECT), os.environ.get("PYTHONPATH", "")) if part)


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
    _make_home()
    log_path = home() / "server.log"
    access = Access(f"http://{HOST}:{port}/api", f"rcfam:{secrets.token_urlsafe(24)}")
    ticket = secrets.token_urlsafe(24)
    with log_path.open("wb") as log:
        process = supervisor.start(
            program("flows.web"),
            folder=home(),
            environment=_settings(port, ui, access, ticket),
            output=log.fileno(),
        )
    try:
        _wait_until_healthy(process, access.api_url, log_path)
        yield Server(access, process, f"http://{HOST}:{port}/enter#{ticket}")
    finally:
        supervisor.stop(process)


def _make_home() -> None:
    """Prefect's folder, for its owner alone: the database holds what runs were given and what they said."""
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    if home().stat().st_uid != os.getuid():
        raise ServerError(f"{home()} belongs to another user")
    home().chmod(0o700)


def _settings(port: int, ui: bool, access: Access, ticket: str) -> dict[str, str]:
    """The environment of the server: how it listens is said here alone, whatever the user's environment says."""
    return {
        **{name: value for name, value in environment().items() if name not in _OF_CLIENTS},
        "PYTHONPATH": python_path(),
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_API_AUTH_STRING": str(access.password),
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": ",".join(origins(port)),
        "PREFECT_SERVER_UI_API_URL": access.api_url,
        "PREFECT_SERVER_UI_ENABLED": str(ui),
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": str(ui),
        "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": str(ui),
        TICKET: ticket,
    }


def _wait_until_healthy(process: "subprocess.Popen[bytes]", api_url: str, log_path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    # Its own word first: else whoever took the port meanwhile could answer for it, and be sent what is meant for it.
    while not (log_path.read_bytes().startswith(LISTENING.encode()) and healthy(api_url)):
        if process.poll() is not None:
            raise ServerError(f"the Prefect server ended with exit status {process.returncode}; see {log_path}")
        if time.monotonic() > deadline:
            raise ServerError(f"the Prefect server was not healthy after {START_TIMEOUT_S:.0f} s; see {log_path}")
        time.sleep(0.1)


@contextmanager
def announced(access: Access) -> Iterator[None]:
    """Leave address and password in Prefect's folder for the owner's other programs, so that `found` sees them."""
    lines = [f'{name} = "{value}"' for name, value in access.settings().items()]
    text = "\n".join(['active = "rcfam"', "[profiles.rcfam]", *lines, ""])
    profile().unlink(missing_ok=True)  # what stands there may be open to others
    with os.fdopen(os.open(profile(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    try:
        yield
    finally:
        profile().unlink(missing_ok=True)


def found() -> Access | None:
    """A server that answers: the one that the user names in PREFECT_API_URL, or an announced one.

    The password of the announced one goes to no other.
    """
    try:
        settings = tomllib.loads(profile().read_text(encoding="utf-8"))["profiles"]["rcfam"]
        told = Access(settings["PREFECT_API_URL"], settings["PREFECT_API_AUTH_STRING"])
    except (OSError, ValueError, KeyError, TypeError):
        told = None
    if named := os.environ.get("PREFECT_API_URL"):
        own = told is not None and told.api_url == named and "PREFECT_API_AUTH_STRING" not in os.environ
        return told if own else Access(named)
    return told if told is not None and healthy(told.api_url) else None
