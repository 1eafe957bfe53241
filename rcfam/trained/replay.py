"""Replays a training step whose loss was not finite, from the last checkpoint before it and over the same windows."""

# T steps, B windows

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch

from rcfam import documents
from rcfam.bounds import Range
from rcfam.evaluation.measuring import measure
from rcfam.training import checkpoint
from rcfam.training.errors import TrainingError
from rcfam.training.loop import DivergedError, Norms, TrainParams
from rcfam.training.run import Identity, Job, OpenSource, TrainingData, identity_of, resume, steps_from


class Window(NamedTuple):
    """A window of the step: recording number, first token, and its mean loss."""

    recording: int
    first_token: int
    loss: float


class Replay(NamedTuple):
    """The outcome of the replayed step. The weights are those before the step."""

    run: str
    step: int
    start: int
    """The step of the checkpoint that the replay started from; 0 for fresh weights."""
    loss: float
    grad_norm: float
    windows: list[Window]
    norms: dict[str, Norms]


def replay(folder: Path, dataset: Path, open_source: OpenSource, device: str = "cpu") -> Replay:
    """Repeat the step that `folder`/failure.json names. The folder does not change.

    Raises TrainingError if the file is missing, if the run had several ranks, or if every step up to that one is finite
    this time. Raises CheckpointError if the dataset or a checkpoint does not belong to the run.
    """
    path = folder / "failure.json"
    if not path.exists():
        raise TrainingError(f"{path}: No such file or directory; a run whose loss was not finite writes it")
    failure = documents.load(path, _Failure)
    said = documents.build(Identity, failure.identity, f"{path}: identity")
    job = _job(path, said, folder, dataset, open_source, device)
    torch.set_num_threads(job.train.threads)
    source = job.open_source(job.dataset, job.length, job.train.batch, job.seed, job.ranks, job.train.order)
    checkpoint.agree(path, failure.identity, identity_of(job, source))
    state, start, _ = resume(job, source)
    if start.step >= failure.step:
        raise TrainingError(f"{folder}: its checkpoint of step {start.step} is past step {failure.step}, which failed")
    try:
        for step in steps_from(job, source, state, start):
            if step.progress.step == failure.step:
                raise TrainingError(f"{folder}: step {failure.step} is finite this time: loss {step.loss}")
    except DivergedError as found:
        return Replay(
            f"{job.study}/length-{job.length}/seed-{job.seed}",
            found.step,
            start.step,
            found.loss,
            found.norm,
            _windows(job, source, state.model, found.step),
            found.norms,
        )
    raise TrainingError(f"{folder}: the run has only {job.train.steps} steps")


def _windows(job: Job, source: TrainingData, model: Any, step: int) -> list[Window]:
    batch = source.data_at(step)
    loss_TB = measure(model, batch, job.train.chunk or 1, job.device).loss_TB
    loss_B = loss_TB.double().sum(dim=0).cpu().numpy() / batch.mask_TB.sum(axis=0).clip(1)
    return [Window(a, b, loss) for (a, b), loss in zip(batch.ids_B2.tolist(), loss_B.tolist(), strict=True)]


@dataclass(frozen=True)
class _Failure:
    """The document failure.json, which a run writes when its loss is not finite."""

    step: Annotated[int, Range(1)]
    identity: dict[str, Any]
    loss: Any = None
    grad_norm: Any = None
    windows: Any = None
    norms: Any = None


def _job(
    path: Path,
    identity: Identity,
    folder: Path,
    dataset: Path,
    open_source: OpenSource,
    device: str,
) -> Job:
    """The job that the identity describes. Settings outside the identity do not affect a replay."""
    if identity.world != 1:
        raise TrainingError(f"{path}: the run had {identity.world} ranks; only runs of one process are replayed")
    train = identity.train | {"checkpoint_every": 0, "keep": 1}
    return Job(
        open_source,
        dataset,
        folder,
        identity.study,
        identity.length,
        identity.seed,
        identity.model,
        documents.build(TrainParams, train, f"{path}: train"),
        device=device,
    )
