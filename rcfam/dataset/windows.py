"""Which windows: a pure function of (seed, step, rank, slot), and the held-out windows in order.

Theory of operation. All places where a window may begin are numbered; a keyed permutation of those numbers (a Feistel
network with cycle walking: no table, any size) is walked from step to step. So every window is met once before one is
met again, ranks never share one within a pass, and a run resumes from one integer.
"""

# B streams, S stretches, W windows

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from rcfam.dataset.index import Allocate, Batch, Dataset
from rcfam.dataset.split import HELD_OUT, TRAIN, DatasetError
from rcfam.jit import kernel

_ROUNDS: Final = 6
_MASK: Final = (1 << 64) - 1


class Batches(Protocol):
    """What gives a batch for a step and a rank: Windows and HeldOut."""

    def batch(self, step: int, rank: int = 0, allocate: Allocate = np.empty) -> Batch: ...


class Windows:
    """Windows of `length` tokens from one side, `batch` of them for each rank and step, drawn without replacement."""

    def __init__(
        self,
        dataset: Dataset,
        length: int,
        batch: int,
        seed: int,
        side: str = TRAIN,
        world_size: int = 1,
        sampling: str | None = None,
    ) -> None:
        """`sampling` 'length' or 'uniform'; None takes the dataset's own. Raises DatasetError for numbers below 1."""
        for name, value in (("length", length), ("batch", batch), ("world_size", world_size)):
            if value < 1:
                raise DatasetError(f"{name} {value} is below 1")
        self.dataset, self.length, self.size, self.seed, self.world_size = dataset, length, batch, seed, world_size
        self.sampling = sampling or dataset.sampling
        if self.sampling not in ("length", "uniform"):
            raise DatasetError(f"sampling '{self.sampling}' is neither 'length' nor 'uniform'")
        self._stretches = dataset.stretches(side)
        # A stretch shorter than a window still gives one, padded.
        self._places_S = np.maximum(self._stretches.tokens_S - length + 1, 1)
        self._ends_S = np.cumsum(self._places_S)

    @property
    def total(self) -> int:
        """How many different windows there are."""
        return int(self._ends_S[-1])

    def ids(self, step: int, rank: int = 0) -> NDArray[np.int64]:
        """(B, 2): recording number and first token of each slot's window. Raises DatasetError for a rank outside
        the world.
        """
        if step < 0 or not 0 <= rank < self.world_size:
            raise DatasetError(f"step {step} rank {rank}: steps count from 0, ranks below {self.world_size}")
        everyone = self.size * self.world_size
        slots = range(rank * self.size, (rank + 1) * self.size)
        if self.sampling == "length":
            # Whole steps to a pass: what is left over at the end of one pass would meet windows of the next.
            steps = max(self.total // everyone, 1)
            key = _key(self.seed, 0, step // steps)
            numbers = [permuted((step % steps * everyone + slot) % self.total, self.total, key) for slot in slots]
            chosen = np.searchsorted(self._ends_S, numbers, side="right")
            places = numbers - (self._ends_S - self._places_S)[chosen]
        else:
            pairs = [self._uniform(step * everyone + slot) for slot in slots]
            chosen, places = np.array(pairs, np.int64).T
        return np.stack([self._stretches.recordings_S[chosen], self._stretches.first_S[chosen] + places], axis=1)

    def batch(self, step: int, rank: int = 0, allocate: Allocate = np.empty) -> Batch:
        """The windows of one step and rank; the same for the same (seed, step, rank), whatever was read before."""
        return self.dataset.read(self.ids(step, rank), self.length, allocate)

    def _uniform(self, number: int) -> tuple[int, int]:
        """Every stretch once a round, in an order drawn anew; within a stretch every place once before one comes
        again.
        """
        stretches = len(self._places_S)
        lap = number // stretches
        stretch = int(permuted(number % stretches, stretches, _key(self.seed, 1, lap)))
        places = int(self._places_S[stretch])
        return stretch, int(permuted(lap % places, places, _key(self.seed, 2, stretch, lap // places)))


class HeldOut:
    """At most `count` held-out windows, none overlapping another, spread evenly; batches of `batch`, the last one
    smaller.
    """

    def __init__(self, dataset: Dataset, length: int, count: int, batch: int, side: str = HELD_OUT) -> None:
        if batch < 1:
            raise DatasetError(f"batch {batch} is below 1")
        self.dataset, self.length, self.size = dataset, length, batch
        self.ids_W2 = held_out_windows(dataset, length, count, side)

    def __len__(self) -> int:
        """The number of batches."""
        return -(-len(self.ids_W2) // self.size)

    def batch(self, step: int, rank: int = 0, allocate: Allocate = np.empty) -> Batch:
        """Batch number `step`, from 0; evaluation knows one rank."""
        if not 0 <= step < len(self) or rank != 0:
            raise DatasetError(f"step {step} rank {rank}: there are {len(self)} held-out batches, for rank 0")
        return self.dataset.read(self.ids_W2[step * self.size : (step + 1) * self.size], self.length, allocate)


def held_out_windows(dataset: Dataset, length: int, count: int, side: str = HELD_OUT) -> NDArray[np.int64]:
    """(W, 2) ids of W <= count windows in order: no two overlap, and they cover the side evenly.

    A stretch of n tokens holds n // length windows, at equal distances, or one padded window where it is shorter.
    """
    if length < 1 or count < 1:
        raise DatasetError(f"length {length} or count {count} is below 1")
    stretches = dataset.stretches(side)
    rooms_S = np.maximum(stretches.tokens_S // length, 1)
    ends_S = np.cumsum(rooms_S)
    taken = min(count, int(ends_S[-1]))
    numbers_W = ((2 * np.arange(taken) + 1) * int(ends_S[-1])) // (2 * taken)
    chosen = np.searchsorted(ends_S, numbers_W, side="right")
    within = numbers_W - (ends_S - rooms_S)[chosen]
    places = within * stretches.tokens_S[chosen] // rooms_S[chosen]
    return np.stack([stretches.recordings_S[chosen], stretches.first_S[chosen] + places], axis=1)


def _key(*numbers: int) -> np.uint64:
    """A key from whole numbers of any size (splitmix64's finaliser, chained)."""
    key = 0x9E3779B97F4A7C15
    for number in numbers:
        key = _mixed(key ^ (number & _MASK)) ^ _mixed(number >> 64 & _MASK)
    return np.uint64(key)


def _mixed(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


@kernel
def permuted(number, size, key):  # type: ignore[no-untyped-def]
    """The image of `number` under the permutation of 0..size-1 that the uint64 `key` names."""
    bits = 1
    while (np.int64(1) << (2 * bits)) < size:
        bits += 1
    shift, low = np.uint64(bits), (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    value = np.uint64(number)
    while True:
        left, right = value >> shift, value & low
        for turn in range(_ROUNDS):
            mixed = right ^ (key + np.uint64(turn) * np.uint64(0x9E3779B97F4A7C15))
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed ^= mixed >> np.uint64(31)
            left, right = right, left ^ (mixed & low)
        value = (left << shift) | right
        if value < np.uint64(size):
            return np.int64(value)
