"""Muon as it is written down: one matrix at a time, in float64, by explicit matrices."""

import numpy as np
from numpy.typing import NDArray


def orthogonalised(matrix: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """The quintic of Newton-Schulz on the singular values, applied to a singular value decomposition."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / (np.sqrt((values**2).sum()) + 1e-7)
    for _ in range(steps):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return (left * values) @ right


class PlainMuon:
    """Nesterov momentum and an orthogonal step for one matrix cut into `blocks` row blocks."""

    def __init__(self, matrix: NDArray[np.float64], blocks: int, momentum: float, steps: int) -> None:
        self.matrix, self.blocks, self.momentum, self.steps = matrix.copy(), blocks, momentum, steps
        self.velocity = np.zeros_like(matrix)

    def step(self, gradient: NDArray[np.float64], rate: float, weight_decay: float) -> None:
        self.velocity = self.momentum * self.velocity + (1 - self.momentum) * gradient
        update = self.momentum * self.velocity + (1 - self.momentum) * gradient
        parts = []
        for part in np.split(update, self.blocks):
            rows, columns = part.shape
            parts.append(orthogonalised(part, self.steps) * max(1.0, rows / columns) ** 0.5)
        self.matrix = self.matrix * (1 - rate * weight_decay) - rate * np.concatenate(parts)
