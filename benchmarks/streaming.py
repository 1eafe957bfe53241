"""Ways to get the gradient of a long sequence, side by side: memory and time over the length.

    python -m benchmarks.streaming [--json] [--head conv|rows] [--longest N] [--chunk N] [--streams N]

plain        one graph over everything
checkpoint   torch.utils.checkpoint around every chunk
two-pass     the head a chunk at a time, the backbone through the whole sequence
fused        states at chunk borders alone, one reverse sweep (what training uses)

Every measurement is a process of its own with one thread. Memory is the peak above what stood before the step:
weights, input and libraries are not in it. Time is the processor's, the best of several steps. The `rows` head works
each distinct row of a chunk out once, so that a longer chunk is less work and plain autograd, one chunk, the least;
the `conv` head costs the same in any chunk.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import frames_of, score
from rcfam.model import DataShape, build, presets
from rcfam.model.action import ActionModel
from rcfam.model.backbones import State
from rcfam.training.streaming import gradients, plain_gradients, two_pass_gradients

Head = Literal["rows", "conv"]
METHODS = ("plain", "checkpoint", "two-pass", "fused")
SHAPE = DataShape(24, 80, 1024, np.zeros((8, 3), np.uint32))
PLAIN_LONGEST = 1024  # its memory grows without bound


def typing(length: int, streams: int, seed: int = 0) -> Batch:
    """Somebody types words into a screen of words that scrolls: one row in ten is new from frame to frame."""
    rng = np.random.default_rng(seed)
    rows, columns = SHAPE.rows, SHAPE.columns
    cells = np.empty((length, streams, rows, columns), np.uint32)
    cursors = np.empty((length, streams, 3), np.int32)
    targets = rng.integers(97, 123, (length, streams))
    for stream in range(streams):
        screen = np.full((rows, columns), 32, np.uint32)
        for row in range(rows - 1):
            screen[row, : rng.integers(0, 60)] = rng.integers(97, 123)
        row, column = rows // 2, 0
        for step in range(length):
            screen[-1, 60:66] = 48 + np.array([row // 10, row % 10, 0, 0, column // 10, column % 10])
            cells[step, stream], cursors[step, stream] = screen, (row, column, 1)
            screen[row, column] = targets[step, stream]
            column += 1
            if column == columns or rng.random() < 0.03:
                column = 0
                screen[1:-2] = screen[2:-1].copy()
                screen[row] = 32
    return Batch(cells, cursors, targets, np.ones((length, streams), np.bool_), np.zeros((streams, 2), np.int64))


def checkpointed(model: ActionModel, batch: Batch, chunk: int) -> None:
    """Each chunk's head, recurrence and loss under a checkpoint: the graph between chunks is kept."""

    def piece(start: int, *state: Tensor) -> tuple[Tensor, State]:
        logits, after = model(frames_of(batch, start, chunk, "cpu"), state)
        return score(logits, batch, start, chunk).loss_TB.sum(), after

    state, losses = model.initial(batch.targets_TB.shape[1]), []
    for start in range(0, len(batch.targets_TB), chunk):
        loss, state = checkpoint(piece, start, *state, use_reentrant=False)
        losses.append(loss)
    (torch.stack(losses).sum() / batch.mask_TB.sum()).backward()


def step_of(method: str, model: ActionModel, batch: Batch, chunk: int) -> None:
    """One forward and backward."""
    if method == "plain":
        plain_gradients(model, batch)
    elif method == "checkpoint":
        checkpointed(model, batch, chunk)
    elif method == "two-pass":
        two_pass_gradients(model, batch, chunk)
    else:
        gradients(model, batch, chunk)
    model.zero_grad(set_to_none=True)


def kilobytes(name: str) -> int:
    """A line of /proc/self/status, such as VmHWM, the peak of resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def measure(method: str, head: Head, length: int, chunk: int, streams: int) -> dict[str, float]:
    """Peak MiB above the start, and the best milliseconds a frame, in this process."""
    torch.set_num_threads(1)
    model, batch = build(replace(presets.small(), head=head), SHAPE, 0), typing(length, streams)
    step_of(method, model, typing(2 * chunk, streams), chunk)  # libraries and kernels are loaded
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    seconds = []
    for _ in range(max(2, min(8, 2048 // length))):
        begin = time.process_time()
        step_of(method, model, batch, chunk)
        seconds.append(time.process_time() - begin)
    return {"mib": (kilobytes("VmHWM") - before) / 1024, "ms": min(seconds) / length / streams * 1000}


def elsewhere(method: str, head: Head, length: int, chunk: int, streams: int) -> dict[str, float]:
    """`measure` in two fresh processes: one for time, one for memory, where freed blocks go back to the system."""
    command = [sys.executable, "-m", "benchmarks.streaming", "--measure", method, "--head", head]
    numbers = ["--longest", str(length), "--chunk", str(chunk), "--streams", str(streams)]
    exact = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    found: list[dict[str, float]] = []
    for settings in ({}, exact):
        done = subprocess.run(
            [*command, *numbers], check=True, capture_output=True, text=True, env=os.environ | settings
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {"ms": found[0]["ms"], "mib": found[1]["mib"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--longest", type=int, default=4096)
    parser.add_argument("--chunk", type=int, default=16)
    parser.add_argument("--streams", type=int, default=2)
    parser.add_argument("--head", choices=get_args(Head), default="conv")
    parser.add_argument("--measure", choices=METHODS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.head, given.longest, given.chunk, given.streams)))
        return
    lengths = [length for length in (16, 64, 256, 1024, 4096) if length <= given.longest]
    table: dict[tuple[str, int], dict[str, float]] = {}
    print(f"{given.head} head, chunk {given.chunk}, {given.streams} streams, peak MiB above the start / ms a frame")
    print("length".rjust(8) + "".join(method.rjust(20) for method in METHODS))
    for length in lengths:
        line = f"{length:8d}"
        for method in METHODS:
            if method == "plain" and length > PLAIN_LONGEST:
                line += "-".rjust(20)
                continue
            found = table[method, length] = elsewhere(method, given.head, length, given.chunk, given.streams)
            line += f"{found['mib']:12.1f} / {found['ms']:5.3f}"
        print(line, flush=True)
    claims = claims_of(table, lengths)
    for claim in claims:
        print(f"{claim['name']}: {claim['value']:.3f} {claim['unit']} (target {claim['target']}, {claim['holds']})")
    if given.json:
        print(json.dumps({"claims": claims}))


def claims_of(table: dict[tuple[str, int], dict[str, float]], lengths: list[int]) -> list[dict[str, object]]:
    """The fused sweep's memory and time a frame over the length, and its time against plain autograd's."""
    long = [length for length in lengths if length >= 64]
    fused = [table["fused", length] for length in long]
    times = [f["ms"] for f in fused]
    plain = [length for length in long if ("plain", length) in table]
    over_plain = [table["fused", length]["ms"] / table["plain", length]["ms"] for length in plain]
    values = [
        (f"fused memory at {long[-1]} over memory at {long[0]}", fused[-1]["mib"] / fused[0]["mib"], 1.05),
        ("fused time over plain autograd, worst", max(over_plain), 1.35),
        ("fused time a frame, slowest length over quickest", max(times) / min(times), 1.1),
    ]
    return [
        {"name": name, "value": value, "unit": "x", "target": target, "holds": value <= target}
        for name, value, target in values
    ]


if __name__ == "__main__":
    main()
