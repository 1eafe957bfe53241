"""Windows of frames and tokens: an index, a split, and deterministic sampling."""

from rcfam.dataset.index import Batch, Dataset
from rcfam.dataset.loader import Ahead, Loader, Pool
from rcfam.dataset.split import DatasetError, DatasetParams
from rcfam.dataset.windows import HeldOut, Windows, held_out_windows

__all__ = [
    "Ahead",
    "Batch",
    "Dataset",
    "DatasetError",
    "DatasetParams",
    "HeldOut",
    "Loader",
    "Pool",
    "Windows",
    "held_out_windows",
]
