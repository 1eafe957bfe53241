"""Room for one more key: arrays that have none are replaced by larger ones. `kernels.headroom` says when."""

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import kernels
from rcfam.terminal import state as S
from rcfam.terminal.state import State


def grown(s: State, characters: int = 0, more_lines: int = 0) -> State:
    """The state with room for one more key, and for so many characters and lines besides."""
    ctl = s.ctl
    room = int(kernels.pool_room(ctl)) + characters
    if s.pool.size - ctl[S.POOL_END] < room:
        s = s._replace(pool=_enlarged(s.pool, s.pool.size + 2 * room, int(ctl[S.POOL_END])))
    lines = S.SPARE_LINES + int(ctl[S.REGISTER_LINES]) + more_lines
    if ctl[S.GAP_SIZE] < lines:
        gap, size = int(ctl[S.GAP]), 2 * s.lines.shape[0] + lines
        table = _enlarged(s.lines, size, gap, int(ctl[S.LINES]) - gap)
        register = _enlarged(s.register, size, int(ctl[S.REGISTER_LINES]))
        ctl[S.GAP_SIZE] += size - s.lines.shape[0]
        s = s._replace(lines=table, register=register)
    entries = S.SPARE_LOG + 2 * (int(ctl[S.LINES]) + more_lines)
    if s.log.shape[0] - ctl[S.UNDO_END] - ctl[S.REDO_END] < entries:
        log = _enlarged(s.log, 2 * s.log.shape[0] + entries, int(ctl[S.UNDO_END]), int(ctl[S.REDO_END]))
        s = s._replace(log=log)
    if s.clusters.shape[0] - ctl[S.CLUSTERS] < 2 * s.cells.size and s.clusters.shape[0] < 1 << 20:
        s = _more_clusters(s)
    return s


def _enlarged(array: NDArray, size: int, front: int, back: int = 0) -> NDArray:
    """An array of `size` rows with the first `front` and the last `back` rows of `array`."""
    larger = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    larger[:front] = array[:front]
    larger[size - back :] = array[array.shape[0] - back :]
    return larger


def _more_clusters(s: State) -> State:
    old = s.clusters
    larger = s._replace(clusters=np.zeros((2 * old.shape[0], 6), dtype=np.int32))
    count = int(s.ctl[S.CLUSTERS])
    larger.ctl[S.CLUSTERS] = 0
    for glyph, mark in old[:count, :2].tolist():
        kernels.combine(larger, glyph, mark)
    return larger
