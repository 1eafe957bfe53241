"""Which lines of a text differ, and how they read."""

import numpy as np

from rcfam.history import hunks
from rcfam.terminal.lines import differ


class Changes:
    """The hunks that turn the lines of `old` into those of `new`, and the lines themselves. Each has its newline.

    `hunks` are (old start, old stop, new start, new stop), lines from 0 on, stop excluded, top to bottom; where the
    texts differ in very much, libgit2 guesses them. `lines` counts the old lines.
    """

    def __init__(self, old: bytes, new: bytes) -> None:
        self._old, self._new = old, new
        self.lines = old.count(b"\n")
        self._old_starts, self._new_starts, found = differ(
            np.frombuffer(old, np.uint8), self.lines, np.frombuffer(new, np.uint8), new.count(b"\n")
        )
        self.hunks: list[tuple[int, int, int, int]] = (
            [(hunk[0], hunk[1], hunk[2], hunk[3]) for hunk in found.tolist()] if len(found) else list(hunks(old, new))
        )

    def text(self, start: int, stop: int) -> bytes:
        """The old lines `start : stop` as they are."""
        return self._old[self._old_starts[start] : self._old_starts[stop]]

    def old(self, start: int, stop: int) -> list[str]:
        """The old lines `start : stop` without their newlines."""
        return self.text(start, stop).decode("utf-8").split("\n")[:-1]

    def new(self, start: int, stop: int) -> list[str]:
        """The new lines `start : stop` without their newlines."""
        return self._new[self._new_starts[start] : self._new_starts[stop]].decode("utf-8").split("\n")[:-1]
