"""Prefect's server for this machine's owner alone: loopback, its own host names and origins, a password.

    python -m flows.web        (flows/server.py starts it; port and password come in its environment)

Prefect asks for the password (`PREFECT_SERVER_API_AUTH_STRING`) at its API. What stands around it here:

- A request whose Host is not a name of loopback is refused: a page of another name that points here (DNS rebinding).
- A request with the Origin of another page is refused, WebSockets too, before anything is done.
- Answers forbid scripts of other hosts, and frames in other pages.
- `/enter#TICKET` lets a browser in without typing: the page sends the ticket back and is given the password, once and
  within ten minutes. The ticket stands behind `#`, so that no server, log or linked page learns it.
"""

import hmac
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.server import HOST, LISTENING, TICKET, origins
from rcfam.printable import say

NAMES = (HOST, "localhost")
ENTER = "/enter"
TICKET_S = 600.0
STOP_S = 3  # for connections that are open when the server stops: a browser holds WebSockets open for ever

# Prefect's interface keeps the password, in base 64, under this name of the browser's local storage.
_PAGE = """<!doctype html>
<title>rcfam</title>
<p id="said">One moment ...</p>
<script>
fetch("/enter", {method: "POST", headers: {"Ticket": location.hash.slice(1)}}).then(async (answer) => {
  if (!answer.ok) throw new Error(await answer.text());
  localStorage.setItem("prefect-password", btoa(await answer.text()));
  location.replace("/v2/deployments");
}).catch((error) => { document.getElementById("said").textContent = error.message; });
</script>
"""
_USED = "This link has been used, or is too old. The password stands in profile.toml, where the logs are."


@dataclass
class Door:
    """`/enter`: the password for who has the ticket, once, and before the clock says `closes`."""

    app: ASGIApp
    ticket: str | None
    password: str
    closes: float = field(default_factory=lambda: time.monotonic() + TICKET_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == ENTER:
            await self._answer(Request(scope))(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            return HTMLResponse(_PAGE, headers={"Cache-Control": "no-store"})
        given = request.headers.get("Ticket", "").encode()
        known = self.ticket if request.method == "POST" and time.monotonic() < self.closes else None
        if known is None or not hmac.compare_digest(given, known.encode()):
            return PlainTextResponse(_USED, status_code=403)
        self.ticket = None
        return PlainTextResponse(self.password, headers={"Cache-Control": "no-store"})


@dataclass(frozen=True)
class OwnPages:
    """Refuses what another page asks for, and tells the browser what pages of this server may do."""

    app: ASGIApp
    origins: Sequence[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin")  # no browser leaves it out of a POST or a WebSocket
        if origin is not None and origin not in self.origins:
            await PlainTextResponse("Another page may not ask this server.", status_code=403)(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy(self.origins)
                headers["X-Frame-Options"] = "DENY"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self.app(scope, receive, with_policy)


def policy(own: Sequence[str]) -> str:
    """The content security policy: this server's own files and API, nothing from elsewhere, no frame around it."""
    sockets = [origin.replace("http", "ws", 1) for origin in own]
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            f"connect-src 'self' {' '.join([*own, *sockets])}",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def guarded(app: ASGIApp, port: int, password: str, ticket: str | None) -> ASGIApp:
    """An application behind all that stands above."""
    inner = OwnPages(Door(app, ticket, password), origins(port))
    return TrustedHostMiddleware(inner, allowed_hosts=NAMES, www_redirect=False)


def main() -> int:
    """Listen until interrupted. Exit status 1 with one line where the port is taken."""
    port, ticket = int(os.environ["PREFECT_SERVER_API_PORT"]), os.environ.pop(TICKET, None)
    try:
        # Bound before Prefect is imported, and said: nobody else can answer in this server's place.
        listening = socket.create_server((HOST, port))
    except OSError as error:
        say(f"error: port {port}: {error.strerror}", flush=True)
        return 1
    say(LISTENING, flush=True)
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    password = settings.server.api.auth_string
    assert password is not None and settings.server.api.host == HOST
    config = uvicorn.Config(
        guarded(create_app(final=True), port, password.get_secret_value(), ticket),
        log_level=settings.server.logging_level.lower(),
        timeout_keep_alive=settings.server.api.keepalive_timeout,
        timeout_graceful_shutdown=STOP_S,
        ws_ping_interval=settings.server.api.websocket_ping_interval,
        ws_ping_timeout=settings.server.api.websocket_ping_timeout,
        proxy_headers=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
