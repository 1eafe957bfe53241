"""The process that clones and fetches for `transfer.py`: libgit2 blocks in C and hears nothing; this one can be killed.

It reads requests, one JSON object a line, from its standard input and answers with JSON objects on its standard output:
any number of {"received", "total", "bytes"}, then {"error": text or null}. It is run as a file and imports no other
module of the project, so that it starts quickly. Passwords come to it on its input, or from what git itself asks:
credential helpers, an ssh agent, ~/.netrc.
"""

import ctypes
import json
import netrc
import os
import re
import resource
import signal
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import pygit2
from pygit2.enums import CredentialType, FetchPrune, Option

_EVERYTHING = "+refs/*:refs/*"
_REPORT_S = 0.1
_PR_SET_PDEATHSIG = 1
_HELPER_S = 20
_WINDOW_BYTES, _MAPPED_BYTES = 1 << 25, 1 << 28
_USERINFO = re.compile(r"://[^/\s]*@")
_QUERY = re.compile(r"(://[^\s?#']*)[?#][^\s']*")
# What of a mirror's own configuration would send a fetch elsewhere or run a program.
_REFUSED = re.compile(r"(url|http|https|include|includeif|credential|ssh)\.|core\.(sshcommand|gitproxy|askpass)", re.I)


class RefusedError(Exception):
    """A transfer that breaks a bound; one line."""


class Callbacks(pygit2.RemoteCallbacks):
    """Progress to the parent; a password or key is looked for once and never asked for."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        self._request = request
        self._said = 0.0
        self._tried = False

    def sideband_progress(self, string: str) -> None:
        self._say({})

    def transfer_progress(self, stats: pygit2.remotes.TransferProgress) -> None:
        limits = self._request["limits"]
        if stats.received_bytes > limits["bytes"]:
            raise RefusedError(f"more than {limits['bytes']:,} bytes were sent")
        last = stats.received_objects == stats.total_objects == stats.indexed_objects
        counts = {"received": stats.received_objects, "total": stats.total_objects, "bytes": stats.received_bytes}
        self._say(counts, last)

    def _say(self, what: dict[str, int], at_once: bool = False) -> None:
        now = time.monotonic()
        if at_once or now - self._said > _REPORT_S:
            self._said = now
            say(what)

    def credentials(self, url: str, username_from_url: str | None, allowed_types: CredentialType) -> Any:
        user = self._request["user"] or username_from_url
        if allowed_types == CredentialType.USERNAME:
            return pygit2.Username(user or "git")
        if self._tried:
            raise RefusedError("the server does not take the credentials")
        password = self._request["password"]
        if allowed_types & CredentialType.SSH_KEY and password is None:
            self._tried = True
            return pygit2.KeypairFromAgent(user or "git")
        if allowed_types & CredentialType.USERPASS_PLAINTEXT:
            self._tried = True
            if password is not None or (user and self._request["url"].startswith("http")):
                return pygit2.UserPass(user or "", password or "")
            found = from_environment(url) or from_helpers(url, user) or from_netrc(url)
            if found is not None:
                return pygit2.UserPass(*found)
        raise RefusedError(
            "the server asks for a password, and neither a git credential helper nor ~/.netrc nor an ssh agent has one"
        )


def from_environment(url: str) -> tuple[str, str] | None:
    """RCFAM_CREDENTIALS_ and the host in capitals, other characters as `_`: `user:password`, or a token alone."""
    host = re.sub(r"[^A-Z0-9]", "_", (urlsplit(url).hostname or "").upper())
    user, colon, password = os.environ.get(f"RCFAM_CREDENTIALS_{host}", "").partition(":")
    return (user, password) if user or colon else None


def from_helpers(url: str, user: str | None) -> tuple[str, str] | None:
    """What `git credential fill` knows, which asks the user's helpers and GIT_ASKPASS, and nobody at a terminal."""
    parts = urlsplit(url)
    asked = {"protocol": parts.scheme, "host": parts.netloc.rpartition("@")[2], "path": parts.path.lstrip("/")}
    if user:
        asked["username"] = user
    lines = "".join(f"{key}={value}\n" for key, value in asked.items()) + "\n"
    environment = {"GIT_ASKPASS": "true", "SSH_ASKPASS": "true", **os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", "/", "credential", "fill"],
            input=lines,
            capture_output=True,
            text=True,
            env=environment,
            timeout=_HELPER_S,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeError):
        return None
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return (found.get("username", ""), found["password"]) if found.get("password") else None


def from_netrc(url: str) -> tuple[str, str] | None:
    try:
        found = netrc.netrc().authenticators(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2] or "") if found else None


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def transfer(request: dict[str, Any]) -> None:
    """Fetch everything of `url` into the bare repository `folder`, which is made where `new` is true."""
    if request["new"]:
        raw = pygit2.init_repository(request["folder"], bare=True)
        raw.config["remote.origin.mirror"] = True
        raw.remotes.create("origin", request["url"], _EVERYTHING)
    else:
        check(f"{request['folder']}/config")
        raw = pygit2.Repository(request["folder"])
        raw.remotes.set_url("origin", request["url"])
    remote = raw.remotes["origin"]
    heads = remote.list_heads(callbacks=Callbacks(request))
    if len(heads) > request["limits"]["refs"]:
        raise RefusedError(f"it has {len(heads):,} references, more than {request['limits']['refs']:,}")
    head = next((head for head in heads if head.name == "HEAD"), None)
    if head is None or head.oid is None:
        raise RefusedError("it is empty or its HEAD names no commit")
    remote.fetch(callbacks=Callbacks(request), prune=FetchPrune.PRUNE)
    raw.set_head(head.symref_target if head.symref_target else head.oid)
    raw.free()


def check(config: str) -> None:
    """A mirror that was made elsewhere may name programs and proxies."""
    for entry in pygit2.Config(config):
        if _REFUSED.match(entry.name):
            raise RefusedError(f"its configuration sets {entry.name}, as no mirror made here does; remove the mirror")


def one_line(error: BaseException) -> str:
    """A message without line breaks and without what libgit2 may have put into it from the user's own insteadOf."""
    text = " ".join(str(error).split()) or type(error).__name__
    return _QUERY.sub(r"\1", _USERINFO.sub("://", text))


def bound(limits: dict[str, int]) -> None:
    """The limits that the system and libgit2 can keep."""
    resource.setrlimit(resource.RLIMIT_DATA, (limits["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pygit2.settings.server_connect_timeout = limits["connect_s"] * 1000
    pygit2.settings.server_timeout = limits["silent_s"] * 1000
    pygit2.settings.pack_max_objects = limits["objects"]
    pygit2.settings.mwindow_size = _WINDOW_BYTES
    pygit2.settings.mwindow_mapped_limit = _MAPPED_BYTES
    pygit2.option(Option.SET_OWNER_VALIDATION, False)


def main() -> None:
    parent = int(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    for line in sys.stdin:
        request = json.loads(line)
        bound(request["limits"])
        try:
            transfer(request)
        except (pygit2.GitError, RefusedError, KeyError, ValueError, OSError, MemoryError) as error:
            say({"error": one_line(error)})
        else:
            say({"error": None})


if __name__ == "__main__":
    main()
