"""A rank of a small run, started by torchrun: `-m tests.support.oracles.ranks FOLDER [outer] [die RANK STEP]`."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from rcfam.training.diloco import OuterParams
from rcfam.training.distributed import Ranks
from rcfam.training.loop import Step
from rcfam.training.study import train_together
from tests.support.oracles.training import TRAIN, job

PLAIN = replace(TRAIN, batch=1, steps=12)
OUTER = replace(PLAIN, outer=OuterParams(every=4, rate=0.7, momentum=0.9))


def main() -> None:
    """Train; die once where it was asked for."""
    folder, *rest = sys.argv[1:]
    ranks = Ranks(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), int(os.environ["TORCHELASTIC_RESTART_COUNT"]))
    mine = job(Path(folder) / "run", train=OUTER if "outer" in rest else PLAIN, ranks=ranks)
    died = Path(folder) / "died"

    def report(number: int, step: Step) -> None:
        if "die" in rest and not died.exists():
            rank, at = map(int, rest[rest.index("die") + 1 :][:2])
            if (ranks.rank, step.progress.step) == (rank, at):
                died.touch()
                os.kill(os.getpid(), signal.SIGKILL)

    train_together(Path(folder), [mine], "env://", "gloo", report)


if __name__ == "__main__":
    main()
