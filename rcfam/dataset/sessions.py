"""Which keystrokes were typed into which file: the editor sessions of a recording."""

# K keystrokes

import posixpath
import shlex
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.dataset.dataset_tables import Mark
from rcfam.terminal import keys

EDITOR: Final = "editor"
_COMMANDS: Final = ("vi", "vim")
_MAX_LINE: Final = 4096


class Session(NamedTuple):
    """Keystrokes start..stop (exclusive) in the editor; the file, or None where it is none of the tree (a message)."""

    start: int
    stop: int
    path: str | None


def sessions(keys_K: NDArray[np.uint32], marks: Sequence[Mark], first: int = 0) -> list[Session]:
    """The editor sessions in the stretch of a recording that begins at frame `first` and has these keys.

    A session lasts from one change of program to the next; `start` and `stop` count from the stretch's first key. The
    file is told by the shell line that opened the editor, and remembered while its window is left for another.
    """
    found: list[Session] = []
    opened: dict[str, str | None] = {}  # window -> the file in its editor
    before = 0
    for start, stop, window, program in _turns(marks, first, len(keys_K)):
        if program == EDITOR:
            if window not in opened:
                opened[window] = path_of(_last_line(keys_K[before:start]))
            found.append(Session(start, stop, opened[window]))
        else:
            opened.pop(window, None)
        before = start
    return found


def path_of(line: str) -> str | None:
    """The one file that a shell line opens in the editor, or None."""
    try:
        command, *words = shlex.split(line)
    except ValueError:  # an empty line, or an open quote
        return None
    paths = [word for word in words if word[:1] not in ("-", "+", "")]
    return posixpath.normpath(paths[0]) if command in _COMMANDS and len(paths) == 1 else None


def _turns(marks: Sequence[Mark], first: int, size: int) -> Iterator[tuple[int, int, str, str]]:
    """(start, stop, window, program) of each stretch of one program."""
    turns = [(mark.frame - first, *mark.text.partition(":")[::2]) for mark in marks if mark.kind == "program"]
    stops = [frame for frame, _, _ in turns[1:]] + [size]
    for (start, window, program), stop in zip(turns, stops, strict=False):
        if max(start, 0) < min(stop, size):
            yield max(start, 0), min(stop, size), window, program


def _last_line(keys_K: NDArray[np.uint32]) -> str:
    """The last line of keys that end with Enter; nothing where a key in it is no character."""
    line_K = keys_K[-_MAX_LINE:-1]
    enters = np.flatnonzero(line_K == keys.ENTER)
    line_K = line_K[enters[-1] + 1 :] if len(enters) else line_K
    typed = len(line_K) and 32 <= line_K.min() <= line_K.max() < 0xD800
    return "".join(map(chr, line_K.tolist())) if typed else ""
