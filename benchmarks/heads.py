"""What the heads cost and what they learn in the same time, on real windows; with --backbones the same of backbones.

    python -m benchmarks.heads [--json] [--dataset FOLDER] [--seconds S] [--seeds N] [--backbones]

Cost: forward and backward of the real streaming step, and of the head alone, for each frame. Learning: the same
windows, optimiser and seconds for everyone, decoding included; each contender first looks for its own rates among
four (0.1, 0.3, 1 and 3 times what params.yaml says) in a third of the time, then trains once a seed. Held-out loss
is measured off the clock. The clock is the processor's: a process has one thread, and other work does not count.

rows        the default model of params.yaml
conv        as the author's at the same width: two down-samplers to a quarter of rows and columns (6 x 20 tokens of a
            24 x 80 screen), three blocks of MLP ratio 4, the mean; as wide as the model everywhere
conv small  cut for a CPU: three down-samplers (3 x 10 tokens), one block of ratio 2, two thirds as wide
paper       full attention over every cell, two halvings, three blocks; the same width. Its cost alone is measured:
            one step of it takes half a minute

--backbones: lstm, attention and sum under the rows head of params.yaml, on windows of 128.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats

from rcfam import documents, params
from rcfam.dataset import Dataset, HeldOut, Windows
from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import frames_of, measure
from rcfam.model import ActionModel, ModelParams, build, parameter_count
from rcfam.model.backbones import AttentionParams, LstmParams, SumParams
from rcfam.model.conv import ConvParams
from rcfam.model.paper import PaperParams
from rcfam.training.data import shape_of
from rcfam.training.optimiser import Optimiser, OptimiserParams
from rcfam.training.streaming import gradients

ROOT = Path(__file__).parent.parent
LENGTH, BATCH = 32, 4  # of the windows that are learnt from; small, so that dear heads make steps too
LONGER = 128  # the windows of backbones, whose matter is time
COSTED = 64  # length of the windows that cost is measured on, 4 of them, in chunks of a half
HELD_OUT_FRAMES = 2048
RATES = (0.1, 0.3, 1.0, 3.0)
CHEAPER, CONFIDENCE = 3.0, 0.95


class Contender(NamedTuple):
    """A model, and how many windows are taken through it at once (a matter of memory, not of what is learnt)."""

    name: str
    params: ModelParams
    together: int = BATCH


class Job(NamedTuple):
    """One training: for `seconds`, or for so many steps where `steps` is given."""

    contender: Contender
    dataset: Path
    optimiser: OptimiserParams
    factor: float
    seed: int
    seconds: float
    length: int
    steps: int | None = None


class Outcome(NamedTuple):
    """What a training came to; losses in nats a token. `recent` is the mean over the last quarter of its steps."""

    steps: int
    recent: float
    held_out: float


def heads(base: ModelParams) -> list[Contender]:
    """The default model and its rivals at the same width."""
    wide = base.width
    full = ConvParams(cell=16, width=wide, downs=2, blocks=3, heads=4, mlp_ratio=4, reduce="mean")
    small = ConvParams(cell=16, width=wide * 2 // 3, downs=3, blocks=1, heads=4, mlp_ratio=2, reduce="mean")
    paper = PaperParams(width=wide, pools=2, blocks=3, heads=4, mlp_ratio=4)
    return [
        Contender("rows", base),
        Contender("conv", replace(base, head=full), 1),
        Contender("conv small", replace(base, head=small), 1),
        Contender("paper", replace(base, head=paper), 1),
    ]


def backbones(base: ModelParams) -> list[Contender]:
    """The default head under each backbone."""
    return [
        Contender("lstm", replace(base, backbone=LstmParams())),
        Contender("attention", replace(base, backbone=AttentionParams())),
        Contender("sum", replace(base, backbone=SumParams())),
    ]


def groups(batch: Batch, together: int) -> Iterator[Batch]:
    """The windows of a batch, so many at a time."""
    for first in range(0, batch.targets_TB.shape[1], together):
        some = slice(first, first + together)
        yield Batch(
            batch.cells_TBRC[:, some],
            batch.cursors_TB3[:, some],
            batch.targets_TB[:, some],
            batch.mask_TB[:, some],
            batch.ids_B2[some],
        )


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """The least processor time of several rounds, in seconds; one more comes before."""
    work()
    spent = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return min(spent)


def cost(contender: Contender, dataset: Dataset) -> dict[str, float]:
    """Milliseconds a frame of the streaming step and of the head alone, forward and backward, and the parameters."""
    torch.set_num_threads(1)
    dear = contender.name == "paper"
    length, streams = (4, 1) if dear else (COSTED, BATCH)
    model = build(contender.params, shape_of(dataset), 0)
    pieces = list(groups(Windows(dataset, length, streams, 0).batch(0), contender.together))

    def step() -> None:
        for piece in pieces:
            gradients(model, piece, length // 2)

    def head() -> None:
        for piece in pieces:
            for start in (0, length // 2):
                model.head(frames_of(piece, start, length // 2, "cpu")).sum().backward()

    rounds, each = 1 if dear else 3, 1000 / length / streams
    return {
        "step_ms": best_of(rounds, step) * each,
        "head_ms": best_of(rounds, head) * each,
        "parameters": parameter_count(model),
    }


def learn(job: Job) -> Outcome:
    """Train until the time is spent or the steps are made, then measure the held-out loss."""
    torch.set_num_threads(1)
    dataset = Dataset.open(job.dataset)
    model = build(job.contender.params, shape_of(dataset), job.seed)
    rates = replace(
        job.optimiser,
        matrix_rate=job.optimiser.matrix_rate * job.factor,
        other_rate=job.optimiser.other_rate * job.factor,
        schedule="fixed",
    )
    optimiser, windows = Optimiser(model, rates), Windows(dataset, job.length, BATCH, job.seed)
    total_loss(model, windows.batch(0), job.contender.together)  # libraries and kernels are loaded
    optimiser.forget()
    losses: list[float] = []
    begin = time.process_time()
    for number in count(1):
        batch = windows.batch(number - 1)
        losses.append(total_loss(model, batch, job.contender.together) / max(1, int(batch.mask_TB.sum())))
        optimiser.step(number, number, optimiser.norm())
        if number == job.steps or (job.steps is None and time.process_time() - begin > job.seconds):
            break
    held = HeldOut(dataset, job.length, HELD_OUT_FRAMES // job.length, BATCH)
    loss = positions = 0.0
    for number in range(len(held)):
        for piece in groups(held.batch(number), job.contender.together):
            loss += float(measure(model, piece, len(piece.mask_TB)).loss_TB.sum())
            positions += int(piece.mask_TB.sum())
    recent = float(np.mean(losses[-max(1, len(losses) // 4) :]))
    return Outcome(len(losses), recent, loss / positions)


def total_loss(model: ActionModel, batch: Batch, together: int) -> float:
    """The sum of the losses of a batch, its mean's gradient added to the parameters'."""
    positions = max(1, int(batch.mask_TB.sum()))
    pieces = [gradients(model, piece, len(piece.mask_TB), positions) for piece in groups(batch, together)]
    return sum(float(piece.loss_TB.sum()) for piece in pieces)


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """The mean's interval by Student's t."""
    n = len(differences)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1) * np.std(differences, ddof=1) / math.sqrt(n)
    return float(np.mean(differences) - half), float(np.mean(differences) + half)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--dataset", type=Path, default=ROOT / "data" / "dataset")
    parser.add_argument("--seconds", type=float, default=60.0, help="of every training")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time, one thread each")
    parser.add_argument("--backbones", action="store_true", help="lstm, attention and sum under the rows head")
    given = parser.parse_args()
    if given.seeds < 2 or given.seconds <= 0:
        parser.error("an interval needs --seeds of at least 2, --seconds above 0")
    base = params.load(ROOT / "params.yaml", "model", ModelParams)
    written = params.read(ROOT / "params.yaml")["train"]["optimiser"]
    optimiser = documents.build(OptimiserParams, written, "train.optimiser")
    contenders, length = (backbones(base), LONGER) if given.backbones else (heads(base), LENGTH)
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
        costs = costs_of(contenders, given.dataset)
        learners = [c for c in contenders if c.name != "paper"]
        best = searched(pool, learners, given.dataset, optimiser, given.seconds / 3, length)
        job = partial(Job, dataset=given.dataset, optimiser=optimiser, seconds=given.seconds, length=length)
        jobs = [
            job(contender=c, factor=best[c.name], seed=seed) for seed in range(1, given.seeds + 1) for c in learners
        ]
        results = dict(zip([(j.contender.name, j.seed) for j in jobs], pool.map(learn, jobs), strict=True))
        print(f"\n{given.seconds:.0f} s each, windows of {length}, {BATCH} a step; held-out loss, nats a token")
        for c in learners:
            found = [results[c.name, seed] for seed in range(1, given.seeds + 1)]
            losses = "  ".join(f"{one.held_out:.3f}" for one in found)
            print(f"{c.name:12}{np.mean([one.steps for one in found]):8.0f} steps   {losses}")
        if not given.backbones:
            equal_steps(pool, job, learners, best, results, given.seeds)
    claims = (backbone_claims if given.backbones else head_claims)(results, costs, given.seeds)
    for claim in claims:
        print(f"{claim['name']}: {claim['value']:.3f} {claim['unit']} (target {claim['target']}, {claim['holds']})")
    if given.json:
        print(json.dumps({"claims": claims}))


def costs_of(contenders: list[Contender], folder: Path) -> dict[str, dict[str, float]]:
    dataset = Dataset.open(folder)
    print(f"{dataset.rows} x {dataset.columns} cells, vocabulary {dataset.vocabulary}; ms a frame, forward + backward")
    costs = {}
    for c in contenders:
        found = costs[c.name] = cost(c, dataset)
        line = (
            f"step {found['step_ms']:9.3f}   head alone {found['head_ms']:9.3f}   {found['parameters']:9,.0f} numbers"
        )
        print(f"{c.name:12}{line}", flush=True)
    return costs


def searched(
    pool: ProcessPoolExecutor,
    learners: list[Contender],
    folder: Path,
    optimiser: OptimiserParams,
    seconds: float,
    length: int,
) -> dict[str, float]:
    """Each contender's best factor on the rates, by the loss on the windows met last (all are met for the first
    time).
    """
    jobs = [Job(c, folder, optimiser, factor, 0, seconds, length) for c in learners for factor in RATES]
    found = dict(zip([(j.contender.name, j.factor) for j in jobs], pool.map(learn, jobs), strict=True))
    best = {}
    for c in learners:
        best[c.name] = min(RATES, key=lambda factor: found[c.name, factor].recent)
        tried = "  ".join(f"x{factor:.2f} {found[c.name, factor].recent:.3f}" for factor in RATES)
        print(f"{c.name:12}rates {tried}   -> x{best[c.name]:.2f}", flush=True)
    return best


def equal_steps(
    pool: ProcessPoolExecutor,
    job: Callable[..., Job],
    learners: list[Contender],
    best: dict[str, float],
    results: dict[tuple[str, int], Outcome],
    seeds: int,
) -> None:
    """For information: the rows head stopped after as many steps as each rival made."""
    rivals = [c for c in learners if c.name != "rows"]
    rows = next(c for c in learners if c.name == "rows")
    jobs = [
        (c, job(contender=rows, factor=best["rows"], seed=seed, steps=results[c.name, seed].steps))
        for c in rivals
        for seed in range(1, seeds + 1)
    ]
    found = list(pool.map(learn, [j for _, j in jobs]))
    for c in rivals:
        losses = "  ".join(f"{one.held_out:.3f}" for (of, _), one in zip(jobs, found, strict=True) if of is c)
        print(f"rows after the steps of {c.name:12}{losses}")


def head_claims(
    results: dict[tuple[str, int], Outcome], costs: dict[str, dict[str, float]], seeds: int
) -> list[dict[str, object]]:
    """Cost against both sizes of conv, and the loss after equal time."""
    claims = []
    for rival in ("conv", "conv small"):
        ratio = costs[rival]["step_ms"] / costs["rows"]["step_ms"]
        claims.append(claim(f"cost a frame, {rival} over rows", ratio, "x", CHEAPER, ratio >= CHEAPER))
        claims.append(lower("rows", rival, results, seeds))
    return claims


def backbone_claims(
    results: dict[tuple[str, int], Outcome], _: dict[str, dict[str, float]], seeds: int
) -> list[dict[str, object]]:
    """The LSTM's loss after equal time against a backbone that forgets the order."""
    return [lower("lstm", "sum", results, seeds)]


def lower(one: str, other: str, results: dict[tuple[str, int], Outcome], seeds: int) -> dict[str, object]:
    """The claim that `one`'s loss is lower: by the upper end of the interval of the difference."""
    differences = [results[one, s].held_out - results[other, s].held_out for s in range(1, seeds + 1)]
    _, high = interval(differences)
    return claim(f"loss of {one} less that of {other}, at most ({CONFIDENCE:.0%})", high, "nats", 0.0, high <= 0)


def claim(name: str, value: float, unit: str, target: float, holds: bool) -> dict[str, object]:
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "holds": bool(holds)}


if __name__ == "__main__":
    main()
