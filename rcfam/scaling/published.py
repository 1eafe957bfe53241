"""The paper's published tables and figures, and what the same estimators make of them."""

from dataclasses import dataclass

import numpy as np

from rcfam.scaling.curves import Points
from rcfam.scaling.laws import Means, means


@dataclass(frozen=True)
class PublishedTable:
    """Loss by length at one step, as printed in the paper."""

    name: str
    section: str
    step: int
    batch: int
    lengths: tuple[int, ...]
    loss: tuple[float, ...]
    sustained: tuple[float, ...]
    """Mean number of correct frames in a row."""

    def means(self) -> Means:
        """The table as data of a law, one seed a length."""
        lengths_N = np.array(self.lengths, np.int64)
        return means(Points(self.step, lengths_N, np.zeros_like(lengths_N), np.array(self.loss)))


EXCELLENCE = PublishedTable(
    "excellence, 82M, batch 512",
    "10.4.2",
    4_000,
    512,
    (2, 4, 16, 128, 512, 1024),
    (4.69, 3.01, 1.88, 1.01, 0.71, 0.61),
    (0.35, 0.45, 2.03, 3.71, 5.24, 6.20),
)
EXCELLENCE_1024 = PublishedTable(
    "excellence, 82M, batch 1,024",
    "10.4.2",
    4_000,
    1024,
    (2, 4, 16, 128),
    (4.22, 2.98, 1.61, 0.82),
    (0.28, 0.63, 1.99, 4.32),
)
COMPILERS = PublishedTable(
    "compilers, 103M, batch 512",
    "10.4.1",
    1_000,
    512,
    (2, 16, 128),
    (2.33, 1.11, 0.25),
    (1.06, 3.02, 141.0),
)
TABLES = (EXCELLENCE, EXCELLENCE_1024, COMPILERS)
PLATEAU = 0.308  # alpha_inf, section 10.5
