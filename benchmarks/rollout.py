"""The model at the keyboard: frames a second for many terminals at once, and what a step costs as a rollout grows.

    python -m benchmarks.rollout [--json] [--terminals 1,16,256] [--seconds 4] [--steps 10000] [--device cpu]

A frame is one turn of the loop: the frame goes through the model, a token is drawn, its keys are pressed in the
terminal, and all is measured as `rcfam rollout` measures it. The model is the default preset's, untrained, and draws
at temperature 1; each terminal begins in the editor on a file of 400 lines. `model` and `terminals` are the two sides
of the loop alone: frames through the model, and tokens drawn blindly and pressed in a terminal without a model.

Seconds are the processor's, with one thread (on a GPU those of the clock). A step of the long rollout is the median
over a tenth of all steps; the first tenth stands beside the last. The model carries a state of one size; the terminal
does what the tokens say, and where a file grows, its undo log and what is drawn of it do.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rcfam.dataset.index import Batch
from rcfam.evaluation.rollout.closed_loop import Session
from rcfam.evaluation.rollout.policies import Keys, Model, Sampling
from rcfam.evaluation.rollout.start_points import StartPoint
from rcfam.evaluation.rollout.starts import Start, Truth
from rcfam.model import DataShape, ModelParams, build
from rcfam.model.frames import gather
from rcfam.terminal import Terminal
from rcfam.terminal.files import FILE, Entry
from rcfam.terminal.fork import fork
from rcfam.terminal.keys import from_text
from rcfam.tokenizer import Tokenizer

CONTEXT = 16
WORDS = ("def", "return", "self", "import", "from", "class", "for", "in", "if", "not", "else", "None", "True", "lambda")


def tokenizer() -> Tokenizer:
    """Every printable key, the named ones that are typed most, and some words, with and without a space before."""
    singles = [np.array([key], np.uint32) for key in (*range(32, 127), 13, 27, 9, 127, *range(0x110000, 0x110004))]
    return Tokenizer([*singles, *(from_text(space + word) for word in WORDS for space in ("", " "))])


def start() -> Start:
    """A terminal in the editor on a file of some size, and a truth that nobody types."""
    terminal = Terminal()
    text = "".join(f"def function_{n}(first, second):\n    return first + second * {n}\n" for n in range(200))
    terminal.files.write("a.py", text.encode())
    terminal.press(from_text("vim a.py\rGo"))
    place = StartPoint("bench", "0" * 40, "file", 1, "a.py", 0, CONTEXT, CONTEXT + 1, 1, 2)
    truth = Truth({"a.py": Entry(FILE, text.encode() + b"the end\n")}, {}, "")
    return Start(0, place, terminal, truth, from_text("x"), np.zeros(1, np.int64), 13)


def context_of(one: Start, terminals: int) -> Batch:
    """The same frame again and again."""
    state = one.terminal.state
    cells = np.broadcast_to(state.cells, (CONTEXT, terminals, *state.cells.shape)).copy()
    cursors = np.broadcast_to(state.cursor, (CONTEXT, terminals, 3)).copy()
    shape = (CONTEXT, terminals)
    return Batch(
        cells, cursors, np.zeros(shape, np.int64), np.ones(shape, np.bool_), np.zeros((terminals, 2), np.int64)
    )


class Loop:
    """The closed loop without an end: who leaves the editor goes on in the shell."""

    def __init__(self, terminals: int, device: str) -> None:
        whole, known = start(), tokenizer()
        starts = [replace(whole, number=n) for n in range(terminals)]
        shape = DataShape(24, 80, known.padded, np.asarray(whole.terminal.attributes))
        self.model = build(ModelParams(), shape, 0).to(device)
        self.policy = Model(self.model, known, Sampling(1.0, 1.0, 0), device=device)
        self.device = device
        self.sessions = [Session(one, math.inf) for one in starts]
        self.policy.begin(starts, context_of(whole, terminals))
        self.outgrown = self.faults = 0

    def frames(self) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        """What all terminals show."""
        states = [session.terminal.state for session in self.sessions]
        return np.stack([state.cells for state in states]), np.stack([state.cursor for state in states])

    def step(self) -> list[Keys]:
        """One turn."""
        keys = self.policy.next(*self.frames())
        self.press(keys)
        return keys

    def press(self, keys: list[Keys]) -> None:
        """The terminals' side of a turn. A terminal that has outgrown its bounds, or failed, begins anew."""
        for number, (session, typed) in enumerate(zip(self.sessions, keys, strict=True)):
            session.type(typed)
            if session.ended in ("outgrown", "fault"):
                self.outgrown += session.ended == "outgrown"
                self.faults += session.ended == "fault"
                self.sessions[number] = Session(session.start, math.inf)
            session.ended = ""


def clock(device: str) -> Callable[[], float]:
    """The processor's time, which other programs do not stretch; on a GPU what has passed."""
    return time.process_time if device == "cpu" else time.perf_counter


def rate(turn: Callable[[], object], terminals: int, seconds: float, device: str) -> float:
    """Frames a second of repeated turns."""
    now = clock(device)
    turn()
    turns, begin = 0, now()
    while now() - begin < seconds:
        turn()
        turns += 1
    return turns * terminals / (now() - begin)


def throughput(terminals: int, seconds: float, device: str) -> dict[str, float]:
    """Frames a second: the loop, and each of its sides alone."""
    loop = Loop(terminals, device)
    whole = rate(loop.step, terminals, seconds, device)
    cells, cursors = loop.frames()

    @torch.inference_mode()
    def through_the_model() -> None:
        loop.model(gather(cells[None], cursors[None], device), loop.model.initial(terminals))

    draws = np.random.default_rng(0)
    known = tokenizer()

    def through_the_terminals() -> None:
        loop.press([known.token(int(token)) for token in draws.integers(32, known.size, terminals)])

    return {
        "loop": whole,
        "model": rate(through_the_model, terminals, seconds / 2, device),
        "terminals": rate(through_the_terminals, terminals, seconds / 2, device),
        "faults": loop.faults,
    }


def long_run(steps: int, device: str) -> tuple[list[float], Loop]:
    """Milliseconds of a step in each tenth of a rollout of one terminal."""
    loop = Loop(1, device)
    spent, now = np.empty(steps), clock(device)
    for n in range(steps):
        begin = now()
        loop.step()
        spent[n] = now() - begin
    return [float(np.median(part)) * 1000 for part in np.array_split(spent, 10)], loop


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def fork_bytes(count: int = 64) -> float:
    """Bytes that one more terminal takes."""
    whole = start().terminal
    kept = [fork(whole) for _ in range(8)]
    before = resident()
    kept += [fork(whole) for _ in range(count)]
    return (resident() - before) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--terminals", default="1,16,256")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(1)
    size = fork_bytes()
    print(f"one more terminal: {size / 2**20:.2f} MiB; 256 of them: {256 * size / 2**20:.0f} MiB")
    counts = [int(count) for count in given.terminals.split(",")]
    print(f"\n{'terminals':>10} {'frames/s':>10} {'model':>10} {'terminals':>10}")
    table = {}
    for count in counts:
        table[count] = throughput(count, given.seconds, given.device)
        print(f"{count:>10} " + " ".join(f"{table[count][name]:>10,.0f}" for name in ("loop", "model", "terminals")))
    tenths, loop = long_run(given.steps, given.device)
    print(f"\nmilliseconds of a step in each tenth of {given.steps:,} steps: " + " ".join(f"{ms:.2f}" for ms in tenths))
    print(f"outgrown {loop.outgrown}, faults {loop.faults}")
    many, slope = max(counts), tenths[-1] / tenths[0]
    claims = [
        {"name": f"frames/s of {many} terminals over 1", "value": table[many]["loop"] / table[min(counts)]["loop"]},
        {"name": "last tenth of a long rollout over the first", "value": slope},
        {"name": "one more terminal", "value": size / 2**20},
        {"name": "faults", "value": loop.faults + sum(row["faults"] for row in table.values())},
    ]
    targets: list[tuple[str, float, bool]] = [("x", 5.0, True), ("x", 1.25, False), ("MiB", 4.0, False), ("", 0, False)]
    for claim, (unit, target, above) in zip(claims, targets, strict=True):
        value = float(claim["value"])
        claim |= {"unit": unit, "target": target, "holds": bool(value >= target if above else value <= target)}
        print(f"{claim['name']}: {value:.2f} {unit} ({'at least' if above else 'at most'} {target}): {claim['holds']}")
    if given.json:
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
