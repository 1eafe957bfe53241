"""The registers `"a` to `"z`: copies of what was yanked, so that they outlive the buffer. An upper-case letter adds."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import kernels
from rcfam.terminal import state as S
from rcfam.terminal.state import State

if TYPE_CHECKING:
    from rcfam.terminal.terminal import Terminal


_MOST = 1 << 26
"""characters and lines that one p puts, at most"""


class Register(NamedTuple):
    """What stands in a register: lines of characters, and whether they are whole lines."""

    lines: list[NDArray[np.uint32]]
    whole: bool


def keep(registers: dict[str, Register], state: State) -> None:
    """What was just yanked or deleted goes to the register named ctl[KEY] too."""
    ctl = state.ctl
    letter = chr(int(ctl[S.KEY]))
    spans = state.register[: int(ctl[S.REGISTER_LINES])].tolist()
    new = Register([state.pool[start : start + size].copy() for start, size in spans], bool(ctl[S.REGISTER_KIND]))
    old = registers.get(letter.lower())
    if letter.isupper() and old is not None:
        if new.whole or old.whole:
            new = Register([*old.lines, *new.lines], True)
        else:
            joined = np.concatenate([old.lines[-1], new.lines[0]])
            new = Register([*old.lines[:-1], joined, *new.lines[1:]], False)
    registers[letter.lower()] = new


def put(terminal: "Terminal", registers: dict[str, Register]) -> str:
    """p or P (ctl[KEY]) from the register ctl[REGISTER]; the unnamed register stays as it is. Returns a complaint."""
    ctl = terminal.state.ctl
    letter, key, count = chr(int(ctl[S.REGISTER])), int(ctl[S.KEY]), int(ctl[S.REPLAY_COUNT])
    ctl[S.REGISTER] = ctl[S.COUNT] = 0
    found = registers.get(letter.lower())
    if found is None:
        # vim, too, counts this as a change.
        kernels.replace_lines(terminal.state, int(ctl[S.LINE]), 0, np.empty((0, 2), dtype=np.int64), False, True)
        return f"E353: Nothing in register {letter.lower()}"
    size = sum(map(len, found.lines)) * max(count, 1)
    rows = len(found.lines) * (max(count, 1) + 1)
    if size + rows > _MOST:
        return ""
    terminal.reserve(2 * size, rows)
    state = terminal.state
    before = int(ctl[S.REGISTER_LINES]), int(ctl[S.REGISTER_KIND])
    spans = state.register[: before[0]].copy()
    _load(state, found)
    keys = f"{count or ''}{chr(key)}"
    terminal.press(np.frombuffer(keys.encode("utf-32-le"), dtype=np.uint32))
    state = terminal.state
    state.register[: before[0]] = spans
    state.ctl[S.REGISTER_LINES], state.ctl[S.REGISTER_KIND] = before
    # `.` repeats it from the same register.
    last = S.KEYS + S.REGION
    again = np.frombuffer(f'"{letter}{keys}'.encode("utf-32-le"), dtype=np.uint32)
    state.pool[last : last + again.size] = again
    state.ctl[S.DOT_LENGTH] = again.size
    return ""


def _load(state: State, found: Register) -> None:
    """Let the unnamed register be `found`."""
    ctl = state.ctl
    place = int(ctl[S.POOL_END])
    for number, line in enumerate(found.lines):
        state.pool[place : place + line.size] = line
        state.register[number] = place, line.size
        place += line.size
    ctl[S.POOL_END] = ctl[S.MARK] = place
    ctl[S.REGISTER_LINES], ctl[S.REGISTER_KIND] = len(found.lines), found.whole
