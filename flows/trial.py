"""One training under a time budget, told as it goes: what `flows.tune` runs for each trial, as a process of its own.

    python -m flows.trial --dataset data/dataset --length 16 --batch 8 --seconds 30

One line of JSON on standard output whenever a tenth of the budget is over: {"tenth": 3, "loss": 2.1, "step": 40,
"wall_s": 9.1}, with the mean loss over what was trained since the line before, each position counted once. Windows are
fresh at every step, so that this is the loss on what has not been trained on yet, until the data has been gone through.
A loss that is not finite ends it with exit status 3. Rates stay fixed after the warm-up: a schedule would need to know
how many steps fit into the budget.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows import PROJECT
from rcfam.errors import RcfamError

DIVERGED = 3  # the exit status
TENTHS = 10
_ENDLESS = 10**9  # steps: the budget ends the training


@dataclass(frozen=True)
class Report:
    """What a training has come to. Loss in nats a token; `tenth` counts the parts of the budget that are over."""

    tenth: int
    loss: float
    step: int
    wall_s: float


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 with one line on standard error, or 3 where the loss is not finite."""
    parser = argparse.ArgumentParser(prog="python -m flows.trial", description="Train for a while and tell the loss.")
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--params", type=Path, default=PROJECT / "params.yaml")
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    from rcfam.training.loop import DivergedError

    def tell(report: Report) -> None:
        print(json.dumps(dataclasses.asdict(report)), flush=True)

    try:
        train_for(
            options.seconds, options.dataset, options.params, options.length, options.batch, options.seed, report=tell
        )
    except DivergedError as error:
        print(f"error: {error}", file=sys.stderr)
        return DIVERGED
    except RcfamError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def train_for(
    seconds: float, dataset: Path, params: Path, length: int, batch: int, seed: int, report: Callable[[Report], None]
) -> None:
    """Train with the sections `model` and `train` of `params` until `seconds` of training are over, at least a step."""
    import torch

    from rcfam import params as parameters
    from rcfam.model.action import ModelParams, build
    from rcfam.training import TrainParams
    from rcfam.training.loop import Progress, train
    from rcfam.training.optimiser import Optimiser
    from rcfam.training.source import open_source

    settings = parameters.load(params, "train", TrainParams)
    fixed_rates = dataclasses.replace(settings.optimiser, schedule="fixed")
    settings = dataclasses.replace(settings, steps=_ENDLESS, batch=batch, optimiser=fixed_rates)
    torch.set_num_threads(settings.threads)
    source = open_source(dataset, length, batch, seed)
    model = build(parameters.load(params, "model", ModelParams), source.shape, seed)
    source.data_at(1)  # compiles what decodes frames, off the clock
    steps = train(model, Optimiser(model, settings.optimiser), source.data_at, settings, Progress())
    measured = ((s.loss, s.progress.tokens, s.progress.step, s.progress.wall_s) for s in steps)
    for each in by_tenths(measured, seconds):
        report(each)


def by_tenths(measured: Iterator[tuple[float, int, int, float]], seconds: float) -> Iterator[Report]:
    """Steps of a training (mean loss, tokens so far, step, seconds so far) as reports, until `seconds` are over.

    A step that is longer than a tenth ends several at once and gives one report, for the last of them.
    """
    total, counted, told_tokens, tenth = 0.0, 0, 0, 0
    for loss, tokens, step, wall_s in measured:
        total += loss * (tokens - told_tokens)
        counted += tokens - told_tokens
        told_tokens = tokens
        reached = min(TENTHS, int(TENTHS * wall_s / seconds))
        if reached > tenth:
            tenth = reached
            yield Report(tenth, total / max(1, counted), step, wall_s)
            total, counted = 0.0, 0
        if reached >= TENTHS:
            return


if __name__ == "__main__":
    sys.exit(main())
