"""What a user would pick instead of our terminal: real vim in a pseudo-terminal, and an emulator's screens."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
import tty
from pathlib import Path
from types import TracebackType

import rcfam.terminal

_VIMRC = Path(rcfam.terminal.__file__).parent / "vimrc"
_PATIENCE_S = 10.0


class Vim:
    """vim with our settings on the file `f` of a folder, in a pseudo-terminal of its own."""

    def __init__(self, folder: Path, rows: int, columns: int) -> None:
        self._folder, self._size = folder, struct.pack("HHHH", rows, columns, 0, 0)

    def __enter__(self) -> "Vim":
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, self._size)
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": "/"}
        self._vim = subprocess.Popen(
            ["vim", "-N", "-i", "NONE", "-u", str(_VIMRC), "f"],
            cwd=self._folder,
            env=environment,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
        )
        self._status = os.open(f"/proc/{self._vim.pid}/status", os.O_RDONLY)
        output, quiet = b"", 0
        while quiet < 5:
            new = self._until_asleep()
            quiet = quiet + 1 if output and not new else 0
            output += new
            time.sleep(0.02)
        self.opened = output
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vim.kill()
        self._vim.wait()
        os.close(self._status)
        os.close(self._master)
        os.close(self._slave)

    def press(self, data: bytes) -> bytes:
        """Type one key and wait until vim has taken it, has shown what comes of it, and sleeps; what it wrote."""
        before = self._naps()
        os.write(self._master, data)
        return self._until_asleep(before + 1)

    def _until_asleep(self, naps: int = 0) -> bytes:
        """Read until vim has gone to sleep at least that often, waits for keys, and has nothing more to say."""
        parts = []
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            if select.select([self._master], [], [], 0)[0]:
                parts.append(os.read(self._master, 1 << 16))
            elif self._naps() >= naps and not select.select([self._master], [], [], 0)[0]:
                return b"".join(parts)
        raise TimeoutError("vim did not come to rest")

    def _naps(self) -> int:
        """How often vim has gone to sleep of its own accord; -1 while it runs."""
        status = os.pread(self._status, 1 << 12, 0)
        if b"State:\tS" not in status:
            return -1
        return int(status.rpartition(b"\nvoluntary_ctxt_switches:")[2].split(b"\n", 1)[0])


def ghostty_seconds(output: list[bytes], rows: int, columns: int) -> float:
    """Seconds that Ghostty's emulator takes for pieces of output, its text read after each."""
    from pyghostty.core import Terminal

    with Terminal(columns, rows, scrollback=0) as terminal:
        begin = time.perf_counter()
        for piece in output:
            terminal.feed(piece)
            terminal.text()
        return time.perf_counter() - begin
