"""One run on disk: checkpoints, taking up where a killed process stopped, the final model.

FOLDER/step-0000100.safetensors, .json    the last `keep` checkpoints until the run ends: weights, optimiser, random
                                          state, rows so far
FOLDER/final.safetensors, .json           the trained weights and what they were trained from; written last of all
FOLDER/table.parquet                      one row a step
FOLDER/failure.json                       where a loss that is not finite stopped the run
"""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor

from rcfam import params as parameters
from rcfam.atomic import writing
from rcfam.dataset.index import Batch
from rcfam.model.action import ActionModel, DataShape, ModelParams, build
from rcfam.training import checkpoint
from rcfam.training.errors import CheckpointError, TrainingError
from rcfam.training.loop import DivergedError, Progress, Step, TrainParams, train
from rcfam.training.optimiser import Optimiser
from rcfam.training.table import SCHEMA, Row, frame, write

_PACKAGE: Final = Path(__file__).parent.parent


class Source(NamedTuple):
    """Training data: the windows of every step, and what a checkpoint has to agree with."""

    data_at: Callable[[int], Batch]
    shape: DataShape
    dataset_hash: str
    tokenizer_hash: str


@dataclass(frozen=True)
class Job:
    """Everything that decides a run. It crosses to another process, so `open_source` is a module's own function."""

    open_source: Callable[[Path, int, int, int], Source]
    """dataset, length, batch, seed -> the data."""
    dataset: Path
    folder: Path
    study: str
    length: int
    seed: int
    model: ModelParams
    train: TrainParams
    restart: bool = False
    """Start anew where the folder holds a checkpoint of something else, instead of refusing."""
    device: str = "cpu"


def run(job: Job, report: Callable[[Step], None]) -> pl.DataFrame:
    """Train to the end, from the last checkpoint where there is one, and return the run's table.

    A finished run is not repeated. Raises CheckpointError where a checkpoint disagrees with the job, TrainingError
    where the loss is not finite; then `failure.json` holds step, loss, norm and the names of the windows.
    """
    torch.set_num_threads(job.train.threads)
    source = job.open_source(job.dataset, job.length, job.train.batch, job.seed)
    identity = identity_of(job, source)
    final, table = job.folder / "final", job.folder / "table.parquet"
    _settle(job, identity)
    if checkpoint.paths(final)[1].exists() and table.exists():
        checkpoint.agree(checkpoint.paths(final)[1], checkpoint.load(final).identity, identity)
        return pl.read_parquet(table)
    model = build(job.model, source.shape, job.seed).to(job.device)
    optimiser = Optimiser(model, job.train.optimiser)
    progress, rows = _take_up(job, identity, model, optimiser)
    try:
        for step in train(model, optimiser, source.data_at, job.train, progress, job.device):
            rows.append(_row(job, step))
            progress = step.progress
            every = job.train.checkpoint_every
            if every and progress.step % every == 0 and progress.step < job.train.steps:
                _save(job, identity, model, optimiser, progress, rows)
            report(step)
    except DivergedError as failure:
        _record(job, failure)
        raise TrainingError(
            f"length {job.length}, seed {job.seed}: {failure} (see {job.folder / 'failure.json'})"
        ) from failure
    write(table, frame(rows))
    done = {"step": progress.step, "tokens": progress.tokens, "frames": progress.frames}
    checkpoint.save(final, {n: t.cpu() for n, t in model.state_dict().items()}, identity, done)
    checkpoint.prune(job.folder, keep=0)
    return frame(rows)


def identity_of(job: Job, source: Source) -> dict[str, Any]:
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
        "model": dataclasses.asdict(job.model),
        "train": train_params,
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity))  # tuples become lists, as they read back
    return plain


def code_hash() -> str:
    """The source of model and training. A restart heeds it; going on from a checkpoint does not."""
    digest = hashlib.sha256()
    for room in ("model", "training"):
        for source in sorted((_PACKAGE / room).glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def load_model(folder: Path) -> tuple[ActionModel, dict[str, Any]]:
    """The trained model of a run's folder and its identity. Raises CheckpointError."""
    found = checkpoint.load(folder / "final")
    where = str(checkpoint.paths(folder / "final")[1])
    identity = found.identity
    try:
        shape = DataShape(
            identity["rows"],
            identity["columns"],
            identity["vocabulary"],
            np.zeros((identity["attributes"], 3), np.uint32),
        )
        model = build(parameters.build(ModelParams, identity["model"], f"{where}: model"), shape, 0)
        model.load_state_dict(found.tensors)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{where}: weights do not fit: {' '.join(str(error).split())}") from error
    return model, identity


def _settle(job: Job, identity: dict[str, Any]) -> None:
    """With `restart`, clear a folder whose newest checkpoint is of something else."""
    stems = [
        job.folder / "final",
        *(checkpoint.stem_of(job.folder, step) for step in checkpoint.steps_saved(job.folder)),
    ]
    present = [stem for stem in stems if checkpoint.paths(stem)[1].exists()]
    if not job.restart or not present:
        return
    try:
        fits = all(not checkpoint.differences(checkpoint.load(stem).identity, identity) for stem in present)
    except CheckpointError:
        fits = False
    if not fits:
        shutil.rmtree(job.folder)


def _take_up(
    job: Job, identity: dict[str, Any], model: ActionModel, optimiser: Optimiser
) -> tuple[Progress, list[Row]]:
    """Load the last checkpoint into model and optimiser; the beginning where there is none."""
    saved = checkpoint.steps_saved(job.folder)
    checkpoint.prune(job.folder, job.train.keep)
    if not saved:
        return Progress(), []
    stem = checkpoint.stem_of(job.folder, saved[-1])
    found = checkpoint.load(stem)
    checkpoint.agree(checkpoint.paths(stem)[1], found.identity, identity)
    groups: dict[str, dict[str, Tensor]] = {"model": {}, "optimiser": {}, "table": {}, "random": {}}
    for name, tensor in found.tensors.items():
        group, _, rest = name.partition(".")
        groups[group][rest] = tensor
    model.load_state_dict(groups["model"])
    optimiser.load(groups["optimiser"])
    torch.set_rng_state(groups["random"]["torch"])
    columns = {name: groups["table"][name].tolist() for name in _measured_columns()}
    table = pl.DataFrame(columns).with_columns(
        run=pl.lit(_name(job)),
        study=pl.lit(job.study),
        seed=pl.lit(job.seed),
        length=pl.lit(job.length),
        batch=pl.lit(job.train.batch),
    )
    rows = [Row(*row) for row in table.select(SCHEMA.names()).iter_rows()]
    return Progress(**found.progress), rows


def _save(
    job: Job,
    identity: dict[str, Any],
    model: ActionModel,
    optimiser: Optimiser,
    progress: Progress,
    rows: list[Row],
) -> None:
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"optimiser.{name}": tensor for name, tensor in optimiser.state().items()}
    tensors["random.torch"] = torch.get_rng_state()
    table = frame(rows)
    tensors |= {f"table.{name}": torch.from_numpy(table[name].to_numpy().copy()) for name in _measured_columns()}
    checkpoint.save(checkpoint.stem_of(job.folder, progress.step), tensors, identity, dataclasses.asdict(progress))
    checkpoint.prune(job.folder, job.train.keep)


def _record(job: Job, failure: DivergedError) -> None:
    with writing(job.folder / "failure.json") as part:
        values = {
            "step": failure.step,
            "loss": str(failure.loss),
            "grad_norm": str(failure.norm),
            "windows": failure.ids,
        }
        part.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _row(job: Job, step: Step) -> Row:
    return Row(
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
    )


def _name(job: Job) -> str:
    return f"{job.study}/length-{job.length}/seed-{job.seed}"


def _measured_columns() -> list[str]:
    return [name for name in SCHEMA.names() if name not in {"run", "study", "seed", "length", "batch"}]
