"""Small runs without a dataset on disk: a source of windows, parameters, and a program whose runs are killed."""

import os
import signal
import sys
import time
from pathlib import Path

from rcfam.dataset.index import Batch
from rcfam.dataset.orders import Order
from rcfam.model.action import ModelParams
from rcfam.model.rows import RowsParams
from rcfam.training.compute import DEFAULT
from rcfam.training.distributed import ALONE, Ranks
from rcfam.training.loop import TrainParams
from rcfam.training.optimiser import OptimiserParams
from rcfam.training.run import Job, TrainingData, run
from tests.support.oracles.backpropagation import shape, typed_windows

MODEL = ModelParams(
    head=RowsParams(cell=4, patch=4, row=8, row_blocks=1, frame_blocks=0, heads=2, before=4, after=2),
    width=16,
    mlp_ratio=2,
    glyphs=300,
)
OPTIMISER = OptimiserParams(0.02, 0.01, 0.9, 5, 0.9, 0.95, 0.01, "split", "inner", 0, "fixed", None)
TRAIN = TrainParams(
    steps=30,
    batch=2,
    accumulate=1,
    chunk=4,
    threads=1,
    checkpoint_every=4,
    keep=2,
    edge=2,
    validate_every=3,
    validate_frames=40,
    order="drawn",
    compute=DEFAULT,
    optimiser=OPTIMISER,
    outer=None,
)


def open_source(
    dataset: Path, length: int, batch: int, seed: int, ranks: Ranks = ALONE, order: Order = "drawn"
) -> TrainingData:
    """Windows drawn from (seed, step), a share for each rank; the dataset's name is its hash."""

    def data_at(step: int) -> Batch:
        everything = typed_windows(length, batch * ranks.world, seed * 1000 + step, masked=0.1)
        share = slice(batch * ranks.rank, batch * (ranks.rank + 1))
        return Batch(*(part[:, share] for part in everything[:4]), everything.ids_B2[share])

    def held_out_at(frames: int) -> list[Batch]:
        return [typed_windows(length * 2, max(1, frames // length // 4), 10**6 + seed, masked=0.1) for seed in range(2)]

    return TrainingData(data_at, shape(), dataset.name, "tokenizer", held_out_at)


def open_exploding(
    dataset: Path, length: int, batch: int, seed: int, ranks: Ranks = ALONE, order: Order = "drawn"
) -> TrainingData:
    """A source whose 5th step cannot be read."""
    source = open_source(dataset, length, batch, seed, ranks)

    def data_at(step: int) -> Batch:
        if step == 5:
            raise RuntimeError("the disk is gone")
        return source.data_at(step)

    return source._replace(data_at=data_at)


def job(folder: Path, seed: int = 1, **changes: object) -> Job:
    """A run of 30 steps of windows of 6 frames."""
    values = {
        "open_source": open_source,
        "dataset": Path("data-a"),
        "folder": folder,
        "study": "test",
        "length": 6,
        "seed": seed,
        "model": MODEL,
        "train": TRAIN,
    }
    return Job(**(values | changes))  # type: ignore[arg-type]


def main() -> None:
    """For every line `seconds folder` on stdin: run the job there in a forked process, kill it after that time.

    Say how each ended.

    One process imports everything once; the processes that are killed are forked from it.
    """
    for line in sys.stdin:
        patience, _, folder = line.strip().partition(" ")
        child = os.fork()
        if not child:
            run(job(Path(folder)), lambda step: None)
            os._exit(0)
        deadline = time.monotonic() + float(patience)
        ended, status = 0, 0
        while not ended and time.monotonic() < deadline:
            time.sleep(0.001)
            ended, status = os.waitpid(child, os.WNOHANG)
        if not ended:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
