"""Keys that are pressed again: `.`, and an insertion with a count."""

from typing import TYPE_CHECKING

import numpy as np

from rcfam.terminal import kernels
from rcfam.terminal import state as S

if TYPE_CHECKING:
    from rcfam.terminal.terminal import Terminal

_MOST = 10_000


def last_change(terminal: "Terminal") -> None:
    """`.`: press the keys of the last change again, with another count where one was typed.

    Where the command comes to nothing this time, what was inserted after it is not pressed.
    """
    state = terminal.state
    ctl = state.ctl
    if ctl[S.REPLAYING]:
        return
    last = S.KEYS + S.REGION
    keys = state.pool[last : last + int(ctl[S.DOT_LENGTH])].copy()
    inserted = int(ctl[S.DOT_INSERT])
    if ctl[S.REPLAY_COUNT]:
        digits = np.frombuffer(str(int(ctl[S.REPLAY_COUNT])).encode("utf-32-le"), dtype=np.uint32)
        first = 0
        while first < keys.size and ord("0") <= keys[first] <= ord("9"):
            first += 1
        keys = np.concatenate([digits, keys[first:]])
        inserted += (digits.size - first) * (inserted > 0)
    if ctl[S.DOT_SELECTED]:
        kernels.select_again(state)
    ctl[S.REPLAYING] = 1
    if inserted:
        terminal.press(keys[:inserted])
        keys = keys[inserted:] if terminal.state.ctl[S.MODE] in (S.INSERT, S.REPLACE) else keys[:0]
    terminal.press(keys)
    terminal.state.ctl[S.REPLAYING] = 0


def insertion(terminal: "Terminal") -> None:
    """Esc after `3i`: what was typed goes in twice more."""
    state = terminal.state
    ctl = state.ctl
    first, last = int(ctl[S.INSERT_FROM]), int(ctl[S.DOT_RECORDING])
    count = int(ctl[S.INSERT_COUNT])
    ctl[S.INSERT_COUNT] = 1
    if last <= S.REGION:
        command = state.pool[S.KEYS + first - 1] if first else 0
        typed = state.pool[S.KEYS + first : S.KEYS + last - 1].copy()
        opened = np.array([13], dtype=np.uint32) if command in (ord("o"), ord("O")) else typed[:0]
        for _ in range(min(count, _MOST) - 1):
            terminal.press(np.concatenate([opened, typed]))
        recorded = last - int(ctl[S.DOT_RECORDING])
        terminal.state.ctl[S.DOT_RECORDING] += min(recorded, 0)
    terminal.press(np.array([27], dtype=np.uint32))
