"""The study files of the catalogue and what stands in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from rcfam import documents, params
from rcfam.errors import RcfamError

CATALOGUE: Final = Path(str(resources.files("rcfam") / "studies" / "catalogue"))
SIZES: Final = ("tiny", "full")
_COMMON: Final = "_sizes"  # what all studies have in common, by size

Measure = Literal[
    "steps", "wall", "flops", "tokens", "loss", "own_loss", "early_loss", "late_loss", "accuracy", "sustained"
]
"""steps, wall, flops, tokens: smoothed training loss when both runs have come equally far in that. The others: scores
on the windows that the study looks at (evaluation/scoring.py)."""


class StudyError(RcfamError):
    """A study file, or a demand on it, that cannot be used."""


@dataclass(frozen=True)
class Claim:
    """One sentence that the runs confirm, refute or leave open."""

    says: str
    less: dict[str, Any]
    """Factor -> value of the runs that should have less loss (for accuracy and sustained: more of it). Of numbers,
    `smallest`, `largest` and `quarter`, the one nearest to a quarter of the largest, stand for values."""
    than: dict[str, Any] | None
    """Factors of those they are compared with, run by run, all other factors equal; None: the claim is of a law,
    whose exponent should lie above 0."""
    by: Measure
    than_by: Measure | None
    """What the others are measured by; None for the same."""


@dataclass(frozen=True)
class Size:
    """What one size of a study sets and varies."""

    set: dict[str, Any]
    """`section.key` -> value, over the parameter file and over what the size sets in all studies."""
    vary: dict[str, Any]
    """Axis -> values; the runs are their product. A value is that of the factor that the axis is named after, or
    a mapping of several factors that change together. A factor is `length`, `seed`, a `section.key`, or a label."""
    score: dict[str, Any] | None
    """Keys of section `evaluate`; None: trained models are not scored."""

    def __post_init__(self) -> None:
        for axis, values in self.vary.items():
            if not isinstance(values, list) or not values:
                raise ValueError(f"vary.{axis}: {values!r} is no list of values")


@dataclass(frozen=True)
class Common:
    """What one size brings to every study."""

    preset: str | None
    """The preset whose model, training and fit all runs start from; None: those of the parameter file."""
    set: dict[str, Any]
    """`section.key` -> value over that, in all studies."""


@dataclass(frozen=True)
class Catalogue:
    """The file of what all studies have in common."""

    order: tuple[str, ...]
    """All studies, in the order in which they are shown."""
    tiny: Common
    full: Common


@dataclass(frozen=True)
class Study:
    """A file of the catalogue."""

    question: str
    paper: str
    """Where the paper asks it."""
    confirmed: str
    """What would count as a yes."""
    refuted: str
    runs: str | None
    """The study whose runs are looked at, with none of its own."""
    data: Literal["recordings", "paragraphs"]
    """paragraphs: typed texts that fit the screen, made for the study."""
    side: Literal["held_out", "train"]
    """Where the windows lie that trained models are scored on."""
    group: tuple[str, ...]
    """Factors of which each value has a law of its own."""
    claims: tuple[Claim, ...]
    tiny: Size
    full: Size
    name: str = ""

    def size(self, size: str) -> Size:
        """Raises StudyError for a size that there is not."""
        if size not in SIZES:
            raise StudyError(f"size '{size}' is not one of {', '.join(SIZES)}")
        found: Size = getattr(self, size)
        return found


def names() -> list[str]:
    """All studies, in the order of the catalogue."""
    return list(_catalogue().order)


@cache
def load(name: str) -> Study:
    """A study of the catalogue. Raises StudyError where there is none of that name."""
    if name not in names():
        raise StudyError(f"no study '{name}'; known: {', '.join(names())}")
    path = CATALOGUE / f"{name}.yaml"
    return documents.build(Study, params.read(path) | {"name": name}, f"{path}:")


def common(size: str) -> Common:
    """What a size brings to every study."""
    found: Common = getattr(_catalogue(), size)
    return found


def _catalogue() -> Catalogue:
    path = CATALOGUE / f"{_COMMON}.yaml"
    return documents.build(Catalogue, params.read(path), f"{path}:")


def factors(axes: dict[str, Any]) -> list[str]:
    """The factors that the axes of a size vary, in order."""
    found: list[str] = []
    for axis, values in axes.items():
        found += [key for value in values for key in (value if isinstance(value, dict) else {axis: 0})]
    return list(dict.fromkeys(found))


def leading(axes: dict[str, Any]) -> list[str]:
    """One factor for each axis: the one that it is named after, else its first; others change together with it."""
    found = []
    for axis, values in axes.items():
        keys = list(values[0]) if isinstance(values[0], dict) else [axis]
        found.append(axis if axis in keys else keys[0])
    return found


def columns(names: Iterable[str]) -> dict[str, str]:
    """The column of each factor: its last word, or all of them where two factors have the same."""
    last: dict[str, list[str]] = {}
    for name in names:
        last.setdefault(name.rpartition(".")[2], []).append(name)
    return {name: short if len(some) == 1 else name for short, some in last.items() for name in some}
