"""Real bash in real tmux: the truth that the shell is held against."""

import os
import re
import subprocess
import time
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

import rcfam.terminal
from rcfam.terminal.files import EXECUTABLE, FILE, LINK, Entry
from rcfam.terminal.keys import to_xterm

_SETTINGS = Path(rcfam.terminal.__file__).parent
_POLL_S = 0.02
_PATIENCE_S = 5.0
Screen = tuple[list[str], tuple[int, int]]


class Bash:
    """bash in a folder called `repo` below `folder`, which is its home, in a tmux server of its own, with the
    `rows` - 1 rows that our terminal leaves. The settings are what our shell stands for: no aliases, no history
    expansion, a plain `git` on the branch main.
    """

    def __init__(self, folder: Path, rows: int = 24, columns: int = 80) -> None:
        self.root = folder / "repo"
        self.root.mkdir()
        self._socket = str(folder / "tmux")
        git = {"AUTHOR_NAME": "user", "AUTHOR_EMAIL": "user@host", "COMMITTER_NAME": "user"}
        git |= {"COMMITTER_EMAIL": "user@host", "AUTHOR_DATE": "@0 +0000", "COMMITTER_DATE": "@0 +0000"}
        git |= {"CONFIG_NOSYSTEM": "1", "CONFIG_GLOBAL": "/dev/null", "PAGER": "cat", "EDITOR": "false"}
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LC_ALL": "C.UTF-8", "HISTFILE": ""}
        self._environment |= {f"GIT_{name}": value for name, value in git.items()}
        self._environment["PROMPT_COMMAND"] = "PS1='user@host:~/repo${PWD#$HOME}$ '"
        subprocess.run(["git", "init", "-q", "-b", "main"], cwd=self.root, env=self._environment, check=True)
        size = ["-x", str(columns), "-y", str(rows - 1)]
        shell = "exec -a -bash bash --norc --noprofile +H"
        settings = ["-f", str(_SETTINGS / "tmux.conf")]
        self._tmux(*settings, "new-session", "-d", *size, "-c", str(self.root), f"exec bash -c '{shell}'")

    def __enter__(self) -> "Bash":
        self.comes_to_show((["user@host:~/repo$"], (0, 18)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        command = ["tmux", "-u", "-S", self._socket, *arguments]
        environment = self._environment | {"TERM": "xterm-256color"}
        return subprocess.run(command, capture_output=True, text=True, check=check, timeout=30, env=environment).stdout

    def press(self, keys_K: NDArray[np.uint32]) -> None:
        data = to_xterm(keys_K)
        self._tmux("send-keys", "-H", *[f"{byte:02x}" for byte in data])

    def screen(self) -> Screen:
        """The rows, blanks at their ends dropped, commit ids made equal, and the cursor."""
        shown = self._tmux("capture-pane", "-p", "-N", ";", "display-message", "-p", "#{cursor_y} #{cursor_x}")
        *rows, where = shown.removesuffix("\n").split("\n")
        y, x = where.split()
        return [alike(row) for row in rows], (int(y), int(x))

    def comes_to_show(self, wanted: Screen, patience: float = _PATIENCE_S) -> Screen:
        """Wait for these first rows and this cursor; what is shown in the end, which may be something else."""
        end = time.monotonic() + patience
        while True:
            rows, where = self.screen()
            shown = rows[: len(wanted[0])], where
            if shown == wanted or time.monotonic() > end:
                return shown
            time.sleep(_POLL_S)

    def files(self) -> dict[str, Entry]:
        """What stands in the folder, as the virtual files have it, and `name/` for each empty directory."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if name.split("/")[0] == ".git":
                continue
            if path.is_symlink():
                found[name] = Entry(LINK, os.fsencode(path.readlink()))
            elif path.is_dir():
                if not any(path.iterdir()):
                    found[f"{name}/"] = Entry(0, b"")
            else:
                found[name] = Entry(EXECUTABLE if path.stat().st_mode & 0o100 else FILE, path.read_bytes())
        return found


def alike(row: str) -> str:
    """A row without what no two shells agree on: commit ids, and the blanks at its end."""
    return re.sub(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{7}\b", lambda found: "0" * len(found[0]), row).rstrip()
