"""Optuna's dashboard is fenced: the stand-in behind the fence says what reached it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec

import httpx
import pytest

from flows import PROJECT, dashboard, server


@pytest.fixture
def fence() -> Iterator[tuple[int, list[str]]]:
    """The port, and the paths that got through."""
    port, reached = server.free_port(), list[str]()

    def studies(environ: dashboard.Environ, answer: dashboard.Answer) -> list[bytes]:
        reached.append(environ["PATH_INFO"])
        answer("200 OK", [("Content-Type", "text/plain")])
        return [b"studies"]

    with dashboard.listening(dashboard.fenced(studies, port, "secret"), port) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield port, reached
        listening.shutdown()


def test_the_owner_gets_in_and_nobody_else(fence: tuple[int, list[str]]) -> None:
    port, reached = fence
    where, known = f"http://127.0.0.1:{port}", ("rcfam", "secret")
    refused = [
        (400, known, {"Host": f"evil.example:{port}"}),
        (400, known, {"Host": "127.0.0.1.evil.example"}),
        (403, known, {"Origin": "http://evil.example"}),
        (403, known, {"Origin": "null"}),
        (403, known, {"Origin": f"http://127.0.0.1:{port + 1}"}),
        (401, None, {}),
        (401, ("rcfam", "secre"), {}),
        (401, ("", "secret"), {}),
    ]
    for status, password, headers in refused:
        answer = httpx.delete(f"{where}/api/studies/0", auth=password, headers=headers, trust_env=False)
        assert answer.status_code == status
    assert reached == []
    assert httpx.get(where, trust_env=False).headers["www-authenticate"].startswith("Basic")
    for headers in ({}, {"Origin": where}):
        answer = httpx.get(f"{where}/api/studies", auth=known, headers=headers, trust_env=False)
        assert (answer.status_code, answer.text) == (200, "studies")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert reached == ["/api/studies"] * 2


@pytest.mark.skipif(find_spec("optuna_dashboard") is not None, reason="the dashboard is installed")
def test_without_the_extra_one_line_says_how_to_install_it() -> None:
    command = [sys.executable, "-m", "flows.dashboard"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: the dashboard is not installed: pip install -c constraints.txt -e '.[dashboard]'\n"
