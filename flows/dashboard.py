"""Optuna's dashboard over the studies of a search, for this machine's owner alone.

    python -m flows.dashboard [STORAGE] [--port 8080]        (extra `dashboard`)

`optuna-dashboard` itself asks nobody who he is: any user of the machine, and any page of a name that points here, could
read and delete studies. Here it listens on loopback, asks for a password that is new at each start (HTTP Basic), and
refuses foreign host names and the requests of other pages.
"""

import argparse
import base64
import hmac
import secrets
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from socketserver import ThreadingMixIn
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from flows.search import TuneError
from flows.search.setup import Asked
from flows.search.store import open_storage
from flows.server import HOST, origins
from flows.web import NAMES, policy
from rcfam.errors import RcfamError
from rcfam.printable import printable, say

USER = "rcfam"
Environ = dict[str, Any]
Answer = Callable[..., Any]
Application = Callable[[Environ, Answer], Iterable[bytes]]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0 after Ctrl-C, 1 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m flows.dashboard", description="Optuna's dashboard, on loopback.")
    parser.add_argument("storage", nargs="?", default=Asked.storage, help="journal file, or URL of a database")
    parser.add_argument("--port", type=int, default=8080, help="(8080)")
    options = parser.parse_args(arguments)

    def asked_to_stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, asked_to_stop)
    signal.signal(signal.SIGINT, asked_to_stop)  # also where a shell in the background had it ignored
    password = secrets.token_urlsafe(24)
    try:
        server = listening(fenced(_dashboard(options.storage), options.port, password), options.port)
    except RcfamError as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return 1
    with server:
        say(f"Open {origins(options.port)[0]}/ as {USER}, password {password} (Ctrl-C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("stopped", flush=True)
    return 0


def _dashboard(storage: str) -> Application:
    try:
        from optuna_dashboard import wsgi
    except ImportError as error:
        raise TuneError("the dashboard is not installed: pip install -c constraints.txt -e '.[dashboard]'") from error
    made: Application = wsgi(open_storage(storage))
    return made


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def listening(application: Application, port: int) -> WSGIServer:
    """A server of the application on loopback. Raises TuneError where the port is taken."""
    try:
        return make_server(HOST, port, application, server_class=_Server, handler_class=_Silent)
    except OSError as error:
        raise TuneError(f"port {port}: {error.strerror}; choose another with --port") from error


def fenced(application: Application, port: int, password: str) -> Application:
    """The application for own host names and pages, and for who has the password."""
    wanted = b"Basic " + base64.b64encode(f"{USER}:{password}".encode())

    def answered(environ: Environ, answer: Answer) -> Iterable[bytes]:
        if environ.get("HTTP_HOST", "").rpartition(":")[0] not in NAMES:
            return _refused(answer, "400 Bad Request")
        if environ.get("HTTP_ORIGIN", origins(port)[0]) not in origins(port):
            return _refused(answer, "403 Forbidden")
        if not hmac.compare_digest(environ.get("HTTP_AUTHORIZATION", "").encode(), wanted):
            return _refused(answer, "401 Unauthorized", ("WWW-Authenticate", f'Basic realm="{USER}"'))

        def with_policy(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return answer(status, [*headers, ("Content-Security-Policy", policy(origins(port)))], *more)

        return application(environ, with_policy)

    return answered


def _refused(answer: Answer, status: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    answer(status, [("Content-Type", "text/plain"), *headers])
    return [status.encode()]


if __name__ == "__main__":
    sys.exit(main())
