"""Real git in a folder of its own, far from the user's configuration; and a tree's object id the slow obvious way."""

import hashlib
import os
import subprocess
from pathlib import Path

_FIRST_DAY = 1_767_225_600  # 2026-01-01
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


class Git:
    """A repository in `folder`; `day` moves on with every commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.run("init", "-q", "-b", "main")

    def run(self, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env={**os.environ, **_ENVIRONMENT, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, files: dict[str, bytes | None]) -> None:
        """Remove those that are None, with directories left empty, then write the others."""
        for name in [name for name, data in files.items() if data is None]:
            path = self.folder / name
            path.unlink()
            while path.parent != self.folder and not any(path.parent.iterdir()):
                path = path.parent
                path.rmdir()
        for name, data in files.items():
            if data is not None:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def commit(self, message: str, files: dict[str, bytes | None] | None = None, author: str = "Ada") -> str:
        """Commit everything as it stands after `files`; returns the commit id."""
        self.write(files or {})
        self.run("add", "-A")
        self.day += 1
        date = f"{_FIRST_DAY + 86400 * self.day} +0000"
        self.run(
            *("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message),
            GIT_AUTHOR_NAME=author,
            GIT_AUTHOR_DATE=date,
            GIT_COMMITTER_DATE=date,
        )
        return self.run("rev-parse", "HEAD")


def tree_id(files: dict[str, tuple[int, str]]) -> str:
    """The id of a flat tree, built anew from the leaves."""
    here: dict[bytes, tuple[bytes, bytes]] = {}
    below: dict[str, dict[str, tuple[int, str]]] = {}
    for path, (mode, oid) in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = (mode, oid)
        else:
            here[name.encode()] = (b"%o" % mode, bytes.fromhex(oid))
    for name, inside in below.items():
        here[name.encode()] = (b"40000", bytes.fromhex(tree_id(inside)))
    order = sorted(here, key=lambda name: name + (b"/" if here[name][0] == b"40000" else b""))
    body = b"".join(here[name][0] + b" " + name + b"\0" + here[name][1] for name in order)
    return hashlib.sha1(b"tree %d\0%b" % (len(body), body)).hexdigest()
