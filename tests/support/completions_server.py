"""A real HTTP server that speaks the protocol of chat completions, also slowly, wrongly and rudely."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What the server does with a request. `cut`: it promises more bytes than it sends, and hangs up."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    drip_s: float = 0.0
    """Between one byte and the next."""
    cut: bool = False


@dataclass
class Request:
    """What a client asked: the decoded body, and the key in its header."""

    body: dict[str, Any]
    key: str
    time: float
    headers: dict[str, str]


def completion(text: str, finish: str = "stop", usage: bool = True) -> Reply:
    """A good answer; it counts characters as tokens."""
    body: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 11, "completion_tokens": len(text), "total_tokens": 11 + len(text)}
    return Reply(json.dumps(body).encode())


def failure(status: int, message: str, **headers: str) -> Reply:
    """An error as such servers tell it."""
    return Reply(json.dumps({"error": {"message": message, "type": "t", "code": None}}).encode(), status, headers)


class Server:
    """`url` is the base address; `requests` what came, in order; `busiest` how many were in work at once."""

    def __init__(self, answer: Callable[[Request, int], Reply]) -> None:
        self.requests: list[Request] = []
        self.busiest = 0
        self._busy = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                key = self.headers.get("Authorization", "").removeprefix("Bearer ")
                with outer._lock:
                    request = Request(
                        body, key, time.monotonic(), {name.lower(): value for name, value in self.headers.items()}
                    )
                    outer.requests.append(request)
                    number = len(outer.requests) - 1
                    outer._busy += 1
                    outer.busiest = max(outer.busiest, outer._busy)
                try:
                    known = self.path == "/v1/chat/completions"
                    outer.send(self, answer(request, number) if known else failure(404, "no such page"))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    with outer._lock:
                        outer._busy -= 1

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        time.sleep(reply.wait_s)
        handler.send_response(reply.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body)), **reply.headers}
        if reply.cut:
            headers["Content-Length"] = str(len(reply.body) + 100)
            handler.close_connection = True
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        step = 1 if reply.drip_s else max(len(reply.body), 1)
        for at in range(0, len(reply.body), step):
            handler.wfile.write(reply.body[at : at + step])
            handler.wfile.flush()
            time.sleep(reply.drip_s)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(answer: Callable[[Request, int], Reply]) -> Iterator[Server]:
    """A server on a free port; `answer(request, number)` says what it does with each request."""
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()


def scripted(*replies: Reply) -> Callable[[Request, int], Reply]:
    """One reply after the other; the last one for ever."""
    return lambda request, number: replies[min(number, len(replies) - 1)]
