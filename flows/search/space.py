"""What can be searched: a small table, and a point of the space as parameters of a training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from optuna.trial import Trial

from flows.search import TuneError

Point = dict[str, float]  # a value for every dimension, whole numbers as int


@dataclass(frozen=True)
class Dimension:
    """One thing that a search may vary."""

    name: str
    key: str
    """where it stands in params.yaml; a training's length stands nowhere: `study.lengths` is a list of them"""
    kind: Literal["power", "rate", "count"]
    """powers of two; real numbers on a log scale; whole numbers `step` apart"""
    says: str
    step: int = 1


LENGTH = "length"
DIMENSIONS = (
    Dimension(LENGTH, "study.lengths", "power", "frames a window"),
    Dimension("batch", "train.batch", "power", "windows an update"),
    Dimension("chunk", "train.chunk", "power", "steps of time held at once"),
    Dimension("matrix_rate", "train.optimiser.matrix_rate", "rate", "Muon's rate"),
    Dimension("other_rate", "train.optimiser.other_rate", "rate", "AdamW's rate"),
    Dimension("width", "model.width", "count", "of the backbone, in steps of 16", 16),
    Dimension("layers", "model.layers", "count", "of the backbone"),
)
DEFAULT: Mapping[str, tuple[float, float]] = {LENGTH: (2, 256), "batch": (1, 32)}  # where no range is asked for


@dataclass(frozen=True)
class Space:
    """Every dimension is either searched between two bounds, both included, or fixed."""

    searched: dict[str, tuple[float, float]]
    fixed: Point

    def suggest(self, trial: Trial) -> Point:
        """Draw a point. Rates are rounded to three digits, so that what is told is what was trained with."""
        point = dict(self.fixed)
        for dimension in DIMENSIONS:
            if dimension.name in self.searched:
                point[dimension.name] = _suggest(trial, dimension, *self.searched[dimension.name])
        return point

    def ends(self) -> list[Point]:
        """For each dimension that is searched its values (for rates and powers the bounds), the others at their
        highest.
        """
        top = {**self.fixed, **{name: high for name, (_, high) in self.searched.items()}}
        found = [top]
        for dimension in DIMENSIONS:
            if dimension.name in self.searched:
                low, high = self.searched[dimension.name]
                values = range(int(low), int(high), dimension.step) if dimension.kind == "count" else [low]
                found += [{**top, dimension.name: value} for value in values]
        return found


def space_of(asked: Mapping[str, Sequence[float]], document: Mapping[str, Any]) -> Space:
    """The space for what was asked: two numbers search a dimension, one fixes it; the rest is as in params.yaml.

    Where no range is asked for, length and batch are searched. `document` is the whole of params.yaml; a length that
    nobody asked for is the longest of the study. Raises TuneError.
    """
    ranges = {name: values for name, values in asked.items() if len(values) == 2}
    if not ranges:
        asked = {**{name: bounds for name, bounds in DEFAULT.items() if name not in asked}, **asked}
    searched: dict[str, tuple[float, float]] = {}
    fixed: Point = {}
    for dimension in DIMENSIONS:
        values = [_number(dimension, value) for value in asked.get(dimension.name, ())]
        if len(values) > 2:
            raise TuneError(f"{dimension.name}: one value, or lowest and highest, not {len(values)} values")
        if len(values) == 2:
            searched[dimension.name] = _bounds(dimension, values[0], values[1])
        else:
            fixed[dimension.name] = values[0] if values else _standing(dimension, document)
    if not searched:
        raise TuneError("nothing to search: every dimension is fixed")
    return Space(searched, fixed)


def changes(point: Point) -> Point:
    """A point as keys of params.yaml and their values, without the length."""
    return {d.key: point[d.name] for d in DIMENSIONS if d.name != LENGTH}


def _suggest(trial: Trial, dimension: Dimension, low: float, high: float) -> float:
    if dimension.kind == "power":
        return 2 ** trial.suggest_int(f"log2_{dimension.name}", int(low).bit_length() - 1, int(high).bit_length() - 1)
    if dimension.kind == "rate":
        return float(f"{trial.suggest_float(dimension.name, low, high, log=True):.3g}")
    return trial.suggest_int(dimension.name, int(low), int(high), step=dimension.step)


def _number(dimension: Dimension, value: float) -> float:
    if value <= 0:
        raise TuneError(f"{dimension.name}: {value:g} is not above 0")
    if dimension.kind == "rate":
        return float(value)
    if value != int(value):
        raise TuneError(f"{dimension.name}: {value:g} is no whole number")
    return int(value)


def _bounds(dimension: Dimension, low: float, high: float) -> tuple[float, float]:
    if low >= high:
        raise TuneError(f"{dimension.name}: {low:g} is not below {high:g}")
    if dimension.kind == "power":
        for value in (int(low), int(high)):
            if value & (value - 1):
                raise TuneError(f"{dimension.name}: {value} is no power of two")
    if dimension.kind == "count" and (high - low) % dimension.step:
        raise TuneError(f"{dimension.name}: from {low:g} to {high:g} is no multiple of {dimension.step}")
    return low, high


def _standing(dimension: Dimension, document: Mapping[str, Any]) -> float:
    value: Any = document
    for key in dimension.key.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if dimension.name == LENGTH and isinstance(value, list) and value:
        value = max(value)
    if not isinstance(value, int | float):
        raise TuneError(f"{dimension.name}: {dimension.key} is missing in the parameter file")
    return value
