"""Real programs in real tmux, with the project's settings: the truth that the terminal is held against.

tmux is driven in its control mode: one process that takes commands on a pipe, so that looking at the screen costs
microseconds and can be done until it shows what is hoped for.
"""

import re
import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import rcfam.terminal
from rcfam.terminal.keys import CTRL_B, to_xterm

SETTINGS = Path(rcfam.terminal.__file__).parent
_POLL_S = 0.001
_PATIENCE_S = 5.0
_QUIET_S = 1.5
"""a screen that is not the one hoped for is taken for the program's last word after this time without a change"""
_PIECE_BYTES = 1500
_AGO = re.compile(r"  (\d+ seconds? ago|\d\d:\d\d:\d\d) *")
"""when vim made a change that it undoes"""
_NOW = "  0 seconds ago"
"""in our terminal no time passes"""


class Screen(NamedTuple):
    """What a pane shows: rows with the blanks at their ends dropped, and the cursor's row and column."""

    rows: list[str]
    cursor: tuple[int, int]

    @property
    def text(self) -> list[str]:
        """The editor's text area: all rows but the last line."""
        return self.rows[:-1]


class Pane:
    """One pane of a tmux server of its own; `rows` and `columns` are those of our terminal, the last row tmux's."""

    def __init__(self, socket: Path, rows: int = 24, columns: int = 80) -> None:
        command = ["tmux", "-u", "-S", str(socket), "-f", str(SETTINGS / "tmux.conf"), "-C", "new-session", "cat"]
        self._tmux = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert self._tmux.stdout is not None
        self._output = iter(self._tmux.stdout.readline, b"")
        self._reply()
        self.command("refresh-client -f no-output")
        self.command("set -g window-size manual")
        self.command("set -g remain-on-exit on")
        self.command(f"resize-window -x {columns} -y {rows - 1}")

    def __enter__(self) -> "Pane":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._tmux.stdin is not None
        try:
            self._tmux.stdin.write(b"kill-server\n")
            self._tmux.stdin.close()
            self._tmux.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._tmux.kill()
            self._tmux.wait()
        if self._tmux.stdout is not None:
            self._tmux.stdout.close()

    def command(self, line: str) -> list[str]:
        """Run one tmux command; its output. Raises RuntimeError where tmux complains."""
        assert self._tmux.stdin is not None
        self._tmux.stdin.write(line.encode() + b"\n")
        return self._reply()

    def _reply(self) -> list[str]:
        number = b""
        lines: list[str] = []
        for raw in self._output:
            line = raw.rstrip(b"\n")
            if not number:
                if line.startswith(b"%begin "):
                    number = line.split(b" ", 1)[1]
            elif line == b"%end " + number:
                return lines
            elif line == b"%error " + number:
                raise RuntimeError(f"tmux: {' '.join(lines)}")
            else:
                lines.append(line.decode("utf-8", "replace"))
        raise RuntimeError("tmux has ended")

    def start(self, folder: Path, words: list[str], environment: Mapping[str, str] | None = None) -> None:
        """Run a program in place of the one before."""
        settings = {"LC_ALL": "C.UTF-8", **(environment or {})}
        line = "exec " + shlex.join(["env", *[f"{name}={value}" for name, value in settings.items()], *words])
        self.command(f"respawn-pane -k -c {shlex.quote(str(folder))} {shlex.quote(line)}")

    def edit(self, folder: Path, path: str) -> None:
        """Start vim with the project's settings on a file of `folder`."""
        self.start(folder, ["vim", "-N", "-i", "NONE", "-u", str(SETTINGS / "vimrc"), path])

    def press(self, keys_K: NDArray[np.uint32]) -> None:
        """Press keys; Ctrl-B is typed twice for the multiplexer, of which the program sees one."""
        data = to_xterm(keys_K)
        data = data.replace(bytes([CTRL_B, CTRL_B]), bytes([CTRL_B]))
        for start in range(0, len(data), _PIECE_BYTES):
            self.command("send-keys -H " + data[start : start + _PIECE_BYTES].hex(" "))

    def screen(self) -> Screen:
        """What is shown now."""
        rows = self.command("capture-pane -p -N")
        y, x = self.command("display-message -p '#{cursor_y} #{cursor_x}'")[0].split()
        rows[-1] = _AGO.sub(lambda found: _NOW.ljust(len(found[0])), rows[-1])
        return Screen([row.rstrip() for row in rows], (int(y), int(x)))

    def comes_to_show(self, wanted: Screen) -> Screen:
        """Wait for this screen; what is shown in the end, which may be another one."""
        end = time.monotonic() + _PATIENCE_S
        shown = self.screen()
        since = time.monotonic()
        while shown != wanted:
            time.sleep(_POLL_S)
            now = self.screen()
            if now != shown:
                shown, since = now, time.monotonic()
            elif time.monotonic() - since > _QUIET_S or time.monotonic() > end:
                break
        return shown

    def settled(self) -> Screen:
        """Wait until something is shown and has stopped changing."""
        return self.comes_to_show(Screen([], (-1, -1)))

    def ended(self) -> bool:
        """Wait until the program has left; false where it stays."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            if self.command("display-message -p '#{pane_dead}'") == ["1"]:
                return True
            time.sleep(_POLL_S)
        return False
