"""A second terminal that goes on from where one stands, and what a bystander may ask of either."""

import copy
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import attributes
from rcfam.terminal import state as S
from rcfam.terminal.cells import GLYPH_MASK
from rcfam.terminal.cells import attributes as attributes_of
from rcfam.terminal.editor import buffer
from rcfam.terminal.limits import Limits
from rcfam.terminal.state import State
from rcfam.terminal.terminal import Terminal

PENDING: Final = np.array(
    [
        *(S.PROGRAM, S.PREFIX, S.MODE, S.COUNT, S.COUNT2, S.OPERATOR, S.LEAD, S.REGISTER),
        *(S.LITERAL, S.LITERAL_VALUE, S.LITERAL_LEFT, S.INPUT_LENGTH, S.INPUT_CURSOR, S.MODIFIED),
    ]
)
"""The scalars that tell a key which changed nothing on the screen from one that others will complete."""


def fork(terminal: Terminal) -> Terminal:
    """A terminal that shows, holds and remembers the same; neither sees what is typed into the other from now on.

    File contents are shared, arrays are copied as far as they are used, so that a fork costs little more than what
    stands in the editor.
    """
    files, vcs = terminal.files, terminal.vcs
    terminal._windows[terminal.window].state = terminal.state  # not the one from before its arrays grew
    memo: dict[int, Any] = {id(terminal.attributes): terminal.attributes}
    for entries in (files._entries, vcs.head, vcs.index, vcs._before):
        memo.update((id(entry), entry) for entry in entries.values())
    memo.update((id(commit), commit) for commit in vcs.commits)
    for state in [terminal.state, *(window.state for window in terminal._windows.values())]:
        memo[id(state.widths)] = state.widths
        _share_out(state, memo)
    return copy.deepcopy(terminal, memo)


def confine(terminal: Terminal, limits: Limits) -> None:
    """Let a terminal hold and spend no more than `limits` from now on; what it holds already stays."""
    terminal.limits = terminal.files.limits = limits
    for state in [terminal.state, *(window.state for window in terminal._windows.values())]:
        S.limit(state.ctl, limits)


def _share_out(state: State, memo: dict[int, Any]) -> None:
    """Copy the large arrays of a state, each up to what is used of it, unless another window's state has it too."""
    ctl = state.ctl
    gap, redo = int(ctl[S.GAP]), int(ctl[S.REDO_END])
    after = int(ctl[S.LINES]) - gap
    parts = (
        (state.pool, int(ctl[S.POOL_END]), 0),
        (state.log, int(ctl[S.UNDO_END]), redo),
        (state.clusters, len(state.clusters) if ctl[S.CLUSTERS] else 0, 0),
        (state.lines, gap, after),
        (state.register, int(ctl[S.REGISTER_LINES]), 0),
    )
    for array, front, back in parts:
        if id(array) not in memo:
            memo[id(array)] = _used(array, front, back)


def _used(array: NDArray[Any], front: int, back: int) -> NDArray[Any]:
    """As large an array with the same first and last rows; pages between that nobody writes take no memory."""
    out = np.zeros_like(array)
    out[:front] = array[:front]
    out[len(out) - back :] = array[len(array) - back :]
    return out


def own_bytes(terminal: Terminal) -> int:
    """Bytes of the arrays that are a terminal's own: without file contents and the table of widths."""
    states = [terminal.state, *(window.state for window in terminal._windows.values())]
    arrays = {id(array): array.nbytes for state in states for array in state if array is not state.widths}
    return sum(arrays.values())


def text_of(terminal: Terminal, path: str) -> bytes | None:
    """What an editor holds of the file `path`, else what is saved of it; None where there is no such file."""
    for number, window in terminal._windows.items():
        opened = window.buffer
        if opened is not None and not opened.message and opened.path == path:
            return buffer.save(terminal.state if number == terminal.window else window.state)
    entry = terminal.files.get(path)
    return None if entry is None else entry.data


def editing(terminal: Terminal, path: str) -> bool:
    """Whether an editor has `path` open."""
    buffers = (window.buffer for window in terminal._windows.values())
    return any(opened is not None and not opened.message and opened.path == path for opened in buffers)


def complaint(terminal: Terminal) -> str:
    """What the program in the foreground last complained of: the editor's error message, or that a line failed.

    Empty where it did not. A line of the shell is told with its number, so that the same failure twice is two.
    """
    state = terminal.state
    if terminal.program == "editor":
        row = state.cells[-2]
        wrong = attributes_of(row) == attributes.ERROR
        return "".join(map(chr, (row[wrong] & GLYPH_MASK).tolist())) if wrong.any() else ""
    shell = terminal._windows[terminal.window].shell
    return f"line {shell.forgotten + len(shell.history)}: status {shell.status}" if shell.status else ""
