"""Between the bytes of a file and the editor's line table, without a loop over characters in Python."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import kernel
from rcfam.terminal import state as S
from rcfam.terminal.state import State


def characters(data: bytes) -> NDArray[np.uint32]:
    """The code points of `data`; a byte that is not UTF-8 becomes the lone surrogate 0xDC00 + byte."""
    if data.isascii():
        return np.frombuffer(data, dtype=np.uint8).astype(np.uint32)
    return np.frombuffer(data.decode("utf-8", "surrogateescape").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def to_bytes(codes: NDArray[np.uint32]) -> bytes:
    """The inverse of `characters`."""
    if codes.size == 0 or int(codes.max()) < 0x80:
        return codes.astype(np.uint8).tobytes()
    return codes.tobytes().decode("utf-32-le", "surrogatepass").encode("utf-8", "surrogateescape")


def load(state: State, data: bytes) -> State:
    """Replace the buffer by the lines of `data`, cursor at the start, unmodified; returns the state with arrays that
    fit.
    """
    codes = characters(data)
    ends = np.flatnonzero(codes == 10)
    eol = codes.size == 0 or (ends.size > 0 and int(ends[-1]) == codes.size - 1)
    count = max(1, ends.size + (0 if eol else 1))
    pool = state.pool
    room = S.TEXT + codes.size + 4 * S.SPARE_CHARACTERS
    if pool.size < room:
        pool = np.zeros(max(room + codes.size, S.DEFAULT_POOL), dtype=np.uint32)
        pool[: S.TEXT] = state.pool[: S.TEXT]
    lines = state.lines
    if lines.shape[0] < count + 2 * S.SPARE_LINES:
        lines = np.zeros((count + count // 2 + S.DEFAULT_LINES, 4), dtype=np.int64)
    pool[S.TEXT : S.TEXT + codes.size] = codes
    lines[0, :2] = 0
    lines[1:count, 0] = ends[: count - 1] + 1
    lines[: ends.size, 1] = ends
    if not eol:
        lines[count - 1, 1] = codes.size
    lines[:count, 1] -= lines[:count, 0]
    lines[:count, 0] += S.TEXT
    state = state._replace(pool=pool, lines=lines)
    ctl = state.ctl
    ctl[S.LINES] = ctl[S.GAP] = count
    ctl[S.GAP_SIZE] = lines.shape[0] - count
    ctl[S.POOL_END] = ctl[S.MARK] = S.TEXT + codes.size
    ctl[S.LONGEST] = int(lines[:count, 1].max())
    ctl[S.EMPTY] = codes.size == 0
    ctl[S.EOL] = eol
    ctl[S.ENTRY] = -1
    for name in (
        S.MODIFIED, S.LINE, S.COLUMN, S.WANT, S.TOP, S.SKIP, S.MODE, S.COUNT, S.COUNT2, S.OPERATOR, S.LEAD, S.LITERAL,
        S.UNDO_END, S.REDO_END, S.UNIT_OPEN, S.REGISTER_LINES, S.REGISTER_KIND, S.HALF, S.DOT_RECORDING,
    ):  # fmt: skip
        ctl[name] = 0
    ctl[S.CHANGED] = ctl[S.WHOLE] = 1
    return state


def save(state: State, first: int = 0, last: int | None = None) -> bytes:
    """The bytes that `:w` writes: the lines first:last (all by default), the last one without its newline where
    `noeol` is set.
    """
    ctl = state.ctl
    total = int(ctl[S.LINES])
    if ctl[S.EMPTY]:
        return b""
    last = total if last is None else last
    codes = np.empty(int(text_size(state, first, last)) + last - first, dtype=np.uint32)
    gather(state, first, last, codes)
    if not ctl[S.EOL] and last == total and last > first:
        codes = codes[:-1]
    return to_bytes(codes)


@kernel
def text_size(s: Any, first: Any, last: Any) -> Any:
    total = 0
    for line in range(first, last):
        k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
        total += s.lines[k, 1]
    return total


@kernel
def gather(s: Any, first: Any, last: Any, out: Any) -> None:
    """Copy lines first:last to `out`, a newline after each."""
    place = 0
    for line in range(first, last):
        k = line if line < s.ctl[S.GAP] else line + s.ctl[S.GAP_SIZE]
        start = s.lines[k, 0]
        for i in range(s.lines[k, 1]):
            out[place + i] = s.pool[start + i]
        place += s.lines[k, 1]
        out[place] = 10
        place += 1
