"""Complete sets of parameters for `rcfam task frjt` and `rcfam task maze`: files in sizes/, as presets are."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from rcfam import documents, params
from rcfam.bounds import Different, Range, Size, check, nearest
from rcfam.tasks.tracking.data import TaskParams
from rcfam.tasks.tracking.errors import TaskError
from rcfam.tasks.tracking.frjt import FrjtParams
from rcfam.tasks.tracking.maze import MazeParams
from rcfam.tasks.tracking.models import KINDS, TrackerParams
from rcfam.tasks.tracking.training import TrackingParams

FOLDER: Final = Path(str(resources.files("rcfam.tasks.tracking") / "sizes"))
SIZES: Final = ("tiny", "default", "paper")
Task = Literal["frjt", "maze", "unwithheld"]
TASKS: Final[dict[Task, type[TaskParams]]] = {"frjt": FrjtParams, "maze": MazeParams, "unwithheld": MazeParams}
"""Name -> what its section `task` holds. `unwithheld`: the maze with every move shown."""


@dataclass(frozen=True)
class GridParams:
    """Which cells are trained: every model at every depth."""

    depths: Annotated[tuple[Annotated[int, Range(1, 10_000)], ...], Size(1, 1_000), Different()] = (8,)
    """Trained depths."""
    models: Annotated[tuple[str, ...], Size(1, 1_000)] = (
        "lstm",
        "slstm",
        "transformer",
        "rotary",
        "looped:4",
        "minlstm",
        "mingru",
        "sum",
    )
    """Models, each as KIND, KIND:LAYERS or KIND:FROM-TO."""
    width: Annotated[int, Range(2, 2**16)] = 256
    """Width of every model. The paper has 256."""
    heads: Annotated[int, Range(1, 1_024)] = 4
    """Heads of the models that have any."""

    def __post_init__(self) -> None:
        check(self)
        self.trackers()

    def trackers(self) -> tuple[TrackerParams, ...]:
        """The models. Raises ValueError for a kind or layers that there are not."""
        return tuple(tracker for text in self.models for tracker in self._trackers(text))

    def _trackers(self, text: str) -> list[TrackerParams]:
        kind, _, span = text.partition(":")
        if kind not in KINDS:
            raise ValueError(f"model '{kind}': known are {', '.join(KINDS)}{nearest(kind, KINDS)}")
        first, _, last = (span or "1").partition("-")
        try:
            layers = range(int(first), int(last or first) + 1)
        except ValueError as error:
            raise ValueError(f"models: {text}: expected KIND, KIND:LAYERS or KIND:FROM-TO") from error
        return [TrackerParams(kind, n, self.width, self.heads) for n in layers]  # type: ignore[arg-type]


@dataclass(frozen=True)
class Preset:
    """A task, a training and a grid of cells."""

    task: TaskParams
    train: TrackingParams
    grid: GridParams


def sections(task: Task) -> dict[str, type]:
    """The sections of a task's parameters."""
    return {"task": TASKS[task], "train": TrackingParams, "grid": GridParams}


def preset(task: Task, size: str, values: Mapping[str, Any] | None = None) -> Preset:
    """The parameters of a size with `section.key` -> value over them. Raises TaskError, DocumentError."""
    if size not in SIZES:
        raise TaskError(f"size {size}: known are {', '.join(SIZES)}{nearest(size, SIZES)}")
    kinds = sections(task)
    document = params.overridden(params.preset(f"{task}-{size}", kinds, FOLDER), values or {}, "-S")
    built: list[Any] = [documents.build(kind, document[name], name, complete=False) for name, kind in kinds.items()]
    return Preset(*built)
