"""A real browser, driven through its debugging pipe: what a page asks for, what it complains of, how it looks."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WAIT_S = 60.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def program() -> str | None:
    """Where Chromium is, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass(frozen=True)
class Seen:
    """One visit to a page."""

    complaints: list[str]
    """Console errors and warnings, uncaught exceptions, refused loads."""
    requests: list[str]
    """Every address asked for, the page's own included."""
    values: list[Any]
    """What the expressions gave."""
    picture: bytes
    """The whole page as PNG."""


def visit(
    page: Path | str, ready: str, ask: list[str], width: int = 1000, dark: bool = False, flags: Sequence[str] = ()
) -> Seen:
    """Open a file or an address, wait until the expression `ready` is true, evaluate `ask`, take a picture."""
    path = program()
    assert path is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        here_read, there_write = os.pipe()
        there_read, here_write = os.pipe()
        line = f'exec "$@" 3<&{there_read} 4>&{there_write}'
        command = ["bash", "-c", line, "bash", path, *FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            command, pass_fds=(there_read, there_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(there_read)
        os.close(there_write)
        try:
            return _Session(here_read, here_write).visit(page, ready, ask, width, dark)
        finally:
            os.close(here_write)
            os.close(here_read)
            process.terminate()
            process.wait(WAIT_S)


class _Session:
    """The protocol: one JSON document after another, each ended by a zero byte."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink
        self.rest = b""
        self.number = 0
        self.events: list[dict[str, Any]] = []
        self.session: str | None = None
        self.end = time.monotonic() + WAIT_S

    def visit(self, page: Path | str, ready: str, ask: list[str], width: int, dark: bool) -> Seen:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=page if isinstance(page, str) else page.resolve().as_uri())
        while not self.value(ready):
            if time.monotonic() > self.end:
                raise TimeoutError(f"{ready} stayed false; {self.complaints()}")
            time.sleep(0.05)
        values = [self.value(expression) for expression in ask]
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")["data"]
        return Seen(self.complaints(), self.requests(), values, base64.b64decode(picture))

    def value(self, expression: str) -> Any:
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"])[:500])
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        found = []
        for event in self.events:
            name, said = event["method"], event["params"]
            if name == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
                found.append(" ".join(str(part.get("value", part.get("description"))) for part in said["args"]))
            elif name == "Runtime.exceptionThrown":
                found.append(json.dumps(said["exceptionDetails"])[:500])
            elif name == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
                found.append(said["entry"]["text"])
        return found

    def requests(self) -> list[str]:
        named = [event["params"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [said["request"]["url"] for said in named]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.sink, json.dumps(message).encode() + b"\0")
        while True:
            found = self.receive()
            if "method" in found:
                self.events.append(found)
            elif found["id"] == self.number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                result: dict[str, Any] = found["result"]
                return result

    def receive(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            if not select.select([self.source], [], [], max(self.end - time.monotonic(), 0))[0]:
                raise TimeoutError(f"the browser said nothing for {WAIT_S} seconds")
            part = os.read(self.source, 1 << 16)
            if not part:
                raise EOFError("the browser is gone")
            self.rest += part
        one, _, self.rest = self.rest.partition(b"\0")
        found: dict[str, Any] = json.loads(one)
        return found
