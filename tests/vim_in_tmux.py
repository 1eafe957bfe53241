"""Real vim in real tmux, with the project's settings: the truth that the editor is held against."""

import subprocess
import time
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

import rcfam.terminal
from rcfam.terminal.keys import to_xterm

_SETTINGS = Path(rcfam.terminal.__file__).parent
_POLL_S = 0.02
_PATIENCE_S = 5.0


class Vim:
    """vim on the file `f` in `folder`, in a tmux server of its own, with the `rows` - 1 rows that our terminal
    leaves.
    """

    def __init__(self, folder: Path, rows: int = 24, columns: int = 80) -> None:
        self._socket = str(folder / "tmux")
        vim = f"exec env LC_ALL=C.UTF-8 vim -N -i NONE -u {_SETTINGS / 'vimrc'} f"
        size = ["-x", str(columns), "-y", str(rows - 1)]
        self._tmux("-f", str(_SETTINGS / "tmux.conf"), "new-session", "-d", *size, "-c", str(folder), vim)

    def __enter__(self) -> "Vim":
        self.settled()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        command = ["tmux", "-u", "-S", self._socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=check, timeout=30).stdout

    def press(self, keys_K: NDArray[np.uint32]) -> None:
        data = to_xterm(keys_K)
        self._tmux("send-keys", "-H", *[f"{byte:02x}" for byte in data])

    def screen(self) -> tuple[list[str], tuple[int, int]]:
        """The rows, blanks at their ends dropped, and the cursor."""
        shown = self._tmux("capture-pane", "-p", "-N", ";", "display-message", "-p", "#{cursor_y} #{cursor_x}")
        *rows, where = shown.removesuffix("\n").split("\n")
        y, x = where.split()
        return [row.rstrip() for row in rows], (int(y), int(x))

    def settled(self) -> None:
        """Wait until something is shown and has stopped changing."""
        end = time.monotonic() + _PATIENCE_S
        before = self.screen()
        while time.monotonic() < end:
            time.sleep(_POLL_S)
            now = self.screen()
            if now == before and any(now[0]):
                return
            before = now
        raise TimeoutError("vim's screen did not settle")

    def comes_to_show(self, rows: list[str], cursor: tuple[int, int]) -> tuple[list[str], tuple[int, int]]:
        """Wait for these first rows and this cursor; what is shown in the end, which may be something else."""
        end = time.monotonic() + _PATIENCE_S
        while True:
            shown, where = self.screen()
            if (shown[: len(rows)] == rows and where == cursor) or time.monotonic() > end:
                return shown[: len(rows)], where
            time.sleep(_POLL_S)

    def ended(self) -> None:
        """Wait until vim has left."""
        end = time.monotonic() + _PATIENCE_S
        while self._tmux("list-panes", check=False) and time.monotonic() < end:
            time.sleep(_POLL_S)
