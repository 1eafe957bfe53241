"""From what a user asked for to a study and a search. Whatever is wrong with it is told before the first trial."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from flows import PROJECT
from flows.search import TuneError
from flows.search.space import LENGTH, Point, Space, changes, space_of
from flows.search.store import open_study
from flows.search.trials import OBJECTIVES, SAMPLERS, Search
from flows.stages import program
from flows.trial import load, step_flops
from rcfam import params as parameters

FOLDER = PROJECT / "optuna"
SECONDS = 30.0  # of a trial, where nothing else is said
_FLOPS_LIMIT_S = 3600.0
_START_S = 120.0  # start of the process, opening the data, one slow step
_OF_NO_INTEREST = ("steps", "checkpoint_every", "keep")  # keys of `train` that a trial does not read


@dataclass(frozen=True)
class Asked:
    """What a user asked for."""

    ranges: Mapping[str, Sequence[float]] = dataclasses.field(default_factory=dict)
    """dimension -> two bounds, or one value"""
    seconds: float | None = None
    flops: float | None = None
    objectives: Sequence[str] = ("loss",)
    sampler: str = "tpe"
    storage: str = str(FOLDER / "tune.journal")
    study: str | None = None
    dataset: Path = PROJECT / "data" / "dataset"
    params: Path = PROJECT / "params.yaml"
    device: str = "cpu"
    limit_s: float | None = None
    seed: int = 0


def prepare(asked: Asked) -> tuple[optuna.Study, Search]:
    """The study, opened, and the search. Raises RcfamError."""
    seconds = SECONDS if asked.seconds is None and asked.flops is None else asked.seconds
    _check_choices(asked, seconds)
    document = parameters.read(asked.params)
    space = space_of(asked.ranges, document)
    data = _check_points(asked, space)
    question = {
        "objectives": list(asked.objectives),
        "budget": f"{asked.flops:g} FLOPs" if seconds is None else f"{seconds:g} s",
        "searched": list(space.searched),
        "fixed": space.fixed,
        "device": asked.device,
        "dataset": data,
        "parameters": _rest(document, changes(space.ends()[0])),
    }
    study = open_study(asked.storage, study_name(asked, space), question)
    limit_s = asked.limit_s or (_FLOPS_LIMIT_S if seconds is None else 2 * seconds + _START_S)
    dataset, params = asked.dataset.resolve(), asked.params.resolve()
    budget = ("--flops", str(asked.flops)) if seconds is None else ("--seconds", str(seconds))

    def command(point: Point, seed: int) -> list[str]:
        where = ("--dataset", str(dataset), "--params", str(params), "--device", asked.device)
        what = [text for key, value in changes(point).items() for text in ("-S", f"{key}={parameters.flow(value)}")]
        return program("flows.trial", *where, "--length", str(point[LENGTH]), "--seed", str(seed), *budget, *what)

    return study, Search(command, space, limit_s, tuple(asked.objectives), asked.sampler, asked.seed)


def study_name(asked: Asked, space: Space | None = None) -> str:
    """The name that was asked for, else what is searched and, but for the loss alone, what for."""
    if asked.study:
        return asked.study
    space = space or space_of(asked.ranges, parameters.read(asked.params))
    objectives = [] if tuple(asked.objectives) == ("loss",) else ["for", *asked.objectives]
    return "-".join([*space.searched, *objectives])


def _check_choices(asked: Asked, seconds: float | None) -> None:
    if asked.seconds is not None and asked.flops is not None:
        raise TuneError("a budget in seconds or in FLOPs, not both")
    for name, value in (("seconds", seconds), ("flops", asked.flops), ("limit", asked.limit_s)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise TuneError(f"{name}: {value:g} is not a number above 0")
    if not asked.objectives or len(set(asked.objectives)) < len(asked.objectives):
        raise TuneError("objectives: one or more, each once")
    for name, known in ((each, tuple(OBJECTIVES)) for each in asked.objectives):
        if name not in known:
            raise TuneError(f"no objective '{name}'; known: {', '.join(known)}")
    if asked.sampler not in SAMPLERS:
        raise TuneError(f"no sampler '{asked.sampler}'; known: {', '.join(SAMPLERS)}")


def _check_points(asked: Asked, space: Space) -> str:
    """Try the space's ends: valid parameters, and a budget for at least a step; return a hash of the dataset."""
    from rcfam.dataset.index import Dataset
    from rcfam.training.data import dataset_hash, shape_of

    dataset = Dataset.open(asked.dataset)
    dataset.stretches("train")
    for point in space.ends():
        model, train = load(asked.params, changes(point))
        needed = step_flops(model, train, shape_of(dataset), int(point[LENGTH]))
        if asked.flops is not None and needed > asked.flops:
            said = ", ".join(f"{name} {value:g}" for name, value in point.items())
            raise TuneError(f"{asked.flops:g} FLOPs are less than one step of {said}: {needed:.3g}")
    return dataset_hash(dataset)


def _rest(document: Mapping[str, Any], varied: Point) -> str:
    """A hash of what else in the file a trial depends on."""
    flat = {f"{name}.{key}": value for name in ("model", "train") for key, value in _flat(document[name])}
    kept = {key: value for key, value in flat.items() if key not in varied}
    kept = {key: value for key, value in kept.items() if key not in {f"train.{name}" for name in _OF_NO_INTEREST}}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _flat(section: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in section.items():
        found += _flat(value, f"{above}{key}.") if isinstance(value, Mapping) else [(f"{above}{key}", value)]
    return found
