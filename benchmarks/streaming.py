"""Ways to get the gradient of a long sequence, side by side: memory and time over the length.

    python -m benchmarks.streaming [--json] [--heads rows,conv,paper] [--longest N] [--chunk N] [--streams N]

plain        one graph over everything, nothing worked out twice
checkpoint   torch.utils.checkpoint around every chunk
two-pass     the head a chunk at a time, the backbone through the whole sequence
fused        states at borders alone, one reverse sweep (what training uses)

Memory is the most that stands in tensors above what stood before the step, as a device's allocator counts it: weights,
their gradients' places and the batch are not in it. Beside it the peak of the process's resident memory, in which
holes and returned blocks of the C library's heap count too, in a process in which freed blocks go back to the system.
The batch lies in the host's memory and does grow with the length: 4 bytes a cell. Time is the processor's, of one
thread; the methods take turns in one process, and a figure is the median of several turns, a ratio the median of the
ratios within a turn.

The `rows` head works distinct rows out once: plain autograd once in the whole window, the fused sweep once in a
stretch of four chunks. So a window of one stretch needs no pass before the sweep and is quicker than any longer one.
`conv` and `paper` see smaller grids, for time.
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
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.checkpoint import checkpoint

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import frames_of, score
from rcfam.model import DataShape, build
from rcfam.model.action import ActionModel, ModelParams
from rcfam.model.backbones import State
from rcfam.model.conv import ConvParams
from rcfam.model.paper import PaperParams
from rcfam.model.rows import RowsParams
from rcfam.training.streaming import gradients, plain_gradients, two_pass_gradients

METHODS: Final = ("plain", "checkpoint", "two-pass", "fused")
LENGTHS: Final = (16, 64, 256, 1024, 4096)
SHORTEST: Final = 64  # what longer ones are compared with
WARM: Final = 256  # longer windows are warm for most of their first turn
TURN_FRAMES: Final = 12_000  # a length's turns go on until they are as many
RETURNED: Final = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


class Case(NamedTuple):
    """A head and the grid that it sees."""

    model: ModelParams
    shape: DataShape
    streams: int
    plain: int
    """The longest window for plain autograd, whose memory has no bound."""


def case_of(head: str) -> Case:
    """Sizes at which a frame takes well below a millisecond."""
    model = ModelParams(head=RowsParams(row=96, before=24), width=128)  # between the default and the `small` preset
    if head == "rows":
        return Case(model, _shape(24, 80), 8, 1024)
    conv = ConvParams(cell=16, width=48, downs=2, blocks=1, heads=4, mlp_ratio=2, reduce="mean")
    paper = PaperParams(width=32, pools=2, blocks=1, heads=2, mlp_ratio=4)
    if head == "conv":
        return Case(replace(model, head=conv), _shape(16, 48), 2, 1024)
    return Case(replace(model, head=paper), _shape(8, 20), 2, 1024)


def _shape(rows: int, columns: int) -> DataShape:
    return DataShape(rows, columns, 1024, np.zeros((8, 3), np.uint32))


def typing(shape: DataShape, length: int, streams: int, seed: int = 0) -> Batch:
    """Somebody types words into a screen of words that scrolls: two rows are new from frame to frame."""
    rng = np.random.default_rng(seed)
    rows, columns = shape.rows, shape.columns
    cells = np.empty((length, streams, rows, columns), np.uint32)
    cursors = np.empty((length, streams, 3), np.int32)
    targets = rng.integers(97, 123, (length, streams))
    for stream in range(streams):
        screen = np.full((rows, columns), 32, np.uint32)
        for row in range(rows - 1):
            screen[row, : rng.integers(0, columns)] = rng.integers(97, 123)
        row, column = rows // 2, 0
        for step in range(length):
            screen[-1, -6:] = 48 + np.array([row // 10, row % 10, 0, 0, column // 10, column % 10])
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
    model.zero_grad(set_to_none=False)


def kilobytes(name: str) -> int:
    """A line of /proc/self/status, such as VmHWM, the peak of resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def peak_mib(head: str, method: str, length: int, chunk: int, streams: int, tensors: bool) -> float:
    """The most that one step takes above the start, in this process: in tensors, or of resident memory."""
    case = case_of(head)
    model, batch = build(case.model, case.shape, 0), typing(case.shape, length, streams)
    step_of(method, model, typing(case.shape, 2 * chunk, streams), chunk)  # libraries, kernels, gradients' places
    if tensors:
        return tensor_peak_mib(method, model, batch, chunk)
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    step_of(method, model, batch, chunk)
    return (kilobytes("VmHWM") - before) / 1024


def tensor_peak_mib(method: str, model: ActionModel, batch: Batch, chunk: int) -> float:
    """The highest sum of what one step has allocated in tensors and not freed."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        step_of(method, model, batch, chunk)
    assert profiled.profiler is not None
    events = profiled.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    return float(np.cumsum([size for _, size in changes]).max()) / 2**20


def turns(head: str, methods: list[str], length: int, chunk: int, streams: int) -> dict[str, list[float]]:
    """Milliseconds a frame of each method, turn by turn, in this process."""
    case = case_of(head)
    model, batch = build(case.model, case.shape, 0), typing(case.shape, length, streams)
    found: dict[str, list[float]] = {method: [] for method in methods}
    for turn in range(-1, max(1, min(9, TURN_FRAMES // (length * streams)))):
        if turn < 0 and length > WARM:
            continue
        for method in methods:
            begin = time.process_time()
            step_of(method, model, batch, chunk)
            if turn >= 0:
                found[method].append((time.process_time() - begin) / length / streams * 1000)
    return found


def elsewhere(arguments: dict[str, Any], settings: dict[str, str]) -> Any:
    """`peak_mib` or `turns` in a fresh process with one thread."""
    one = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.streaming", "--measure", json.dumps(arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | one | settings)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--heads", default="rows,conv,paper")
    parser.add_argument("--longest", type=int, default=4096)
    parser.add_argument("--chunk", type=int, default=16)
    parser.add_argument("--streams", type=int, help="Windows side by side; by default 8 for rows, else 2.")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.measure:
        asked = json.loads(given.measure)
        print(json.dumps(turns(**asked) if "methods" in asked else peak_mib(**asked)))
        return
    lengths = [length for length in LENGTHS if length <= given.longest]
    if len(lengths) < 2:
        parser.error(f"--longest: {given.longest} is below {SHORTEST}")
    claims: list[dict[str, object]] = []
    for head in given.heads.split(","):
        claims += table_of(head, lengths, given.chunk, given.streams)
    if given.json:
        print(json.dumps({"claims": claims}))


def table_of(head: str, lengths: list[int], chunk: int, streams: int | None) -> list[dict[str, object]]:
    """Measure and print one head's table; what it claims."""
    case = case_of(head)
    streams = streams or case.streams
    mib: dict[tuple[str, int], float] = {}
    resident: dict[tuple[str, int], float] = {}
    ms: dict[tuple[str, int], list[float]] = {}
    grid = f"{case.shape.rows} x {case.shape.columns}"
    print(f"\n{head}, {grid} cells, chunk {chunk}, {streams} streams: MiB in tensors / MiB resident / ms a frame")
    print("length".rjust(8) + "".join(method.rjust(24) for method in METHODS) + "batch MiB".rjust(12))
    for length in lengths:
        methods = [method for method in METHODS if method != "plain" or length <= case.plain]
        where: dict[str, Any] = {"head": head, "length": length, "chunk": chunk, "streams": streams}
        timed: dict[str, list[float]] = elsewhere(where | {"methods": methods}, {})
        line = f"{length:8d}"
        for method in METHODS:
            if method not in methods:
                line += "-".rjust(24)
                continue
            ms[method, length] = timed[method]
            mib[method, length] = elsewhere(where | {"method": method, "tensors": True}, {})
            resident[method, length] = elsewhere(where | {"method": method, "tensors": False}, RETURNED)
            line += f"{mib[method, length]:9.1f} /{resident[method, length]:6.1f} / {median(timed[method]):5.3f}"
        batch_mib = length * streams * case.shape.rows * case.shape.columns * 4 / 2**20
        print(line + f"{batch_mib:12.1f}", flush=True)
    found = claims_of(head, mib, resident, ms, lengths)
    for claim in found:
        print(f"{claim['name']}: {claim['value']:.3f} {claim['unit']} (target {claim['target']}, {claim['holds']})")
    return found


def claims_of(
    head: str,
    mib: dict[tuple[str, int], float],
    resident: dict[tuple[str, int], float],
    ms: dict[tuple[str, int], list[float]],
    lengths: list[int],
) -> list[dict[str, object]]:
    """The fused sweep's memory and time a frame over the length, and its time against plain autograd's."""
    long = [length for length in lengths if length >= SHORTEST]
    last = long[-1]
    over_plain = [
        median(a / b for a, b in zip(ms["fused", length], ms["plain", length], strict=True))
        for length in long
        if ("plain", length) in ms
    ]
    ends = ("fused", last), ("fused", SHORTEST)
    times = [median(ms["fused", length]) for length in long]
    values = [
        (f"memory at {last} over memory at {SHORTEST}", mib[ends[0]] / mib[ends[1]], 1.05),
        (f"resident memory at {last} over that at {SHORTEST}", resident[ends[0]] / resident[ends[1]], 1.05),
        ("time over plain autograd, worst length", max(over_plain), 1.35),
        (f"time a frame from {SHORTEST} on, slowest length over quickest", max(times) / min(times), 1.1),
    ]
    return [
        {"name": f"{head}, fused: {name}", "value": value, "unit": "x", "target": target, "holds": value <= target}
        for name, value, target in values
    ]


if __name__ == "__main__":
    main()
