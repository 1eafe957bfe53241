"""One training under a budget, told as it goes: what `flows.tune` runs for each trial, as a process of its own.

    python -m flows.trial --dataset data/dataset --length 16 --seconds 30 -S train.batch=8 -S model.width=64

The budget is training time, or FLOPs by formula (rcfam/model/flops.py), which give a number of steps. One line of JSON
on standard output whenever a tenth of it is over: {"tenth": 3, "loss": 2.1, "step": 40, "wall_s": 9.1, "memory":
150000000}, with the mean loss over what was trained since the line before, each position counted once. Windows are
fresh at every step, so that this is the loss on what has not been trained on yet, until the data has been gone through.
A loss that is not finite ends it with exit status 3, too little memory with 4. Under a time budget rates stay fixed
after the warm-up: a schedule would need to know how many steps fit.
"""

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import PROJECT
from rcfam import documents
from rcfam import params as parameters
from rcfam.errors import RcfamError
from rcfam.printable import printable, say

if TYPE_CHECKING:
    from rcfam.model.action import DataShape, ModelParams
    from rcfam.training import TrainParams

DIVERGED = 3  # exit statuses
OUT_OF_MEMORY = 4
TENTHS = 10
_ENDLESS = 10**9  # steps: the time ends the training


@dataclass(frozen=True)
class Report:
    """What a training has come to. Loss in nats a token; `tenth` counts the parts of the budget that are over."""

    tenth: int
    loss: float
    step: int
    wall_s: float
    memory: int = 0
    """bytes that model and training held at most, beyond what the process held before the model was made"""


@dataclass(frozen=True)
class Budget:
    """What a trial may use: seconds of training, or FLOPs. One of the two."""

    seconds: float | None = None
    flops: float | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 with one line on standard error, 3 or 4 as above."""
    options = _parser().parse_args(arguments)
    import torch

    from rcfam.training.loop import DivergedError

    def tell(report: Report) -> None:
        sys.stdout.write(json.dumps(dataclasses.asdict(report)) + "\n")  # for a program
        sys.stdout.flush()

    try:
        changes = dict(parameters.setting(each) for each in options.set)
        model, train = load(options.params, changes)
        budget = Budget(options.seconds, options.flops)
        train_for(budget, options.dataset, model, train, options.length, options.seed, options.device, tell)
    except DivergedError as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return DIVERGED
    except (MemoryError, torch.OutOfMemoryError):
        say("error: out of memory", file=sys.stderr)
        return OUT_OF_MEMORY
    except RcfamError as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.trial", description="Train for a while and tell the loss.")
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--params", type=Path, default=PROJECT / "params.yaml")
    parser.add_argument(
        "-S", "--set", action="append", default=[], metavar="KEY=VALUE", help="instead of what stands there"
    )
    parser.add_argument("--length", type=int, required=True)
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--seconds", type=float)
    budget.add_argument("--flops", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    return parser


def load(params: Path, changes: Mapping[str, Any]) -> "tuple[ModelParams, TrainParams]":
    """The sections `model` and `train` of a file with `changes`, such as {"train.batch": 8}. Raises DocumentError."""
    from rcfam.model import ModelParams
    from rcfam.training import TrainParams

    document = parameters.overridden(parameters.read(params), changes, str(params))
    for section in ("model", "train"):
        if section not in document:
            raise documents.DocumentError(f"{params}: section '{section}' is missing")
    return (
        documents.build(ModelParams, document["model"], f"{params}: model"),
        documents.build(TrainParams, document["train"], f"{params}: train"),
    )


def step_flops(model: "ModelParams", train: "TrainParams", shape: "DataShape", length: int) -> float:
    """FLOPs of one update: windows of `length` frames, a batch of them."""
    from rcfam.model.flops import flops_of

    return flops_of(model, shape, length).training * length * train.batch


def train_for(
    budget: Budget,
    dataset: Path,
    model_params: "ModelParams",
    params: "TrainParams",
    length: int,
    seed: int,
    device: str,
    report: Callable[[Report], None],
) -> None:
    """Train until the budget is used up, at least a step."""
    import torch

    from rcfam.dataset.index import Batch
    from rcfam.model.action import build
    from rcfam.training.data import open_source
    from rcfam.training.loop import Progress, Step, train
    from rcfam.training.optimiser import Optimiser

    torch.set_num_threads(params.threads)
    source = open_source(dataset, length, params.batch, seed)
    first = source.data_at(1)  # compiles what decodes frames, off the clock
    if budget.flops is not None:
        paid = math.floor(budget.flops / step_flops(model_params, params, source.shape, length))
        params = dataclasses.replace(params, steps=max(1, paid))
    else:
        fixed_rates = dataclasses.replace(params.optimiser, schedule="fixed")
        params = dataclasses.replace(params, steps=_ENDLESS, optimiser=fixed_rates)

    def spent(step: int, wall_s: float) -> float:
        return step / params.steps if budget.seconds is None else wall_s / budget.seconds

    def updates(data_at: Callable[[int], Batch], settings: "TrainParams") -> Iterator[Step]:
        model = build(model_params, source.shape, seed).to(device)
        return train(model, Optimiser(model, settings.optimiser), data_at, settings, Progress(), device)

    tiny = Batch(
        first.cells_TBRC[:1, :1],
        first.cursors_TB3[:1, :1],
        first.targets_TB[:1, :1],
        first.mask_TB[:1, :1],
        first.ids_B2[:1],
    )
    # What is loaded on first use is not the model's memory.
    next(updates(lambda _: tiny, dataclasses.replace(params, accumulate=1)))
    memory = _memory(device)
    steps = updates(source.data_at, params)
    measured = ((s.loss, s.progress.tokens, s.progress.step, s.progress.wall_s) for s in steps)
    for each in by_tenths(measured, spent):
        report(dataclasses.replace(each, memory=memory()))


def by_tenths(
    measured: Iterator[tuple[float, int, int, float]], spent: Callable[[int, float], float]
) -> Iterator[Report]:
    """Steps of a training (mean loss, tokens so far, step, seconds so far) as reports, until the budget is over.

    `spent(step, seconds)` is the share of the budget that is used. A step that is longer than a tenth ends several at
    once and gives one report, for the last of them.
    """
    total, counted, told_tokens, tenth = 0.0, 0, 0, 0
    for loss, tokens, step, wall_s in measured:
        total += loss * (tokens - told_tokens)
        counted += tokens - told_tokens
        told_tokens = tokens
        reached = min(TENTHS, int(TENTHS * spent(step, wall_s)))
        if reached > tenth:
            tenth = reached
            yield Report(tenth, total / max(1, counted), step, wall_s)
            total, counted = 0.0, 0
        if reached >= TENTHS:
            return


def _memory(device: str) -> Callable[[], int]:
    """Begin to watch; what is given back says how many bytes more were held at most since then.

    A process is told its peak from the program that started it on, so that one is forgotten first.
    """
    import torch

    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        held = torch.cuda.memory_allocated(device)
        return lambda: torch.cuda.max_memory_allocated(device) - held
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    resident = _status_bytes("VmRSS")
    return lambda: _status_bytes("VmHWM") - resident


def _status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


if __name__ == "__main__":
    sys.exit(main())
