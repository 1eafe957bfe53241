"""Complete sets of parameters for `rcfam task frjt` and `rcfam task maze`."""

from dataclasses import dataclass
from typing import Final

from rcfam.tasks.tracking.data import TaskParams
from rcfam.tasks.tracking.frjt import FrjtParams
from rcfam.tasks.tracking.maze import MazeParams
from rcfam.tasks.tracking.models import Kind, TrackerParams
from rcfam.tasks.tracking.training import TrackingParams


@dataclass(frozen=True)
class Preset:
    """A grid of cells: every model at every depth."""

    task: TaskParams
    train: TrackingParams
    depths: tuple[int, ...]
    models: tuple[TrackerParams, ...]


def _models(layers: dict[Kind, tuple[int, ...]], width: int = 256, heads: int = 4) -> tuple[TrackerParams, ...]:
    return tuple(TrackerParams(kind, n, width, heads) for kind, some in layers.items() for n in some)


_ONE: Final[dict[Kind, tuple[int, ...]]] = {
    "lstm": (1,),
    "slstm": (1,),
    "transformer": (1,),
    "rotary": (1,),
    "looped": (4,),
    "minlstm": (1,),
    "mingru": (1,),
    "sum": (1,),
}
_PUBLISHED: Final[dict[Kind, tuple[int, ...]]] = {
    "lstm": (1,),
    "slstm": (1,),
    "transformer": (1, 2, 3, 4, 5, 6, 7, 8),
    "rotary": (1, 2, 4, 8),
    "looped": (4, 8, 16),
    "minlstm": (1, 2, 4, 8),
    "mingru": (1, 2, 4, 8),
    "sum": (1,),
    "mamba": (1, 2, 3, 4, 5, 6, 7, 8, 12, 16),
}
_TINY: Final = _models(_ONE | {"looped": (2,)}, 16, 2)
_QUICK: Final = TrackingParams(epochs=2, batch=32, warmup=10, evaluations=3, patience=3)
_PROGRAMS: Final = TrackingParams()
_WALKS: Final = TrackingParams(epochs=16, batch=32, growth=0.8)
_TINY_PROGRAMS: Final = FrjtParams(depth=3, programs=96, held_out=32)

FRJT: Final[dict[str, Preset]] = {
    "tiny": Preset(_TINY_PROGRAMS, _QUICK, (3,), _TINY),
    "default": Preset(FrjtParams(), _PROGRAMS, (4, 8), _models(_ONE)),
    "paper": Preset(FrjtParams(), TrackingParams(epochs=40), (4, 8, 16, 24, 32), _models(_PUBLISHED)),
}
MAZE: Final[dict[str, Preset]] = {
    "tiny": Preset(MazeParams(depth=2, size=3, walks=96, held_out=32), _QUICK, (2,), _TINY),
    "default": Preset(MazeParams(), _WALKS, (32,), _models(_ONE)),
    "paper": Preset(
        MazeParams(walks=100_000), TrackingParams(epochs=40, batch=64, growth=0.2), (32, 64), _models(_PUBLISHED)
    ),
}
UNWITHHELD: Final[dict[str, Preset]] = {  # the paper names no length
    "tiny": Preset(MazeParams(depth=2, size=3, walks=96, held_out=32, withheld=False), _QUICK, (2,), _TINY),
    "default": Preset(
        MazeParams(walks=8_000, withheld=False),
        TrackingParams(epochs=6, batch=32, rate=1e-3, enough=0.999),
        (8,),
        _models(_ONE),
    ),
    "paper": Preset(MazeParams(walks=100_000, withheld=False), TrackingParams(batch=64), (32,), _models(_PUBLISHED)),
}
