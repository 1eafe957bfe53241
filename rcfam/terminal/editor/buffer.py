"""Between the bytes of a file and the editor's line table, without a loop over characters in Python."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcfam.jit import bare_kernel
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import text
from rcfam.terminal.limits import Limits
from rcfam.terminal.state import State


def characters(data: bytes) -> NDArray[np.uint32]:
    """The code points of `data`; a byte that is not UTF-8 becomes the lone surrogate 0xDC00 + byte."""
    if data.isascii():
        return np.frombuffer(data, dtype=np.uint8).astype(np.uint32)
    return np.frombuffer(data.decode("utf-8", "surrogateescape").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def to_bytes(codes: NDArray[np.uint32]) -> bytes:
    """The inverse of `characters`."""
    if codes.size == 0 or int(codes.max()) < K.ASCII_END:
        return codes.astype(np.uint8).tobytes()
    return codes.tobytes().decode("utf-32-le", "surrogatepass").encode("utf-8", "surrogateescape")


def fits(data: bytes, limits: Limits) -> bool:
    """Whether `data` is no larger than a text may be."""
    if len(data) > 4 * limits.characters or data.count(b"\n") >= limits.lines:
        return False
    return len(data) <= limits.characters or characters(data).size <= limits.characters


def load(state: State, data: bytes) -> State:
    """Replace the buffer by the lines of `data`, cursor at the start, unmodified; returns the state with arrays that
    fit.
    """
    codes = np.frombuffer(data, dtype=np.uint8) if data.isascii() else characters(data)
    newlines = int(np.count_nonzero(codes == K.NEWLINE))
    eol = not data or data.endswith(b"\n")
    count = max(1, newlines + (0 if eol else 1))
    pool = state.pool
    end = S.TEXT + codes.size
    room = codes.size + 16 * count + 4 * S.SPARE_CHARACTERS
    if pool.size < end + room:
        pool = np.zeros(max(end + 2 * room, S.DEFAULT_POOL), dtype=np.uint32)
        pool[: S.TEXT] = state.pool[: S.TEXT]
    pool[S.TEXT : end] = codes
    lines = state.lines
    if lines.shape[0] < count + 2 * S.SPARE_LINES:
        lines = np.zeros((count + count // 2 + S.DEFAULT_LINES, 2), dtype=np.int64)
        state = state._replace(register=np.zeros_like(lines))
    state = state._replace(pool=pool, lines=lines)
    ctl = state.ctl
    ctl[S.LINES] = ctl[S.GAP] = count
    ctl[S.GAP_SIZE] = lines.shape[0] - count
    ctl[S.POOL_END] = ctl[S.MARK] = end
    ctl[S.LONGEST] = split_lines(pool, end, lines)
    ctl[S.CHARACTERS] = codes.size - newlines
    ctl[S.IN_USE] = codes.size
    ctl[S.EMPTY] = not data
    ctl[S.EOL] = eol
    ctl[S.ENTRY] = -1
    for name in (
        S.MODIFIED, S.LINE, S.COLUMN, S.WANT, S.TOP, S.SKIP, S.MODE, S.COUNT, S.COUNT2, S.OPERATOR, S.LEAD, S.LITERAL,
        S.UNDO_END, S.REDO_END, S.UNIT_OPEN, S.REGISTER_LINES, S.REGISTER_KIND, S.HALF, S.DOT_RECORDING, S.LOWEST,
        S.UNDO_FIRST, S.UNDO_UNITS, S.TYPED, S.MOVED,
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
    out = np.empty(int(ctl[S.POOL_END]) - S.TEXT + last - first, dtype=np.uint8)
    size = gather(state, first, last, out)
    if size > out.size:  # lines that were put or copied stand in the pool only once
        out = np.empty(size, dtype=np.uint8)
        size = gather(state, first, last, out)
    if size >= 0:
        data = out[:size].tobytes()
    else:
        codes = np.empty(-size, dtype=np.uint32)
        gather(state, first, last, codes)
        data = to_bytes(codes)
    return data[:-1] if not ctl[S.EOL] and last == total and last > first else data


@bare_kernel
def split_lines(pool: Any, end: Any, lines: Any) -> Any:
    """Fill the line table with the lines of pool[TEXT:end]; return the length of the longest."""
    line = 0
    start = S.TEXT
    longest = 0
    for i in range(S.TEXT, end):
        if pool[i] == K.NEWLINE:
            lines[line, 0] = start
            lines[line, 1] = i - start
            longest = max(longest, i - start)
            start = i + 1
            line += 1
    if start < end or line == 0:
        lines[line, 0] = start
        lines[line, 1] = end - start
        longest = max(longest, end - start)
    return longest


@bare_kernel
def gather(s: Any, first: Any, last: Any, out: Any) -> Any:
    """Copy lines first:last to `out`, a newline after each; return how many characters they are.

    `out` holds whole code points or bytes. Where it is too small only the count is returned, and for bytes minus the
    count where a character is not ASCII.
    """
    size = last - first
    for line in range(first, last):
        size += text.length(s, line)
    if size > out.shape[0]:
        return size
    place = 0
    seen = np.uint32(0)
    line = first
    while line < last:
        k = text.slot(s.ctl, line)
        start = s.lines[k, 0]
        end = start + s.lines[k, 1]
        line += 1
        while line < last:  # lines that stand in the pool as they were read are copied with the newlines between them
            k = text.slot(s.ctl, line)
            if s.lines[k, 0] != end + 1 or s.pool[end] != K.NEWLINE:
                break
            end += 1 + s.lines[k, 1]
            line += 1
        source = s.pool[start:end]
        target = out[place : place + end - start]
        for i in range(len(source)):
            seen |= source[i]
            target[i] = source[i]
        place += end - start
        out[place] = K.NEWLINE
        place += 1
    return -size if out.itemsize == 1 and seen >= K.ASCII_END else size
