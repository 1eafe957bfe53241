"""One cell: a model trained on one data set, with early stopping, taken up again where a killed process left it.

FOLDER/step-N.safetensors, .json   the last checkpoint, until the cell is done
FOLDER/best.safetensors, .json     the weights with the best validation accuracy so far
FOLDER/cell.json, accuracy.parquet what came of it; written last
"""

# B examples, T tokens, P answers, K numbers an answer

import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from rcfam import documents
from rcfam.atomic import alone, writing
from rcfam.bounds import Range, Seed, Share, check
from rcfam.tasks.tracking.data import Data, DataSpec
from rcfam.tasks.tracking.errors import TaskError
from rcfam.tasks.tracking.examples import Examples, Group
from rcfam.tasks.tracking.models import Tracker, TrackerParams
from rcfam.training import checkpoint

_EVALUATED_TOKENS = 32_768  # at once
_CLIP = 1.0
_CURE = "delete the cell's folder, or take another --out"
_SHORTEST = 1 / 16  # of an example, where examples grow


@dataclass(frozen=True)
class TrackingParams:
    """How a cell is trained: AdamW, a warm-up, then a linear fall of the rate to a fiftieth."""

    epochs: Annotated[float, Range(least=1e-3, most=1e6)] = 12.0
    """Longest training, in passes over the training examples."""
    batch: Annotated[int, Range(1, 1_000_000)] = 128
    """Examples of one depth in a step."""
    rate: Annotated[float, Range(least=1e-8, most=10)] = 2e-3
    """Highest learning rate."""
    decay: Annotated[float, Range(least=0, most=10)] = 0.01
    """Weight decay."""
    warmup: Annotated[int, Range(0, 10_000_000)] = 200
    """Steps over which the rate rises from 0."""
    growth: Share = 0.0
    """Share of the run in which examples with many answers grow, from a sixteenth of them to all."""
    evaluations: Annotated[int, Range(1, 100_000)] = 12
    """Evaluations, evenly spread over the run. A checkpoint is written at each."""
    patience: Annotated[int, Range(1, 100_000)] = 4
    """Stop after this many evaluations in a row without a better validation accuracy."""
    enough: Share = 1.0
    """Stop at this validation accuracy."""
    seed: Seed = 0
    """Seed of weights and of the order of examples."""
    threads: Annotated[int, Range(1, 1_024)] = 1
    """CPU threads."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Cell:
    """All that decides one row of a table."""

    source: DataSpec
    model: TrackerParams
    train: TrackingParams
    device: str = "cpu"

    def identity(self) -> dict[str, Any]:
        """What a checkpoint must agree with."""
        return {
            "data": self.source.described(),
            "model": dataclasses.asdict(self.model),
            "train": dataclasses.asdict(dataclasses.replace(self.train, threads=1)),
        }


class Evaluation(NamedTuple):
    """One look at the validation set."""

    step: int
    steps: int
    wall_s: float
    """Training time so far, without evaluations."""
    cpu_s: float
    """The same in the process's CPU time."""
    loss: float
    """Mean over the training steps since the evaluation before."""
    train: float
    """Accuracy over the same steps."""
    validation: float


def train(cell: Cell, data: Data, folder: Path, report: Callable[[Evaluation], None]) -> dict[str, Any]:
    """Train to the end or to the early stop and return what cell.json holds; a finished cell is not repeated.

    Raises TaskError or CheckpointError where the folder holds another cell or is damaged, RcfamError where another
    process trains in it.
    """
    done = folder / "cell.json"
    if not done.exists():
        with alone(folder):
            if not done.exists():  # still, now that nobody else trains it
                _train(cell, data, folder, report)
    found = result_of(done)
    checkpoint.agree(done, found["identity"], cell.identity(), _CURE)
    return found


def result_of(path: Path) -> dict[str, Any]:
    """What a cell.json holds. Raises TaskError where it is damaged."""
    try:
        found = documents.load_json(path)
        found["identity"].keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TaskError(f"{path}: not a finished cell: {error}; {_CURE}") from error
    return found


def _train(cell: Cell, data: Data, folder: Path, report: Callable[[Evaluation], None]) -> None:
    identity = cell.identity()
    torch.set_num_threads(cell.train.threads)
    torch.manual_seed(cell.train.seed)
    first = data.train[-1]
    shape = (cell.source.vocabulary, first.answers_NPK.shape[2], first.tokens_NT.shape[1])
    model = Tracker(cell.model, *shape, cuda=cell.device.startswith("cuda"))
    model.to(cell.device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=cell.train.rate, weight_decay=cell.train.decay)
    history = _take_up(folder, identity, model, optimiser)
    best = max((past.validation for past in history), default=-1.0)
    for seen in _trained(cell, data, model, optimiser, history):
        history.append(seen)
        report(seen)
        if seen.validation > best:
            best = seen.validation
            checkpoint.save(folder / "best", model.state_dict(), identity, {"step": seen.step})
        _save(folder, identity, model, optimiser, history)
        if _stops(cell.train, history):
            break
    kept = checkpoint.load(folder / "best")
    model.load_state_dict(kept.tensors)
    accuracy = _accuracy_table(model, data, cell.device)
    with writing(folder / "accuracy.parquet") as path:
        accuracy.write_parquet(path)
    result = _result(cell, model, data, accuracy, history, kept.progress["step"])
    with writing(folder / "cell.json", durable=True) as path:
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    checkpoint.prune(folder, keep=0)


def _stops(params: TrackingParams, history: list[Evaluation]) -> bool:
    scores = [past.validation for past in history]
    return scores[-1] >= params.enough or len(scores) - 1 - int(np.argmax(scores)) >= params.patience


def _trained(
    cell: Cell, data: Data, model: Tracker, optimiser: torch.optim.Optimizer, history: list[Evaluation]
) -> Iterator[Evaluation]:
    """Go on after the last evaluation in `history`; nothing where that one stopped the run."""
    params = cell.train
    each = sum(len(group.tokens_NT) // params.batch or 1 for group in data.train)
    steps = max(1, round(params.epochs * each))
    looks = sorted({math.ceil(steps * (n + 1) / params.evaluations) for n in range(params.evaluations)})
    step, wall_s, cpu_s = (history[-1].step, history[-1].wall_s, history[-1].cpu_s) if history else (0, 0.0, 0.0)
    if history and _stops(params, history):
        return
    began, cpu_began = time.perf_counter(), time.process_time()
    losses: list[Tensor] = []
    rights: list[Tensor] = []
    for group, chosen_B in _batches(data.train, params, step, steps):
        step += 1
        for part in optimiser.param_groups:
            part["lr"] = rate_at(params, step, steps)
        shown = _cut(group, (step - 1) / steps, params.growth)
        tokens_BT, where_P, answers_BPK = _tensors(shown, chosen_B, cell.device)
        out_BPK = model(tokens_BT, where_P)
        loss = _loss(out_BPK, answers_BPK)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
        optimiser.step()
        losses.append(loss.detach())
        rights.append(right(out_BPK.detach(), answers_BPK).float().mean())
        if step in looks:
            mean_loss, mean_right = torch.stack(losses).mean().item(), torch.stack(rights).mean().item()
            wall_s += time.perf_counter() - began
            cpu_s += time.process_time() - cpu_began
            if not math.isfinite(mean_loss):
                raise TaskError(f"{cell.model.name}: loss is {mean_loss} before step {step}; try a lower rate")
            held_out = mean_accuracy(evaluate(model, data.validation, cell.device))
            yield Evaluation(step, steps, wall_s, cpu_s, mean_loss, mean_right, held_out)
            losses, rights = [], []
            began, cpu_began = time.perf_counter(), time.process_time()


def rate_at(params: TrackingParams, step: int, steps: int) -> float:
    """The learning rate of a step, from 1 to `steps`: it rises to the whole rate, while that falls to a fiftieth."""
    return params.rate * min(step / max(params.warmup, 1), 1.0) * max(1 - (step - 1) / steps, 1 / 50)


def _batches(
    examples: Examples, params: TrackingParams, step: int, steps: int
) -> Iterator[tuple[Group, np.ndarray[Any, np.dtype[np.int64]]]]:
    """What each step from `step` on trains on: a pure function of the seed and the step."""
    sizes = [len(group.tokens_NT) for group in examples]
    slots = [(g, n) for g, size in enumerate(sizes) for n in range(size // params.batch or 1)]
    while step < steps:
        epoch, within = divmod(step, len(slots))
        random = np.random.default_rng((params.seed, epoch))
        order = random.permutation(len(slots))
        mixed = [random.permutation(size) for size in sizes]
        for slot in order[within : within + steps - step]:
            g, n = slots[slot]
            yield examples[g], mixed[g][n * params.batch : (n + 1) * params.batch]
            step += 1


def _cut(group: Group, done: float, growth: float) -> Group:
    """The beginnings of a group's examples when a run is `done`, from 0 to 1: their length grows evenly on logs."""
    if done >= growth:
        return group
    answers = max(1, math.ceil(len(group.where_P) * _SHORTEST ** (1 - done / growth)))
    tokens = int(group.where_P[answers - 1]) + 1
    return Group(
        group.depth,
        group.tokens_NT[:, :tokens],
        group.where_P[:answers],
        group.answers_NPK[:, :answers],
        group.hidden_NP[:, :answers],
    )


def _tensors(group: Group, chosen_B: Any, device: str) -> tuple[Tensor, Tensor, Tensor]:
    return (
        torch.from_numpy(group.tokens_NT[chosen_B]).to(device).long(),
        torch.from_numpy(group.where_P).to(device),
        torch.from_numpy(group.answers_NPK[chosen_B]).to(device).float(),
    )


def _loss(out_BPK: Tensor, answers_BPK: Tensor) -> Tensor:
    """Cross-entropy of one bit, squared error of two coordinates."""
    if out_BPK.shape[2] == 1:
        return nn.functional.binary_cross_entropy_with_logits(out_BPK, answers_BPK)
    return nn.functional.mse_loss(out_BPK, answers_BPK)


def right(out_BPK: Tensor, answers_BPK: Tensor) -> Tensor:
    """Which answers are right, (B, P): the bit; both coordinates when rounded."""
    if out_BPK.shape[2] == 1:
        return ((out_BPK > 0) == (answers_BPK > 0.5))[..., 0]
    return (out_BPK.round() == answers_BPK).all(dim=2)


@torch.no_grad()
def evaluate(model: Tracker, examples: Examples, device: str = "cpu", most: int | None = None) -> pl.DataFrame:
    """One row for each depth of examples and depth of answers: depth, hidden, last, right, count.

    `last` marks the last answer of an example. `most` limits the examples of each group.
    """
    model.eval()
    tables = []
    for group in examples:
        count = len(group.tokens_NT) if most is None else min(most, len(group.tokens_NT))
        size = max(1, _EVALUATED_TOKENS // group.tokens_NT.shape[1])
        hits = []
        for start in range(0, count, size):
            tokens_BT, where_P, answers_BPK = _tensors(group, np.arange(start, min(start + size, count)), device)
            hits.append(right(model(tokens_BT, where_P), answers_BPK).cpu())
        hits_NP = torch.cat(hits).numpy()
        last_P = np.arange(hits_NP.shape[1]) == hits_NP.shape[1] - 1
        tables.append(
            pl.DataFrame(
                {
                    "depth": np.full(hits_NP.size, group.depth, np.int32),
                    "hidden": group.hidden_NP[:count].ravel().astype(np.int32),
                    "last": np.broadcast_to(last_P, hits_NP.shape).ravel(),
                    "right": hits_NP.ravel(),
                }
            )
        )
    model.train()
    whole = (
        pl.concat(tables)
        .group_by("depth", "hidden", "last", maintain_order=True)
        .agg(pl.col("right").sum(), count=pl.len())
    )
    return whole.sort("depth", "hidden", "last")


def mean_accuracy(table: pl.DataFrame) -> float:
    """Right answers of all answers."""
    return float(table["right"].to_numpy().sum() / table["count"].to_numpy().sum())


def _accuracy_table(model: Tracker, data: Data, device: str) -> pl.DataFrame:
    most = len(data.validation[0].tokens_NT)
    parts = [("train", data.train), ("validation", data.validation), ("test", data.test), ("beyond", data.beyond)]
    return pl.concat(
        [
            evaluate(model, examples, device, most).select(pl.lit(part).alias("part"), pl.all())
            for part, examples in parts
            if examples
        ]
    )


def _result(
    cell: Cell, model: Tracker, data: Data, accuracy: pl.DataFrame, history: list[Evaluation], best: int
) -> dict[str, Any]:
    scores: dict[str, float] = {}
    for part in ("train", "validation", "test"):
        rows = accuracy.filter(pl.col("part") == part)
        scores[part] = mean_accuracy(rows)
        scores[f"{part}_last"] = mean_accuracy(rows.filter("last"))
    return {
        "identity": cell.identity(),
        "device": cell.device,
        "threads": cell.train.threads,
        "parameters": model.parameters_count,
        "flops": model.flops(data.train[-1].tokens_NT.shape[1]),
        "wall_s": round(history[-1].wall_s, 2),
        "cpu_s": round(history[-1].cpu_s, 2),
        "best_step": best,
        "accuracy": scores,
        "history": [past._asdict() for past in history],
    }


def _save(
    folder: Path,
    identity: dict[str, Any],
    model: Tracker,
    optimiser: torch.optim.Optimizer,
    history: list[Evaluation],
) -> None:
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": tensor for name, tensor in state.items()}
    progress = {"history": [past._asdict() for past in history]}
    checkpoint.save(checkpoint.stem_of(folder, history[-1].step), tensors, identity, progress)
    checkpoint.prune(folder, keep=1)


def _take_up(
    folder: Path, identity: dict[str, Any], model: Tracker, optimiser: torch.optim.Optimizer
) -> list[Evaluation]:
    """Load the last checkpoint into model and optimiser; the evaluations so far, none where there is no checkpoint."""
    saved = checkpoint.steps_saved(folder)
    if not saved:
        return []
    stem = checkpoint.stem_of(folder, saved[-1])
    found = checkpoint.load(stem)
    checkpoint.agree(checkpoint.paths(stem)[1], found.identity, identity, _CURE)
    weights = {n.removeprefix("model."): t for n, t in found.tensors.items() if n.startswith("model.")}
    model.load_state_dict(weights)
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in found.tensors.items():
        if name.startswith("optimiser."):
            _, number, key = name.split(".")
            states.setdefault(int(number), {})[key] = tensor
    optimiser.load_state_dict({"state": states, "param_groups": optimiser.state_dict()["param_groups"]})
    return [Evaluation(**past) for past in found.progress["history"]]
