"""DiLoCo (Douillard et al. 2023, https://arxiv.org/abs/2311.08105; the paper's section 10.12).

Every rank takes `every` steps of its own from common weights. Then the mean of how far they went is one gradient for
an outer step: stochastic gradient descent with Nesterov momentum, the same on every rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from rcfam.bounds import Range, check
from rcfam.training.distributed import Ranks, add_up


@dataclass(frozen=True)
class OuterParams:
    """DiLoCo's outer optimiser: SGD with Nesterov momentum (arXiv 2311.08105)."""

    every: Annotated[int, Range(1, 10**9)] = 50
    """Steps that a rank takes alone between two synchronisations."""
    rate: Annotated[float, Range(above=0, most=1000)] = 0.7
    """Learning rate of the outer step."""
    momentum: Annotated[float, Range(least=0, below=1)] = 0.9
    """Nesterov momentum of the outer step."""

    def __post_init__(self) -> None:
        check(self)


class DiLoCo:
    """The weights that all ranks agreed on last, and the outer momentum."""

    def __init__(self, parameters: Sequence[Tensor], params: OuterParams) -> None:
        self.params = params
        self._parameters = list(parameters)
        self.agreed = [parameter.detach().clone() for parameter in self._parameters]
        self.velocity = [torch.zeros_like(tensor) for tensor in self.agreed]

    @torch.no_grad()
    def step(self, ranks: Ranks) -> int:
        """Bring every rank to the same new weights; returns the bytes that each rank sent."""
        ways = [agreed - parameter for agreed, parameter in zip(self.agreed, self._parameters, strict=True)]
        sent = add_up(ranks, ways)
        rate, momentum = self.params.rate, self.params.momentum
        for parameter, agreed, velocity, way in zip(self._parameters, self.agreed, self.velocity, ways, strict=True):
            way /= ranks.world
            velocity.mul_(momentum).add_(way)
            agreed.sub_(way + momentum * velocity, alpha=rate)
            parameter.copy_(agreed)
        return sent

    def state(self) -> dict[str, Tensor]:
        """Momentum by number; the agreed weights are the model's own right after a step."""
        return {f"velocity.{number}": tensor for number, tensor in enumerate(self.velocity)}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take up a state written by `state`, into a model that has its weights already."""
        for number, (velocity, agreed) in enumerate(zip(self.velocity, self.agreed, strict=True)):
            velocity.copy_(tensors[f"velocity.{number}"])
            agreed.copy_(self._parameters[number].detach())
