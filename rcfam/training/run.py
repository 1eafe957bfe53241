"""One run on disk: checkpoints, taking up where a killed process stopped, the final model.

FOLDER/step-0000100.safetensors, .json    the last `keep` checkpoints until the run ends: weights, optimiser, random
                                          state, rows so far
FOLDER/best.safetensors, .json            the weights of the least held-out loss so far
FOLDER/final.safetensors, .json           the trained weights and what they were trained from; written last of all
FOLDER/table.parquet                      one row a step
FOLDER/failure.json                       where a loss that is not finite stopped the run: what `rcfam replay` needs;
                                          checkpoints stay then, also where the run counts as ended
FOLDER/rank-R/step-0000100.safetensors    with outer steps, what rank R alone knows: its optimiser and random state

Of several ranks the first writes all else.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor

from rcfam import documents, kinds, outputs, schema, source_hash, tables
from rcfam.atomic import alone, writing
from rcfam.bounds import Name, Range, Seed, Size, check, shown
from rcfam.dataset.index import Batch
from rcfam.dataset.orders import Order
from rcfam.evaluation.scoring import loss_in_pieces
from rcfam.evaluation.utilisation import shortest_step
from rcfam.model.action import ActionModel, DataShape, ModelParams, build
from rcfam.terminal.cells import MAX_ATTRIBUTES
from rcfam.training import checkpoint
from rcfam.training.carry import Carry
from rcfam.training.compute import LONGEST_CHUNK, prepare
from rcfam.training.diloco import DiLoCo
from rcfam.training.distributed import ALONE, Ranks, wait_for_all
from rcfam.training.errors import CheckpointError, TrainingError
from rcfam.training.loop import DivergedError, Progress, Step, TrainParams, peak_bytes, train
from rcfam.training.optimiser import Optimiser
from rcfam.training.streaming import STRETCH
from rcfam.training.table import COLUMNS, SCHEMA, StepRow, frame, write

FINAL: Final = "final"
BEST: Final = "best"
_LOOKED_UP: Final = ["mfu", "held_out_loss"]  # columns with empty places
_PACKAGE: Final = Path(__file__).parent.parent


class TrainingData(NamedTuple):
    """Training data: the windows of every step, and what a checkpoint has to agree with."""

    data_at: Callable[[int], Batch]
    shape: DataShape
    dataset_hash: str
    tokenizer_hash: str
    held_out_at: Callable[[int], Iterable[Batch]]
    """So many frames of held-out windows, always the same; at least one window."""


OpenSource = Callable[[Path, int, int, int, Ranks, Order], TrainingData]
"""dataset, length, batch, seed, ranks, order -> the data of this rank."""


@dataclass(frozen=True)
class Job:
    """Everything that decides a run. It crosses to another process, so `open_source` is a module's own function."""

    open_source: OpenSource
    dataset: Path
    folder: Path
    study: str
    length: int
    seed: int
    model: ModelParams
    train: TrainParams
    restart: bool = False
    """Start anew where the folder holds a checkpoint of something else, instead of refusing."""
    diverged: Literal["error", "end"] = "error"
    """What a loss that is not finite is: an error, or the end of the run. Then a last row of its table says so, and its
    final weights are those before that step.
    """
    device: str = "cpu"
    ranks: Ranks = ALONE


def run(job: Job, report: Callable[[Step], None]) -> pl.DataFrame:
    """Train to the end, from the last checkpoint where there is one, and return the run's table.

    A finished run is not repeated. Raises CheckpointError where a checkpoint disagrees with the job, TrainingError
    where the loss is not finite, unless the job takes that for an end; `failure.json` holds step, loss, norm and the
    names of the windows then. RcfamError where another process is at work in the folder: each would delete the other's
    checkpoints.
    """
    with alone(job.folder) if job.ranks.first else nullcontext():
        return _run(job, report)


def _run(job: Job, report: Callable[[Step], None]) -> pl.DataFrame:
    torch.set_num_threads(job.train.threads)
    source = job.open_source(job.dataset, job.length, job.train.batch, job.seed, job.ranks, job.train.order)
    identity = identity_of(job, source)
    final, table = job.folder / FINAL, job.folder / "table.parquet"
    if job.ranks.first:
        _settle(job, identity)
    wait_for_all(job.ranks)
    if checkpoint.paths(final)[1].exists() and table.exists():
        checkpoint.agree(checkpoint.paths(final)[1], checkpoint.load(final).identity, identity)
        return tables.read(table, COLUMNS)
    state, progress, rows = resume(job, source)
    if job.ranks.first:
        checkpoint.prune(job.folder, job.train.keep)
    wait_for_all(job.ranks)  # nobody goes on, and deletes checkpoints, before all have read theirs
    first = partial(source.data_at, progress.step + 1)
    chunk = STRETCH * (progress.chunk or job.train.chunk or LONGEST_CHUNK)
    shortest_s = shortest_step(job.model, source.shape, first, chunk, job.device)
    try:
        for bare in steps_from(job, source, state, progress):
            step = bare._replace(
                mfu=None if shortest_s is None else shortest_s / bare.step_s,
                held_out_loss=_look(job, identity, source, state, bare, rows),
            )
            rows.append(_row(job, step))
            progress = step.progress
            every = job.train.checkpoint_every
            if every and progress.step % every == 0 and progress.step < job.train.steps:
                _save(job, identity, state, progress, rows)
            report(step)
    except DivergedError as failure:
        _record(job, identity, failure)
        if job.diverged == "error" or job.ranks.world > 1:
            raise TrainingError(
                f"length {job.length}, seed {job.seed}: {failure} (see {_failure_path(job)})"
            ) from failure
        rows.append(_last_row(job, failure, progress))
        write(table, frame(rows))
        checkpoint.save(final, _weights(state.model), identity, _reached(progress) | {"diverged": failure.step})
        return frame(rows)
    if job.ranks.first:
        write(table, frame(rows))
        checkpoint.save(final, _weights(state.model), identity, _reached(progress))
        checkpoint.prune(job.folder, keep=0)
        for path in job.folder.glob("failure*.json"):
            path.unlink()
        for folder in job.folder.glob("rank-*"):
            checkpoint.prune(folder, keep=0)
            with suppress(OSError):  # something is in it that is not ours
                folder.rmdir()
    wait_for_all(job.ranks)
    return frame(rows)


class State(NamedTuple):
    """What a run moves."""

    model: ActionModel
    optimiser: Optimiser
    outer: DiLoCo | None
    carry: list[Carry] | None
    """One for each piece of `accumulate`; None where windows do not follow each other."""


def resume(job: Job, source: TrainingData) -> tuple[State, Progress, list[StepRow]]:
    """The run as its last checkpoint has it, fresh where there is none. Raises CheckpointError."""
    model = build(job.model, source.shape, job.seed).to(job.device)
    prepare(model, job.train.compute, job.device)
    outer = DiLoCo(list(model.parameters()), job.train.outer) if job.train.outer else None
    carry = None
    if job.train.order == "carried":
        if not job.model.backbone.constant_state or job.ranks.world > 1:
            raise TrainingError(
                f"train.order carried: backbone {job.model.backbone.kind} in {job.ranks.world} process(es); "
                "it takes one process, and a backbone whose state does not grow"
            )
        carry = [Carry() for _ in range(job.train.accumulate)]
    state = State(model, Optimiser(model, job.train.optimiser), outer, carry)
    try:
        return state, *_take_up(job, identity_of(job, source), state)
    except (KeyError, RuntimeError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        told = shown(f"{type(error).__name__}: {' '.join(str(error).split())}")
        raise CheckpointError(f"{job.folder}: the last checkpoint does not fit this run: {told}") from error


def steps_from(job: Job, source: TrainingData, state: State, progress: Progress) -> Iterator[Step]:
    """Train on; see loop.py."""
    return train(
        state.model,
        state.optimiser,
        source.data_at,
        job.train,
        progress,
        job.device,
        job.ranks,
        state.outer,
        state.carry,
    )


def _look(
    job: Job, identity: dict[str, Any], source: TrainingData, state: State, step: Step, before: list[StepRow]
) -> float | None:
    """The held-out loss where this step asks for it; weights better than all before are kept as the best."""
    every, number = job.train.validate_every, step.progress.step
    if not job.ranks.first or not every or (number % every and number < job.train.steps):
        return None
    batches = source.held_out_at(job.train.validate_frames)
    found = loss_in_pieces(state.model, batches, job.length, step.progress.chunk, job.device)
    looked = [row.held_out_loss for row in before if row.held_out_loss is not None and math.isfinite(row.held_out_loss)]
    if not looked or found < min(looked):
        reached = _reached(step.progress) | {"held_out_loss": found}
        checkpoint.save(job.folder / BEST, _weights(state.model), identity, reached)
    return found


def _weights(model: ActionModel) -> dict[str, Tensor]:
    return {name: tensor.cpu() for name, tensor in model.state_dict().items()}


def _reached(progress: Progress) -> dict[str, Any]:
    return {"step": progress.step, "chunk": progress.chunk, "tokens": progress.tokens, "frames": progress.frames}


def identity_of(job: Job, source: TrainingData) -> dict[str, Any]:
    """What has to agree before a checkpoint is taken up: data, tokenizer, all parameters that the weights depend on."""
    train_params = dataclasses.asdict(job.train)
    for free in ("checkpoint_every", "keep"):
        del train_params[free]
    identity = {
        "dataset": source.dataset_hash,
        "tokenizer": source.tokenizer_hash,
        "rows": source.shape.rows,
        "columns": source.shape.columns,
        "vocabulary": source.shape.vocabulary,
        "attributes": len(source.shape.attributes_N3),
        "code": code_hash(),
        "study": job.study,
        "length": job.length,
        "seed": job.seed,
        "world": job.ranks.world,
        "model": schema.plain(job.model),
        "train": train_params,
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity))  # tuples become lists, as they read back
    return plain


@dataclass(frozen=True)
class Identity:
    """What `identity_of` makes, as a checkpoint holds it."""

    dataset: Annotated[str, Size(1, 100)]
    tokenizer: Annotated[str, Size(1, 100)]
    rows: Annotated[int, Range(1, 1_024)]
    columns: Annotated[int, Range(1, 1_024)]
    vocabulary: Annotated[int, Range(1, 1 << 21)]
    attributes: Annotated[int, Range(0, MAX_ATTRIBUTES)]
    code: Annotated[str, Size(0, 100)]
    study: Name
    length: Annotated[int, Range(1, 2**24)]
    seed: Seed
    world: Annotated[int, Range(1, 100_000)]
    model: ModelParams
    train: dict[str, Any]

    def __post_init__(self) -> None:
        check(self)


def code_hash() -> str:
    """What model, evaluation and training do, whatever their comments. A restart heeds it; a checkpoint goes on."""
    whole = hashlib.sha256()
    for room in ("model", "evaluation", "training"):
        for source in sorted((_PACKAGE / room).glob("*.py")):
            whole.update(source_hash.digest(source).encode())
    return whole.hexdigest()[:16]


def load_model(folder: Path, which: str = FINAL) -> tuple[ActionModel, dict[str, Any]]:
    """The trained model of a run's folder, final or best, and its identity. Raises CheckpointError."""
    found = checkpoint.load(folder / which)
    where = str(checkpoint.paths(folder / which)[1])
    said = documents.build(Identity, found.identity, f"{where}: identity")
    shape = DataShape(said.rows, said.columns, said.vocabulary, np.zeros((said.attributes, 3), np.uint32))
    try:
        with torch.device("meta"):  # no more memory than what the file holds
            like = build(said.model, shape, 0).state_dict()
        if any(name not in like or like[name].shape != tensor.shape for name, tensor in found.tensors.items()):
            raise CheckpointError(f"{where}: weights of other shapes than the identity's model has")
        model = build(said.model, shape, 0)
        model.load_state_dict(found.tensors)
    except RuntimeError as error:
        raise CheckpointError(f"{where}: weights do not fit: {shown(' '.join(str(error).split()))}") from error
    return model, found.identity


def _settle(job: Job, identity: dict[str, Any]) -> None:
    """With `restart`, clear a folder that holds a checkpoint of something else, or a damaged one."""
    whole = [FINAL, *(checkpoint.stem_of(job.folder, step).name for step in checkpoint.steps_saved(job.folder))]
    present = [name for name in (*whole, BEST) if checkpoint.paths(job.folder / name)[1].exists()]
    if not job.restart or not present:
        return
    try:
        found = [checkpoint.identity_in(job.folder / name) for name in present]
        for name in set(present) - {BEST}:  # the best is written again where a killed process left half of it
            checkpoint.load(job.folder / name)
        fits = all(not checkpoint.differences(each, identity) for each in found)
    except CheckpointError:
        fits = False
    if not fits:
        outputs.clear(job.folder, kinds.RUN)


def _take_up(job: Job, identity: dict[str, Any], state: State) -> tuple[Progress, list[StepRow]]:
    """Load the last checkpoint into the state; the beginning where there is none."""
    saved = checkpoint.steps_saved(job.folder)
    best = job.folder / BEST
    if checkpoint.paths(best)[1].exists():
        checkpoint.agree(checkpoint.paths(best)[1], checkpoint.identity_in(best), identity)
    if not saved:
        return Progress(), []
    stem = checkpoint.stem_of(job.folder, saved[-1])
    found = checkpoint.load(stem)
    checkpoint.agree(checkpoint.paths(stem)[1], found.identity, identity)
    groups: dict[str, dict[str, Tensor]] = {
        "model": {},
        "optimiser": {},
        "outer": {},
        "table": {},
        "random": {},
        "carry": {},
    }
    tensors = found.tensors
    if state.outer is not None and not job.ranks.first:
        own = checkpoint.load(checkpoint.stem_of(_own_folder(job), saved[-1]))
        tensors = tensors | own.tensors
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        groups.setdefault(group, {})[rest] = tensor
    state.model.load_state_dict(groups["model"])
    state.optimiser.load(groups["optimiser"])
    if state.outer is not None:
        state.outer.load(groups["outer"])
    for number, each in enumerate(state.carry or []):
        mine = f"{number}."
        each.load({k.removeprefix(mine): tensor for k, tensor in groups["carry"].items() if k.startswith(mine)})
    torch.set_rng_state(groups["random"]["torch"])
    columns = {name: groups["table"][name].tolist() for name in _measured_columns()}
    table = pl.DataFrame(columns, schema_overrides={name: SCHEMA[name] for name in columns}).with_columns(
        pl.col(_LOOKED_UP).fill_nan(None),
        run=pl.lit(_name(job)),
        study=pl.lit(job.study),
        seed=pl.lit(job.seed),
        length=pl.lit(job.length),
        batch=pl.lit(job.train.batch),
    )
    rows = [StepRow(*row) for row in table.select(SCHEMA.names()).iter_rows()]
    return Progress(**found.progress), rows


def _save(job: Job, identity: dict[str, Any], state: State, progress: Progress, rows: list[StepRow]) -> None:
    own = {f"optimiser.{name}": tensor for name, tensor in state.optimiser.state().items()}
    own["random.torch"] = torch.get_rng_state()
    if not job.ranks.first:
        if state.outer is not None:
            folder = _own_folder(job)
            checkpoint.save(checkpoint.stem_of(folder, progress.step), own, identity, {})
            checkpoint.prune(folder, job.train.keep + 1)  # the first rank may yet have to go on from the one before
            wait_for_all(job.ranks)
        return
    if state.outer is not None:
        wait_for_all(job.ranks)  # the first rank's file is written last: with it the checkpoint exists
        own |= {f"outer.{name}": tensor for name, tensor in state.outer.state().items()}
    for number, each in enumerate(state.carry or []):
        own |= {f"carry.{number}.{name}": tensor for name, tensor in each.state().items()}
    table = frame(rows)
    own |= {f"model.{name}": tensor for name, tensor in state.model.state_dict().items()}
    own |= {f"table.{name}": torch.from_numpy(table[name].to_numpy().copy()) for name in _measured_columns()}
    checkpoint.save(checkpoint.stem_of(job.folder, progress.step), own, identity, dataclasses.asdict(progress))
    checkpoint.prune(job.folder, job.train.keep)


def _own_folder(job: Job) -> Path:
    return job.folder / f"rank-{job.ranks.rank}"


def _failure_path(job: Job) -> Path:
    return job.folder / ("failure.json" if job.ranks.first else f"failure-{job.ranks.rank}.json")


def _record(job: Job, identity: dict[str, Any], failure: DivergedError) -> None:
    """Numbers that are not finite are written as texts."""
    values = {
        "step": failure.step,
        "loss": _plain(failure.loss),
        "grad_norm": _plain(failure.norm),
        "windows": failure.ids,
        "norms": {name: {key: _plain(x) for key, x in n._asdict().items()} for name, n in failure.norms.items()},
        "identity": identity,
    }
    with writing(_failure_path(job)) as part:
        part.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _plain(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)


def _row(job: Job, step: Step) -> StepRow:
    return StepRow(
        run=_name(job),
        study=job.study,
        seed=job.seed,
        length=job.length,
        batch=job.train.batch,
        step=step.progress.step,
        tokens=step.progress.tokens,
        frames=step.progress.frames,
        loss=step.loss,
        accuracy=step.accuracy,
        grad_norm=step.grad_norm,
        wall_s=step.progress.wall_s,
        step_s=step.step_s,
        peak_bytes=step.peak_bytes,
        syncs=step.progress.syncs,
        sync_bytes=step.progress.sync_bytes,
        first_loss=step.first_loss,
        last_loss=step.last_loss,
        tokens_s=step.tokens_s,
        frames_s=step.frames_s,
        mfu=step.mfu,
        held_out_loss=step.held_out_loss,
    )


def _last_row(job: Job, failure: DivergedError, progress: Progress) -> StepRow:
    """The step that moved no weights: its loss or its gradient was not finite, and the loss is told as not a number."""
    nan = math.nan
    reached = Step(progress, nan, nan, nan, nan, failure.norm, nan, nan, nan, peak_bytes(job.device))
    return _row(job, reached)._replace(step=failure.step)


def _name(job: Job) -> str:
    return f"{job.study}/length-{job.length}/seed-{job.seed}"


def _measured_columns() -> list[str]:
    return [name for name in SCHEMA.names() if name not in {"run", "study", "seed", "length", "batch"}]
