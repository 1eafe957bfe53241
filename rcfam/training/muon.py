"""Muon: momentum whose update is made orthogonal, for matrices (Jordan 2024, https://kellerjordan.github.io/posts/muon/).

Ours iterates in float32 on CPU and in bfloat16 on CUDA, and takes matrices of one shape through the iteration together.
"""

# M matrices of one shape, R rows, C columns

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

_A, _B, _C = 3.4445, -4.7750, 2.0315  # quintic that drives singular values towards 1 from anywhere in (0, 1]
_TINY: Final = 1e-7


def orthogonalise(matrices_MRC: Tensor, steps: int) -> Tensor:
    """Newton-Schulz: the same singular vectors, every singular value near 1 (about 0.7 to 1.2 after 5 steps)."""
    tall = matrices_MRC.shape[-2] > matrices_MRC.shape[-1]
    x = matrices_MRC.mT if tall else matrices_MRC
    if x.is_cuda:
        x = x.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + _TINY)
    for _ in range(steps):
        gram = x @ x.mT
        x = _A * x + torch.baddbmm(gram, gram, gram, beta=_B, alpha=_C) @ x
    x = x.to(matrices_MRC.dtype)
    return x.mT if tall else x


class Muon:
    """Momentum for a fixed list of matrices. `blocks[i]` says into how many equal row blocks matrix i is cut first.

    LSTM weights pack four gates: one block treats them as one matrix, four blocks give every gate an update of its own.
    """

    def __init__(self, matrices: Sequence[Tensor], blocks: Sequence[int], momentum: float, steps: int) -> None:
        self.matrices, self.momentum, self.steps = list(matrices), momentum, steps
        self.velocity = [torch.zeros_like(matrix) for matrix in self.matrices]
        self._groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for number, (matrix, parts) in enumerate(zip(self.matrices, blocks, strict=True)):
            flat = matrix.flatten(1)
            shape = (flat.shape[0] // parts, flat.shape[1])
            self._groups.setdefault(shape, []).append((number, parts))

    @torch.no_grad()
    def step(self, rate: float, weight_decay: float) -> None:
        """Nesterov momentum, orthogonalise, scale by sqrt(max(1, rows / columns)), decay, move.

        Matrices without gradient stay.
        """
        for (rows, columns), members in self._groups.items():
            present = [(number, parts) for number, parts in members if self.matrices[number].grad is not None]
            if not present:
                continue
            updates_MRC = torch.cat([self._nesterov(number).reshape(parts, rows, columns) for number, parts in present])
            updates_MRC = orthogonalise(updates_MRC, self.steps) * max(1.0, rows / columns) ** 0.5
            cuts = updates_MRC.split([parts for _, parts in present])
            for (number, _), update in zip(present, cuts, strict=True):
                matrix = self.matrices[number]
                matrix.mul_(1 - rate * weight_decay).add_(update.reshape(matrix.shape), alpha=-rate)

    def _nesterov(self, number: int) -> Tensor:
        gradient, velocity = self.matrices[number].grad, self.velocity[number]
        assert gradient is not None
        velocity.lerp_(gradient, 1 - self.momentum)
        return gradient.lerp(velocity, self.momentum)
