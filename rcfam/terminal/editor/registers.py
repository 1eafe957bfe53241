"""The registers `"a` to `"z`: copies of what was yanked, so that they outlive the buffer. An upper-case letter adds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import kernels
from rcfam.terminal import state as S
from rcfam.terminal.editor import ex
from rcfam.terminal.editor.host import Host
from rcfam.terminal.state import State


class Register(NamedTuple):
    """What stands in a register: the characters of its lines, their lengths, and whether they are whole lines."""

    codes: NDArray[np.uint32]
    sizes: NDArray[np.int64]
    whole: bool

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.codes.nbytes + self.sizes.nbytes


def keep(terminal: Host, registers: dict[str, Register]) -> str:
    """What was just yanked or deleted goes to the register named ctl[KEY] too. Returns a complaint."""
    state = terminal.state
    letter = chr(int(state.ctl[S.KEY]))
    sizes = state.register[: int(state.ctl[S.REGISTER_LINES]), 1].copy()
    old = registers.get(letter.lower()) if letter.isupper() else None
    others = sum(register.nbytes for name, register in registers.items() if name != letter.lower())
    needs = 4 * int(sizes.sum()) + sizes.nbytes + (old.nbytes if old else 0)
    if others + needs > terminal.limits.register_bytes:
        return ex.out_of_memory(needs)
    codes = np.empty(int(sizes.sum()), dtype=np.uint32)
    kernels.take_lines(state, codes, sizes)
    new = Register(codes, sizes, bool(state.ctl[S.REGISTER_KIND]))
    if old is not None:
        joined = np.concatenate([old.codes, new.codes])
        if new.whole or old.whole:
            new = Register(joined, np.concatenate([old.sizes, new.sizes]), True)
        else:
            middle = old.sizes[-1:] + new.sizes[:1]
            new = Register(joined, np.concatenate([old.sizes[:-1], middle, new.sizes[1:]]), False)
    registers[letter.lower()] = new
    return ""


def put(terminal: Host, registers: dict[str, Register]) -> str:
    """p or P (ctl[KEY]) from the register ctl[REGISTER]; the unnamed register stays as it is. Returns a complaint."""
    ctl = terminal.state.ctl
    letter, key, count = chr(int(ctl[S.REGISTER])), int(ctl[S.KEY]), int(ctl[S.REPLAY_COUNT])
    ctl[S.REGISTER] = ctl[S.COUNT] = 0
    found = registers.get(letter.lower())
    if found is None:
        # vim, too, counts this as a change.
        kernels.replace_lines(terminal.state, int(ctl[S.LINE]), 0, np.empty((0, 2), dtype=np.int64), False, True)
        return f"E353: Nothing in register {letter.lower()}"
    times = max(count, 1)
    size, rows = found.codes.size * times, found.sizes.size * times
    spent = int(ctl[S.CHARACTERS] + ctl[S.LINES]) + size + rows
    if spent > ctl[S.MOST_CHARACTERS] or ctl[S.LINES] + rows > ctl[S.MOST_LINES]:
        return ex.out_of_memory(size + rows)
    terminal.reserve(2 * found.codes.size + size, rows + found.sizes.size)
    state = terminal.state
    before = int(ctl[S.REGISTER_LINES]), int(ctl[S.REGISTER_KIND])
    spans = state.register[: before[0]].copy()
    _load(state, found)
    kernels.put(state, key == ord("P"), times)
    state.register[: before[0]] = spans
    ctl[S.REGISTER_LINES], ctl[S.REGISTER_KIND] = before
    # `.` repeats it from the same register.
    last = S.KEYS + S.REGION
    again = np.frombuffer(f'"{letter}{count or ""}{chr(key)}'.encode("utf-32-le"), dtype=np.uint32)
    state.pool[last : last + again.size] = again
    ctl[S.DOT_LENGTH] = again.size
    return ""


def _load(state: State, found: Register) -> None:
    """Let the unnamed register be `found`."""
    ctl = state.ctl
    place, lines = int(ctl[S.POOL_END]), found.sizes.size
    state.pool[place : place + found.codes.size] = found.codes
    state.register[:lines, 0] = place + np.cumsum(found.sizes) - found.sizes
    state.register[:lines, 1] = found.sizes
    ctl[S.POOL_END] = ctl[S.MARK] = place + found.codes.size
    ctl[S.REGISTER_LINES], ctl[S.REGISTER_KIND] = lines, found.whole
