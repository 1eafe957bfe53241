"""Transfers end: servers that keep a client waiting, interrupts, secrets in addresses, where passwords come from."""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import polars as pl
import pytest
import yaml

from benchmarks.hostile_servers import SERVERS, Server
from rcfam.history import HistoryError, TransferLimits, clone, shown
from rcfam.history.address import parse
from rcfam.recording import Reader
from tests.history.test_address import _Backend
from tests.support.oracles.git import Git

CANARY = "SECRET-canary"
LIMITS = TransferLimits(connect_s=1, silent_s=2, total_s=4, bytes=10_000_000, refs=10_000, memory_bytes=1 << 29)
CHOSEN = (
    "http: silent",
    "https: dripping",
    "git: begins and is silent",
    "ssh: hears and is silent",
    "http: headers without end",
    "http: redirects to itself",
    "http: references without end",
    "http: 20,000 references",
    "http: progress without end",
    "http: a pack of four billion objects",
    "http: a pack without end",
)


@pytest.mark.parametrize("server", [each for each in SERVERS if each.name in CHOSEN], ids=lambda server: server.name)
def test_a_server_cannot_keep_a_clone(server: Server, tmp_path: Path) -> None:
    listening, address = server.listen()
    Thread(target=server.serve, args=(listening,), daemon=True).start()
    began = time.monotonic()
    with pytest.raises(HistoryError, match=r"cannot clone (http|git|ssh)") as caught:
        clone(address, tmp_path / "m.git", limits=LIMITS)
    assert time.monotonic() - began < 20
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_control_c_ends_a_clone_at_once(tmp_path: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    (tmp_path / "list").write_text(f"r http://127.0.0.1:{listening.getsockname()[1]}/r.git\n")
    child = subprocess.Popen(
        [sys.executable, "-m", "rcfam", "clone", "--list", "list", "-o", "out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with listening, listening.accept()[0]:  # and nothing is answered
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        said, _ = child.communicate(timeout=30)
    assert time.monotonic() - began < 2
    assert child.returncode == 130 and said.strip().endswith("rcfam: stopped")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("source", "url"),
    [
        (f"http://user:{CANARY}@host/a.git", "http://host/a.git"),
        (f"https://{CANARY}@host:8443/a", "https://host:8443/a"),
        (f"HTTPS://x:{CANARY}%40@host/a", "https://host/a"),
        (f"ssh://git:{CANARY}@host/a", "ssh://git@host/a"),
        ("git@host:a/b.git", "git@host:a/b.git"),
        ("ssh://git@[::1]:22/a", "ssh://git@[::1]:22/a"),
    ],
)
def test_what_is_shown_of_an_address_is_no_secret(source: str, url: str) -> None:
    assert shown(source) == url == parse(source).url
    assert CANARY not in repr(parse(source))


@pytest.mark.parametrize(
    "source",
    [each.address for each in SERVERS if each.name.startswith("address") and CANARY in each.address],
)
def test_an_address_that_is_refused_shows_no_secret(source: str, tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as caught:
        clone(source, tmp_path / "m.git", limits=LIMITS)
    assert CANARY not in str(caught.value) and not list(tmp_path.iterdir())


class _Locked(_Backend):
    """Asks for a password, and takes one alone."""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == f"Basic {base64.b64encode(f'user:{CANARY}'.encode()).decode()}":
            super().do_GET()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(401, f"no {len(body)}")
        self.send_header("WWW-Authenticate", "Basic realm=here")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    """`host:port/path` of a repository behind a password."""
    git = Git(tmp_path / "served" / "source")
    for number in range(6):
        git.commit(f"commit {number}", {"a.txt": b"one more line of text\n" * (number + 1)})
    handler = type("Handler", (_Locked,), {"root": tmp_path / "served"})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}/source/.git"
        server.shutdown()


def home(folder: Path, **more: str) -> dict[str, str]:
    """An environment without the user's own configuration and credentials."""
    folder.mkdir()
    return {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **more}


def rcfam(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rcfam", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def holds_canary(folder: Path) -> list[str]:
    """Every file whose name or bytes hold the secret."""
    secrets = (CANARY.encode(), base64.b64encode(f"user:{CANARY}".encode()))
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        str(path) for path in files if CANARY in str(path) or any(secret in path.read_bytes() for secret in secrets)
    ]


@pytest.mark.parametrize("way", ["address", "environment", "helper", "netrc"])
def test_a_password_is_found_and_stays_where_it_was(way: str, locked: str, tmp_path: Path) -> None:
    environment = home(tmp_path / "home")
    if way == "environment":
        environment["RCFAM_CREDENTIALS_127_0_0_1"] = f"user:{CANARY}"
    elif way == "netrc":
        (tmp_path / "home" / ".netrc").write_text(f"machine 127.0.0.1 login user password {CANARY}\n")
        (tmp_path / "home" / ".netrc").chmod(0o600)
    elif way == "helper":
        helper = f"!f() {{ echo username=user; echo password={CANARY}; }}; f"
        (tmp_path / "home" / ".gitconfig").write_text(f'[credential]\n\thelper = "{helper}"\n')
    work = tmp_path / "work"
    work.mkdir()
    given = f"http://user:{CANARY}@{locked}" if way == "address" else f"http://{locked}"
    listed = tmp_path / "home" / "list"
    listed.write_text(f"r {given}\n")
    for _ in range(2):  # the second time it updates
        done = rcfam(work, environment, "clone", "--list", str(listed), "-o", "mirrors")
        assert done.returncode == 0, done.stderr
        assert CANARY not in done.stdout + done.stderr
    assert f"http://{locked}" in (work / "mirrors" / "manifest.json").read_text()
    assert f"http://{locked}" in (work / "mirrors" / "r.git" / "config").read_text()
    assert not holds_canary(work)


def unpacked(folder: Path) -> bytes:
    """Every byte below a folder, with what compressed files hold."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            found += [str(path).encode(), path.read_bytes()]
            if path.suffix == ".parquet":
                found.append(str(pl.read_parquet(path).to_dict(as_series=False)).encode())
            elif path.suffix == ".npz":
                with zipfile.ZipFile(path) as inside:
                    found += [inside.read(name) for name in inside.namelist()]
            elif path.suffix == ".tsr":
                with Reader(path) as reader:
                    found.append(f"{reader.provenance} {reader.marks} {''.join(map(chr, reader.keys()))}".encode())
    return b"\n".join(found)


@pytest.mark.slow
def test_a_secret_of_an_address_goes_through_no_verb(locked: str, tmp_path: Path) -> None:
    environment, work = home(tmp_path / "home"), tmp_path / "work"
    work.mkdir()
    given = f"http://user:{CANARY}@{locked.removesuffix('.git')}"
    (tmp_path / "home" / "list").write_text(f"r {given}.git\n")
    losses = [f"{length},{step},{5 * length**-0.3 + 1 / step}" for length in (2, 4, 8, 16) for step in range(1, 30)]
    (work / "runs.csv").write_text("\n".join(["length,step,loss", *losses]))
    said = ""
    for arguments in (
        ("preset", "tiny"),
        ("clone", "--list", str(tmp_path / "home" / "list"), "-o", "data/mirrors"),
        ("render", "data/mirrors", "-o", "data/recordings"),
        ("render", f"{given}.git", "-o", "single/one.tsr"),
        ("render", f"{given}none.git", "-o", "single/none.tsr"),
        ("render", f"{given}.git?token={CANARY}", "-o", "single/two.tsr"),
        ("render", f"{given}.git#{CANARY}", "-o", "single/three.tsr"),
        ("verify", "data/recordings/r.tsr", "--repo", "data/mirrors/r.git"),
        ("info", "data/recordings/r.tsr"),
        ("tokenize", "data/recordings", "-o", "data/tokens"),
        ("dataset", "data/recordings", "data/tokens", "-o", "data/dataset"),
        ("fit", "runs.csv", "-o", "data/law"),
        ("report", "-o", "data/report"),
    ):
        done = rcfam(work, environment, *arguments)
        assert done.returncode == (
            1 if "none" in str(arguments) or "=" in str(arguments) or "#" in str(arguments) else 0
        )
        said += done.stdout + done.stderr
    assert CANARY not in said
    assert CANARY.encode() not in unpacked(work)


def test_without_a_password_it_says_where_one_may_stand(locked: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(f"r http://{locked}\n")
    done = rcfam(tmp_path, home(tmp_path / "home"), "clone", "--list", "list", "-o", "mirrors")
    assert done.returncode == 1 and "credential helper" in done.stderr
    wrong = home(tmp_path / "other", RCFAM_CREDENTIALS_127_0_0_1="user:wrong")
    done = rcfam(tmp_path, wrong, "clone", "--list", "list", "-o", "mirrors")
    assert done.returncode == 1 and "does not take the credentials" in done.stderr


def test_what_a_killed_update_left_is_swept(tmp_path: Path) -> None:
    source = Git(tmp_path / "source")
    source.commit("first", {"a.txt": b"one\n"})
    clone(str(source.folder), tmp_path / "m.git")
    tip = source.commit("second", {"a.txt": b"two\n"})
    left = [tmp_path / "m.git" / name for name in ("config.lock", "refs/heads/main.lock", "objects/pack/pack_git2_abc")]
    for path in left:
        path.write_text("")
    assert clone(str(source.folder), tmp_path / "m.git").resolve("HEAD") == tip
    assert not any(path.exists() for path in left)


def test_a_mirror_made_elsewhere_sends_nobody_to_another_place(tmp_path: Path) -> None:
    source = Git(tmp_path / "source")
    source.commit("first", {"a.txt": b"one\n"})
    clone(str(source.folder), tmp_path / "m.git")
    with (tmp_path / "m.git" / "config").open("a") as config:
        config.write('[url "http://127.0.0.1:1/"]\n\tinsteadOf = file:///\n')
    with pytest.raises(HistoryError, match=r"configuration sets url\."):
        clone(str(source.folder), tmp_path / "m.git")


def test_limits_are_parameters(tmp_path: Path) -> None:
    Git(tmp_path / "source").commit("first", {"a.txt": b"one\n"})
    limits = {**vars(TransferLimits()), "objects": 2}
    clone_section = {"repositories": "list", "revisions": {}, "limits": limits}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"clone": clone_section}))
    (tmp_path / "list").write_text("r source\n")
    done = rcfam(tmp_path, dict(os.environ), "clone", "-o", "mirrors")
    assert done.returncode == 1 and done.stderr.endswith("rcfam: r: cannot clone source: too many objects\n")
    limits["objects"] = 0
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"clone": clone_section}))
    done = rcfam(tmp_path, dict(os.environ), "clone", "-o", "mirrors")
    assert done.returncode == 1 and "objects" in done.stderr
