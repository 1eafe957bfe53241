"""Run tables drawn from a known truth, row by row, for the estimators of the scaling room."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

LENGTHS = (2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Planted:
    """loss(L, s) = irreducible + amplitude s^-decay L^-alpha(s) times noise, alpha(s) = plateau (1 - exp(-s / tau))."""

    plateau: float = 0.31
    tau: float = 60.0
    amplitude: float = 8.0
    decay: float = 0.15
    irreducible: float = 0.0
    step_noise: float = 0.02
    """Of log loss, independent at each step."""
    seed_noise: float = 0.01
    """Of log loss, one draw a run."""
    fixed_s: float = 0.02
    """Seconds of a step at any length."""
    frame_s: float = 0.001
    """Seconds more for each frame of the window."""

    def alpha(self, step: float) -> float:
        return self.plateau * (1 - float(np.exp(-step / self.tau)))

    def loss(self, length: float, step: float) -> float:
        return self.irreducible + self.amplitude * step**-self.decay * length ** -self.alpha(step)

    def seconds(self, length: int) -> float:
        return self.fixed_s + self.frame_s * length

    def crossover(self, short: int, long: int, last: int) -> float | None:
        """The second at which the longer overtakes for good, by walking through time; None if not by `last` steps."""
        end = last * self.seconds(short)
        moments = np.linspace(self.seconds(long), end, 40_000)
        gaps = [self.loss(long, t / self.seconds(long)) - self.loss(short, t / self.seconds(short)) for t in moments]
        above = [i for i, gap in enumerate(gaps) if gap > 0]
        if not above:
            return float(moments[0])
        return None if above[-1] == len(moments) - 1 else float(moments[above[-1]])


def table(
    truth: Planted, lengths: Sequence[int] = LENGTHS, seeds: int = 2, steps: int = 300, draw: int = 0
) -> pl.DataFrame:
    """One row a step, in the run table's columns."""
    rng = np.random.default_rng(draw)
    rows = []
    for length in lengths:
        for seed in range(seeds):
            luck = truth.seed_noise * rng.standard_normal()
            for step in range(1, steps + 1):
                noise = luck + truth.step_noise * rng.standard_normal()
                rows.append(
                    {
                        "run": f"length-{length}-seed-{seed}",
                        "study": "planted",
                        "seed": seed,
                        "length": length,
                        "batch": 8,
                        "step": step,
                        "tokens": step * 8 * length,
                        "frames": step * 8 * length,
                        "loss": truth.loss(length, step) * float(np.exp(noise)),
                        "accuracy": 0.5,
                        "grad_norm": 1.0,
                        "wall_s": step * truth.seconds(length),
                        "step_s": truth.seconds(length),
                        "peak_bytes": 0,
                    }
                )
    return pl.DataFrame(rows)
