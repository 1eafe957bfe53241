"""A running `python -m flows.ui`, asked as a person or a program with the password asks."""

import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from flows import PROJECT, server
from tests.support import flows_toy


class Ui(NamedTuple):
    """A running `python -m flows.ui`."""

    process: "subprocess.Popen[str]"
    home: Path
    port: int
    link: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The API's answer. 503 says that SQLite was busy: asked again, as Prefect's own client does."""
        for wait_s in (0.5, 1, 2, 4, 8, 0):
            where = f"http://127.0.0.1:{self.port}/api/{path}"
            answer = httpx.request(method, where, json=body, auth=self.password(), timeout=30)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(wait_s)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def password(self) -> tuple[str, str]:
        settings = tomllib.loads((self.home / "profile.toml").read_text())["profiles"]["rcfam"]
        name, _, secret = settings["PREFECT_API_AUTH_STRING"].partition(":")
        return name, secret

    def ask(self, path: str, **body: Any) -> Any:
        """POST to the API."""
        return self.call("POST", path, body)

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def state(self, flow_run: str) -> str:
        return str(self.get(f"flow_runs/{flow_run}")["state"]["name"])

    def start(self, flow: str, **body: Any) -> str:
        """Start a run of the deployment FLOW/local; its id."""
        deployment = self.get(f"deployments/name/{flow}/local")["id"]
        return str(self.ask(f"deployments/{deployment}/create_flow_run", **body)["id"])

    def end(self, flow_run: str, wait_s: float = 120.0) -> dict[str, Any]:
        """The run once it has ended."""
        flows_toy.wait_for(lambda: self.state(flow_run) in ("Completed", "Failed", "Crashed"), wait_s)
        found: dict[str, Any] = self.get(f"flow_runs/{flow_run}")
        return found


@contextmanager
def running(home: Path, *options: object, **environment: str) -> Iterator[Ui]:
    """The web interface with Prefect's folder `home`; it has to stop in good order and take everything with it."""
    port = server.free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.ui", "--port", str(port), *map(str, options)],
        cwd=PROJECT,
        env=flows_toy.settings(home) | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Ui(process, home, port, _link(process, port))
        below = descendants(process.pid)
        assert len(below) >= 4
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=60)
    assert status == 0
    assert not [pid for pid in below if flows_toy.alive(pid)]
    assert not server.taken(port)
    assert not (home / "profile.toml").exists()


def _link(process: "subprocess.Popen[str]", port: int) -> str:
    assert process.stdout is not None
    link = ""
    for line in process.stdout:
        link = line.split()[1] if line.startswith("Open http") else link
        if f"http://127.0.0.1:{port}/v2/deployments" in line:
            return link
    raise AssertionError(f"the web interface ended: {process.wait()}")


def descendants(pid: int) -> list[int]:
    """The processes below one."""
    below = [int(n) for task in Path(f"/proc/{pid}/task").iterdir() for n in (task / "children").read_text().split()]
    return below + [each for child in below for each in descendants(child)]
