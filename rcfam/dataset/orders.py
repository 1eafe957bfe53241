"""In which order a run meets frames: drawn at random, or one of the orders that studies compare that with."""

# T steps, B streams, W windows

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rcfam.dataset.index import Allocate, Batch, Dataset
from rcfam.dataset.split import TRAIN, DatasetError
from rcfam.dataset.windows import Batches, Windows

Order = Literal["drawn", "following", "carried", "shuffled", "others"]
"""drawn: whole windows, each drawn by itself. following: the windows of a slot follow each other through the
recordings. carried: following, and the model's state is handed on from window to window. shuffled: drawn, the (frame,
token) pairs of each window in random order. others: every pair of a window drawn by itself, from anywhere.
"""
_ORDERS: Final = ("drawn", "following", "carried", "shuffled", "others")


def batches(dataset: Dataset, order: Order, length: int, batch: int, seed: int, world_size: int = 1) -> Batches:
    """The training windows in that order; each a pure function of (seed, step, rank, slot)."""
    if order not in _ORDERS:
        raise DatasetError(f"order '{order}' is not one of {', '.join(_ORDERS)}")
    if order in ("following", "carried"):
        return Following(dataset, length, batch, seed, world_size)
    if order == "others":
        return Others(dataset, length, batch, seed, world_size)
    windows = Windows(dataset, length, batch, seed, world_size=world_size)
    return windows if order == "drawn" else Shuffled(windows, seed)


class Following:
    """Windows side by side; the slots stand at equal distances from each other, and each walks on by one a step.

    Slots go round and round through all stretches, from a place that the seed draws.
    """

    def __init__(self, dataset: Dataset, length: int, batch: int, seed: int, world_size: int = 1) -> None:
        if min(length, batch, world_size) < 1:
            raise DatasetError(f"length {length}, batch {batch} or world_size {world_size} is below 1")
        self.dataset, self.length, self.size, self.world_size = dataset, length, batch, world_size
        self._stretches = dataset.stretches(TRAIN)
        # What is left over at the end of a stretch is not met; a stretch shorter than a window gives one, padded.
        self._rooms_S = np.maximum(self._stretches.tokens_S // length, 1)
        self._ends_S = np.cumsum(self._rooms_S)
        self._start = int(np.random.default_rng(seed).integers(self.total))

    @property
    def total(self) -> int:
        """How many different windows there are."""
        return int(self._ends_S[-1])

    def ids(self, step: int, rank: int = 0) -> NDArray[np.int64]:
        """(B, 2): recording number and first token of each slot's window."""
        if step < 0 or not 0 <= rank < self.world_size:
            raise DatasetError(f"step {step} rank {rank}: steps count from 0, ranks below {self.world_size}")
        slots_B = rank * self.size + np.arange(self.size)
        numbers_B = (self._start + slots_B * self.total // (self.size * self.world_size) + step) % self.total
        chosen_B = np.searchsorted(self._ends_S, numbers_B, side="right")
        places_B = (numbers_B - (self._ends_S - self._rooms_S)[chosen_B]) * self.length
        return np.stack([self._stretches.recordings_S[chosen_B], self._stretches.first_S[chosen_B] + places_B], axis=1)

    def batch(self, step: int, rank: int = 0, allocate: Allocate = np.empty) -> Batch:
        """The windows of one step and rank."""
        return self.dataset.read(self.ids(step, rank), self.length, allocate)


def follows(before_B2: NDArray[np.int64], now_B2: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """(B,): whether each slot's window begins where the one before it, of `length` frames, ended."""
    return (before_B2[:, 0] == now_B2[:, 0]) & (before_B2[:, 1] + length == now_B2[:, 1])


class Shuffled:
    """The (frame, token) pairs of each window in an order drawn for (seed, step, rank); padding stays at the end."""

    def __init__(self, windows: Windows, seed: int) -> None:
        self._windows, self._seed = windows, seed

    def batch(self, step: int, rank: int = 0, allocate: Allocate = np.empty) -> Batch:
        """The windows of one step and rank."""
        found = self._windows.batch(step, rank, allocate)
        random = np.random.default_rng([self._seed, step, rank])
        for slot, size in enumerate(found.mask_TB.sum(axis=0).tolist()):
            order = random.permutation(size)
            for part_TB in (found.cells_TBRC, found.cursors_TB3, found.targets_TB):
                part_TB[:size, slot] = part_TB[order, slot]
        return found


class Others:
    """Windows whose pairs come from places that have nothing to do with each other.

    The places are those of `Windows` of one frame. A batch's `ids_B2` names the first pair of each window alone.
    """

    def __init__(self, dataset: Dataset, length: int, batch: int, seed: int, world_size: int = 1) -> None:
        self._windows = Windows(dataset, 1, length * batch, seed, world_size=world_size)
        self._shape = (length, batch)

    def batch(self, step: int, rank: int = 0, allocate: Allocate = np.empty) -> Batch:
        """The windows of one step and rank."""
        found = self._windows.batch(step, rank, allocate)
        rows, columns = found.cells_TBRC.shape[2:]
        return Batch(
            found.cells_TBRC.reshape(*self._shape, rows, columns),
            found.cursors_TB3.reshape(*self._shape, 3),
            found.targets_TB.reshape(self._shape),
            found.mask_TB.reshape(self._shape),
            found.ids_B2[: self._shape[1]],
        )
