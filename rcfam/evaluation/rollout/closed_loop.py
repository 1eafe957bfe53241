"""The closed loop: frames of many terminals -> a policy -> keys pressed in them -> the next frames, in lock step.

What a policy types is bounded by the terminal's own limits, which are the same on every machine. The clock is the last
resort: a rollout whose terminal has taken `seconds` of processor time ends as `timeout` after the key at hand. Keys are
pressed on a thread beside the main one, so that Ctrl-C is heard at once, and so that a key that never comes back can be
left behind: its rollout ends as `timeout` with a fault, and the others go on.
"""

# B terminals

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rcfam.dataset.index import Batch
from rcfam.evaluation.rollout.distance import MOST, distance
from rcfam.evaluation.rollout.policies import SILENT, Keys, Policy
from rcfam.evaluation.rollout.starts import Changes, Start, changes, reached
from rcfam.terminal.fork import PENDING, complaint, editing, fork, own_bytes, text_of
from rcfam.terminal.keys import PAGE_DOWN

MOST_BYTES: Final = 1 << 24
"""A terminal whose text and undo log grow so far beyond what they take at the start is taken from the policy."""
DONE, LEFT, OUT_OF_STEPS, OUTGROWN, FAULT = "done", "left", "steps", "outgrown", "fault"
TIMEOUT = "timeout"
STUCK: Final = "a key did not come back"
_LOOK_S: Final = 0.2
"""Between two looks at whether the thread that types has come back."""
_PATIENCE: Final = 2
"""A key that makes a rollout this many times as long as `seconds` is left behind."""


@dataclass
class Session:
    """One terminal under a policy's hands, and what was seen there."""

    start: Start
    seconds: float
    """Of processor time that the terminal may take."""
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
    """`done`: the truth was reached; `left`: the editor was left without it; `steps`; `outgrown`; `silent`: the policy
    had no token to choose; `timeout`; `fault`: an error of the terminal's own.
    """
    fault: str = ""
    pressed: int = 0
    """Keys that the terminal took; the last one of a fault is none of them."""
    took_s: float = 0.0
    """Processor time of the terminal and of what is measured of it."""
    distances: list[int] = field(default_factory=list)
    """Bytes to be edited before the first step, and after each."""

    def __post_init__(self) -> None:
        self.terminal = fork(self.start.terminal)
        self._begun_bytes = own_bytes(self.terminal)
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
        if keys is SILENT:
            self.ended = SILENT.value
            return
        self.steps += 1
        if keys is None:
            self.invalid += 1
            self._agrees = False
        begun, before = time.thread_time(), self.took_s
        for key in [] if keys is None else keys.tolist():
            self._press(key)
            self.took_s = before + time.thread_time() - begun
            if not self.ended and self.took_s > self.seconds:
                self.ended = TIMEOUT
            if self.ended:
                break
        if self.fault:
            return
        self.agreed_steps += self._agrees
        self._see()
        self.took_s = before + time.thread_time() - begun

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
            if not self.ended:
                self.ended, self.fault = FAULT, f"{type(error).__name__}: {error}"
            return
        if self.ended:
            return  # it was left behind, and has come back after all
        self.pressed += 1
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
        if own_bytes(terminal) > self._begun_bytes + MOST_BYTES:
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


class _Hand:
    """A thread that types one token into each of several sessions."""

    def __init__(self, turn: Sequence[tuple[Session, Keys]]) -> None:
        self._turn = turn
        self._at = 0
        self._left_behind = False
        self._clock: int | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._type, daemon=True)
        self._thread.start()

    def _type(self) -> None:
        self._clock = time.pthread_getcpuclockid(threading.get_ident())
        try:
            for number, (session, keys) in enumerate(self._turn):
                self._at = number
                session.type(keys)
                if self._left_behind:
                    return
        except BaseException as error:  # raised where it is waited for
            self._error = error

    def wait(self) -> int:
        """How many sessions are through; fewer than there are where the next one is stuck, which has ended then."""
        at, since, took = -1, 0.0, 0.0
        while True:
            self._thread.join(_LOOK_S)
            if not self._thread.is_alive():
                if self._error is not None:
                    raise self._error
                return len(self._turn)
            now = self._now()
            if self._at != at:
                at, since = self._at, now
                took = self._turn[at][0].took_s
            session = self._turn[at][0]
            if now - since + took > _PATIENCE * session.seconds:
                self._left_behind = True
                session.fault, session.ended = STUCK, TIMEOUT
                return at

    def _now(self) -> float:
        """The thread's processor time; 0 where it has just ended or not begun."""
        try:
            return 0.0 if self._clock is None else time.clock_gettime(self._clock)
        except OSError:
            return 0.0


def _turn(turn: Sequence[tuple[Session, Keys]]) -> None:
    """Type a token into each session, past those that are stuck."""
    while turn:
        turn = turn[_Hand(turn).wait() + 1 :]


def play(
    starts: Sequence[Start],
    context: Batch,
    policy: Policy,
    steps: int,
    seconds: float,
    progress: Callable[[int, int], None] = lambda step, ended: None,
) -> list[Session]:
    """One rollout from each start, all at once, of at most `steps` tokens each and `seconds` of processor time in its
    terminal. `progress` is told after each step how many there were, and how many rollouts have ended.
    """
    sessions = [Session(start, seconds) for start in starts]
    policy.begin(starts, context)
    for step in range(1, steps + 1):
        if all(session.ended for session in sessions):
            break
        cells_BRC = np.stack([session.terminal.state.cells for session in sessions])
        cursors_B3 = np.stack([session.terminal.state.cursor for session in sessions])
        answers = zip(sessions, policy.next(cells_BRC, cursors_B3), strict=True)
        _turn([(session, keys) for session, keys in answers if not session.ended])
        progress(step, sum(bool(session.ended) for session in sessions))
    for session in sessions:
        session.ended = session.ended or OUT_OF_STEPS
    return sessions
