"""A study file and a parameter file -> runs, each with a whole parameter file. Pure."""

import copy
import math
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from rcfam import params as parameters
from rcfam.documents import DocumentError
from rcfam.studies.files import SIZES, Common, Size, Study, StudyError, columns, common, factors, leading, load

_PLAIN: Final = ("length", "seed")  # factors that are no parameters: options of `rcfam train`
_SECTIONS: Final = ("render", "tokenize", "dataset", "model", "train", "evaluate", "fit")  # that a study may set
_OWN: Final = ("model", "train", "fit")  # that a size may bring itself


@dataclass(frozen=True)
class Planned:
    """One run of a study."""

    id: str
    """Its folder's name."""
    length: int
    seed: int
    factors: dict[str, Any]
    """Column -> value, of every factor that the study varies."""
    params: dict[str, Any]
    """A whole parameter file."""

    @property
    def frames(self) -> int:
        """Frames that it trains on."""
        return int(self.params["train"]["steps"]) * int(self.params["train"]["batch"]) * self.length


def plan(study: Study, size: str, document: dict[str, Any]) -> list[Planned]:
    """The runs of a study at one size, over the parameters of `document`. Raises StudyError."""
    study = owner(study)
    chosen = study.size(size)
    base = settings(study, size, document)
    names = columns(factors(chosen.vary))
    lead = [names[name] for name in leading(chosen.vary)]
    runs = [_run(study, base, names, lead, values) for values in _points(chosen)]
    if len({run.id for run in runs}) < len(runs):
        raise StudyError(f"study '{study.name}', {size}: two runs have the same factors")
    return runs


def owner(study: Study) -> Study:
    """The study whose runs are looked at."""
    return load(study.runs) if study.runs else study


def settings(study: Study, size: str, document: dict[str, Any]) -> dict[str, Any]:
    """The parameters that all runs of a study share, as a whole parameter file."""
    chosen = study.size(size)
    scores = {f"evaluate.{key}": value for key, value in (chosen.score or {}).items()}
    shared = common(size)
    return _changed(copy.deepcopy(document) | _own_sections(shared), shared.set | chosen.set | scores, study)


def sections_of(size: str) -> tuple[str, ...]:
    """The sections in which the parameter file decides what a study does not set."""
    own = _OWN if size in SIZES and common(size).preset is not None else ()
    return tuple(name for name in _SECTIONS if name not in own)


def _own_sections(common: Common) -> dict[str, Any]:
    """What a size brings itself, whatever the parameter file says."""
    if common.preset is None:
        return {}
    from rcfam.model import ModelParams
    from rcfam.scaling import FitParams
    from rcfam.training import TrainParams

    return parameters.preset(common.preset, {"model": ModelParams, "train": TrainParams, "fit": FitParams})


def _changed(document: dict[str, Any], values: dict[str, Any], study: Study) -> dict[str, Any]:
    """A parameter file with `section.key` -> value put into the sections that a study may set. Raises StudyError."""
    open_sections: dict[str, Any] = {name: document[name] for name in _SECTIONS if name in document}
    try:
        return document | parameters.overridden(open_sections, values, f"study '{study.name}'")
    except DocumentError as error:
        raise StudyError(str(error)) from error


def _points(size: Size) -> list[dict[str, Any]]:
    """Every combination of the axes as factor -> value."""
    axes = []
    for axis, values in size.vary.items():
        axes.append([value if isinstance(value, dict) else {axis: value} for value in values])
    return [{key: value for part in parts for key, value in part.items()} for parts in product(*axes)]


def _run(study: Study, base: dict[str, Any], names: dict[str, str], lead: list[str], values: dict[str, Any]) -> Planned:
    for plain in _PLAIN:
        if not isinstance(values.get(plain), int):
            raise StudyError(f"study '{study.name}': a run without a whole number as its {plain}")
    params = _changed(base, {k: v for k, v in values.items() if "." in k}, study)
    train, before = params["train"], base["train"]
    if train["batch"] != before["batch"] and train["accumulate"] == before["accumulate"]:
        train["accumulate"] = math.ceil(train["batch"] * before["accumulate"] / before["batch"])  # pieces of one size
    params["study"] = {"name": study.name, "lengths": [values["length"]], "seeds": [values["seed"]]}
    told = {names[key]: value for key, value in values.items() if not isinstance(value, dict)}
    return Planned(_id({name: told[name] for name in lead}), values["length"], values["seed"], told, params)


def _id(told: dict[str, Any]) -> str:
    """`backbone-lstm,length-8,seed-0`: safe as a folder's name, whatever the values."""
    parts = [f"{key}-{value}" for key, value in told.items()]
    return ",".join("".join(c if c.isalnum() or c in "-_." else "-" for c in part) for part in parts)
