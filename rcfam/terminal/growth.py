"""Room for one more key: arrays that have none are tidied or replaced by larger ones. `kernels.headroom` says when."""

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import kernels
from rcfam.terminal import state as S
from rcfam.terminal.editor.text import UNIT
from rcfam.terminal.state import State

_TEXTS = 4  # the pool holds so many times the largest text: the text, the register, a copy for the next key, undo
_SMALL = 1 << 16


def grown(s: State, characters: int = 0, more_lines: int = 0, rows: int = 0, tidy: bool = False) -> State:
    """The state with room for one more key, and for so many characters, lines and rows of the undo log besides.

    With `tidy` text that nothing points to leaves the pool, and the oldest undo with it where the pool would be too
    large: whoever holds a place in the pool must not ask for that.
    """
    ctl = s.ctl
    room = int(kernels.pool_room(ctl)) + characters
    if s.pool.size - ctl[S.POOL_END] < room:
        if tidy:
            _tidy(s, room)
        used = int(ctl[S.POOL_END])
        if s.pool.size - used < room:
            s = s._replace(pool=_enlarged(s.pool, used + (used - S.TEXT) // 2 + 2 * room, used))
    lines = S.SPARE_LINES + int(ctl[S.REGISTER_LINES]) + more_lines
    if ctl[S.GAP_SIZE] < lines:
        gap, size = int(ctl[S.GAP]), s.lines.shape[0] * 3 // 2 + lines
        table = _enlarged(s.lines, size, gap, int(ctl[S.LINES]) - gap)
        register = _enlarged(s.register, size, int(ctl[S.REGISTER_LINES]))
        ctl[S.GAP_SIZE] += size - s.lines.shape[0]
        s = s._replace(lines=table, register=register)
    rows = max(rows, S.SPARE_LOG + 2 * (int(ctl[S.LINES]) + more_lines))
    if s.log.shape[0] - ctl[S.UNDO_END] - ctl[S.REDO_END] < rows:
        _forget_rows(s, int(ctl[S.UNDO_FIRST]))
        undo, redo = int(ctl[S.UNDO_END]), int(ctl[S.REDO_END])
        if s.log.shape[0] - undo - redo < rows:
            s = s._replace(log=_enlarged(s.log, (undo + redo) * 3 // 2 + 2 * rows, undo, redo))
    if s.clusters.shape[0] - ctl[S.CLUSTERS] < 2 * s.cells.size and s.clusters.shape[0] < 1 << 20:
        s = _more_clusters(s)
    return s


def _enlarged(array: NDArray, size: int, front: int, back: int = 0) -> NDArray:
    """An array of `size` rows with the first `front` and the last `back` rows of `array`."""
    larger = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    larger[:front] = array[:front]
    larger[size - back :] = array[array.shape[0] - back :]
    return larger


def _tidy(s: State, room: int) -> None:
    """Compact the pool where that may be worth it, and forget the oldest undo where the pool would be too large."""
    ctl = s.ctl
    most = S.TEXT + _TEXTS * int(ctl[S.MOST_CHARACTERS]) + room
    if ctl[S.POOL_END] - S.TEXT <= 2 * ctl[S.IN_USE] + _SMALL and ctl[S.POOL_END] + room <= most:
        return
    _compact(s)
    if ctl[S.POOL_END] + room > most:
        shared = int(ctl[S.CHARACTERS]) + int(s.register[: ctl[S.REGISTER_LINES], 1].sum())
        _forget_undo(s, max(most - room - S.TEXT - shared, 0))
        _compact(s)


def _compact(s: State) -> None:
    kernels.compact(s, np.zeros(int(s.ctl[S.POOL_END]) + 1, dtype=np.int32))
    s.ctl[S.IN_USE] = s.ctl[S.POOL_END] - S.TEXT


def _forget_undo(s: State, characters: int) -> None:
    """Keep the newest undo units that saved no more than so many characters."""
    ctl = s.ctl
    ctl[S.REDO_END] = 0
    log = s.log[: ctl[S.UNDO_END]]
    saved = np.where(log[:, 3] == 0, log[:, 1], 0)[::-1].cumsum()[::-1]
    units = np.flatnonzero((log[:, 3] == UNIT) & (saved <= characters))
    units = units[units >= ctl[S.UNDO_FIRST]]
    ctl[S.UNDO_UNITS] = units.size
    if units.size:
        ctl[S.UNDO_FIRST] = units[0]
    else:  # not even the unit in progress
        ctl[S.UNDO_FIRST] = ctl[S.UNDO_END]
        ctl[S.UNIT_OPEN] = 0
        ctl[S.ENTRY] = -1


def _forget_rows(s: State, first: int) -> None:
    """Move the undo log to the front of its array."""
    ctl = s.ctl
    count = int(ctl[S.UNDO_END]) - first
    s.log[:count] = s.log[first : first + count].copy()
    ctl[S.UNDO_FIRST] = 0
    ctl[S.UNDO_END] = count
    if ctl[S.ENTRY] >= 0:
        ctl[S.ENTRY] -= first


def _more_clusters(s: State) -> State:
    larger = s._replace(clusters=np.zeros((2 * s.clusters.shape[0], 6), dtype=np.int32))
    count = int(s.ctl[S.CLUSTERS])
    larger.ctl[S.CLUSTERS] = 0
    kernels.recombine(larger, s.clusters, count)
    return larger
