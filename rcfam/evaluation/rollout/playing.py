"""The closed loop: frames of many terminals -> a policy -> keys pressed in them -> the next frames, in lock step."""

# B terminals

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rcfam.dataset.index import Batch
from rcfam.evaluation.rollout.distance import MOST, distance
from rcfam.evaluation.rollout.policies import Keys, Policy
from rcfam.evaluation.rollout.starting import Changes, Start, changes, reached
from rcfam.terminal.fork import PENDING, complaint, editing, fork, own_bytes, text_of
from rcfam.terminal.keys import PAGE_DOWN

MOST_BYTES: Final = 1 << 28
"""A terminal whose text and undo log grow beyond it is taken from the policy."""
DONE, LEFT, OUT_OF_STEPS, OUTGROWN, FAULT = "done", "left", "steps", "outgrown", "fault"


@dataclass
class Seat:
    """One terminal under a policy's hands, and what was seen there."""

    start: Start
    keys: list[int] = field(default_factory=list)
    steps: int = 0
    wasted: int = 0
    """Keys after which nothing had changed: neither the screen nor what the terminal waits for."""
    invalid: int = 0
    """Keys that no keyboard sends or that the terminal complained of, and tokens that stand for no key."""
    agreed_steps: int = 0
    agreed_keys: int = 0
    """Up to the first key that is not the teacher's."""
    ended: str = ""
    """`done`: the truth was reached; `left`: the editor was left without it; `steps`; `outgrown`; `fault`: an error of
    the terminal's own.
    """
    fault: str = ""
    distances: list[int] = field(default_factory=list)
    """Bytes to be edited before the first step, and after each."""

    def __post_init__(self) -> None:
        self.terminal = fork(self.start.terminal)
        self._changed = self.terminal.files.watch()
        self._commit = self.terminal.vcs.commits[-1:]
        place = self.start.place
        self._paths = self.start.paths()
        self._known: dict[str, tuple[bytes | None, int]] = {}
        self._begun: dict[str, bytes | None] = {}
        self._seen: list[Changes] = []
        self._agrees = True
        self._opened = editing(self.terminal, place.path)
        self._see()

    def type(self, keys: Keys) -> None:
        """Press one token's keys, as far as the end."""
        self.steps += 1
        if keys is None:
            self.invalid += 1
            self._agrees = False
        for key in [] if keys is None else keys.tolist():
            self._press(key)
            if self.ended:
                break
        self.agreed_steps += self._agrees
        if self.ended != FAULT:
            self._see()

    def _press(self, key: int) -> None:
        terminal = self.terminal
        state = terminal.state
        cells, cursor, pending = state.cells.copy(), state.cursor.copy(), state.ctl[PENDING]
        said = complaint(terminal)
        self._agrees = (
            self._agrees and len(self.keys) < len(self.start.keys_K) and (key == self.start.keys_K[len(self.keys)])
        )
        self.agreed_keys += self._agrees
        self.keys.append(key)
        try:
            terminal.press(np.array([key], np.uint32))
        except Exception as error:  # whatever it is, it is a fault of the terminal, and is counted and told
            self.ended, self.fault = FAULT, f"{type(error).__name__}: {error}"
            return
        state = terminal.state
        says = complaint(terminal)
        self.wasted += (
            np.array_equal(cells, state.cells)
            and np.array_equal(cursor, state.cursor)
            and np.array_equal(pending, state.ctl[PENDING])
        )
        self.invalid += key > PAGE_DOWN or 0xD800 <= key < 0xE000 or (says != "" and says != said)
        self._look()

    def _look(self) -> None:
        """Has it come to an end?"""
        terminal, place = self.terminal, self.start.place
        commit = terminal.vcs.commits[-1:]
        if self._changed or commit != self._commit:
            self._commit = commit
            if place.goal == "commit":
                self._paths |= self._changed
            self._changed.clear()
            if reached(terminal, place, self.start.truth):
                self.ended = DONE
                return
        opened = editing(terminal, place.path)
        if place.goal == "file" and self._opened and not opened:
            self.ended = LEFT
        self._opened = opened
        if own_bytes(terminal) > MOST_BYTES:
            self.ended = OUTGROWN

    def _see(self) -> None:
        """Measure what the editor holds, or what is saved, against the truth; beyond MOST it is MOST + 1."""
        total = 0
        texts = {path: text_of(self.terminal, path) for path in self._paths}
        for path, text in texts.items():
            known = self._known.get(path)
            if known is None or known[0] != text:
                truth = self.start.truth.files.get(path)
                known = self._known[path] = text, distance(text or b"", truth.data if truth else b"")
            total += known[1]
        self.distances.append(min(total, MOST + 1))
        for path in texts.keys() - self._begun.keys():
            self._begun[path] = text_of(self.start.terminal, path)
        self._seen.append(changes(self._begun, texts))

    def strayed(self) -> bool:
        """Whether after the first step the files were as the teacher never has them."""
        return len(self._seen) > 1 and self._seen[1] not in self.start.way

    def came_back(self) -> bool:
        """Whether after a later step than the first they were as the teacher has them after some of its keys."""
        return not self.start.way.isdisjoint(self._seen[2:])


def play(starts: Sequence[Start], context: Batch, policy: Policy, steps: int) -> list[Seat]:
    """One rollout from each start, all at once, of at most `steps` tokens each."""
    seats = [Seat(start) for start in starts]
    policy.begin(starts, context)
    for _ in range(steps):
        if all(seat.ended for seat in seats):
            break
        cells_BRC = np.stack([seat.terminal.state.cells for seat in seats])
        cursors_B3 = np.stack([seat.terminal.state.cursor for seat in seats])
        for seat, keys in zip(seats, policy.next(cells_BRC, cursors_B3), strict=True):
            if not seat.ended:
                seat.type(keys)
    for seat in seats:
        seat.ended = seat.ended or OUT_OF_STEPS
    return seats
