"""Repositories named by an address: git's own HTTP server, cloned, updated and rendered."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.history import HistoryError, clone, is_remote
from rcfam.recording import Reader
from tests.support.oracles.git import Git


class _Backend(BaseHTTPRequestHandler):
    """`git http-backend`, a CGI program, behind Python's server."""

    root: Path

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
            "REMOTE_ADDR": "127.0.0.1",
        }
        answer = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True, check=True, env={**os.environ, **environment}
        ).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, format: str, *values: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def source(tmp_path: Path) -> Git:
    git = Git(tmp_path / "source")
    git.commit("first", {"a.txt": b"one\n"})
    return git


@pytest.fixture
def address(source: Git, tmp_path: Path) -> Iterator[str]:
    handler = type("Handler", (_Backend,), {"root": tmp_path})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/source/.git"
        server.shutdown()


def test_an_address_is_mirrored_and_updated(source: Git, address: str, tmp_path: Path) -> None:
    assert clone(address, tmp_path / "m.git").resolve("HEAD") == source.run("rev-parse", "HEAD")
    tip = source.commit("second", {"a.txt": b"two\n"})
    assert clone(address, tmp_path / "m.git").resolve("HEAD") == tip
    with pytest.raises(HistoryError, match="cannot clone"):
        clone(address.replace("source", "nothing"), tmp_path / "other.git")
    assert not (tmp_path / "other.git").exists()


def test_an_address_is_rendered(source: Git, address: str, tmp_path: Path) -> None:
    source.run("clone", "-q", "--bare", str(source.folder), str(tmp_path / "name.git"))
    address = address.replace("source/.git", "name.git")
    out = tmp_path / "out" / "name.tsr"
    out.parent.mkdir()
    for _ in range(2):
        result = CliRunner().invoke(app, ["render", address, "-o", str(out)])
        assert result.exit_code == 0, result.output
    with Reader(out) as reader:
        assert [mark.kind for mark in reader.marks].count("commit") == 1
    assert (tmp_path / "out" / "name.git" / "HEAD").exists()


def test_what_an_address_is(tmp_path: Path) -> None:
    assert is_remote("https://example.org/a.git") and is_remote("ssh://git@example.org/a") and is_remote("git@host:a")
    assert not is_remote(str(tmp_path)) and not is_remote(f"file://{tmp_path}")
