"""Which parameter is moved by what:

Muon for the matrices inside, AdamW for embeddings, the vote and all that is no matrix.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.model.action import ActionModel
from rcfam.training.muon import Muon


@dataclass(frozen=True)
class OptimiserParams:
    """Muon for matrices and AdamW for everything else, with fixed rates as in the paper's section 10.4."""

    matrix_rate: Annotated[float, Range(least=0, most=1e30)] = 0.03
    """Muon's learning rate: a matrix moves by about this much in every direction."""
    other_rate: Annotated[float, Range(least=0, most=1e30)] = 0.02
    """AdamW's learning rate."""
    momentum: Annotated[float, Range(least=0, below=1)] = 0.95
    """Muon's momentum (Nesterov)."""
    newton_schulz: Annotated[int, Range(1, 100)] = 5
    """Iterations of Muon's orthogonalisation."""
    beta1: Annotated[float, Range(least=0, below=1)] = 0.9
    """AdamW's decay of the mean gradient."""
    beta2: Annotated[float, Range(least=0, below=1)] = 0.95
    """AdamW's decay of the mean squared gradient."""
    weight_decay: Annotated[float, Range(least=0, most=1000)] = 0.01
    """Decoupled weight decay, for Muon and AdamW."""
    gates: Literal["split", "packed"] = "split"
    """Muon takes an LSTM's four gates as four matrices, or as the one matrix that they are packed in."""
    matrices: Literal["inner", "all"] = "inner"
    """Muon moves the matrices inside the model, or every tensor of two and more dimensions."""
    warmup: Annotated[int, Range(0, 10**9)] = 10
    """Steps over which the rates rise from 0; 0 for none."""
    schedule: Literal["fixed", "cosine"] = "fixed"
    """The rates after the warm-up: constant, or falling to 0 along a half cosine."""
    clip: Annotated[float, Range(above=0, most=10**9)] | None = 1.0
    """Largest norm of the whole gradient; null for no clipping."""

    def __post_init__(self) -> None:
        check(self)


class Optimiser:
    """Muon and AdamW over one model, with a state of plain named tensors."""

    def __init__(self, model: ActionModel, params: OptimiserParams) -> None:
        self.params = params
        self.named = dict(model.named_parameters())
        matrices = matrix_names(model, params.matrices)
        lstm = {f"{name}." for name, module in model.named_modules() if isinstance(module, nn.LSTM)}
        blocks = [4 if params.gates == "split" and any(n.startswith(p) for p in lstm) else 1 for n in matrices]
        self._matrices, self._others = matrices, [name for name in self.named if name not in set(matrices)]
        self._muon = Muon([self.named[n] for n in matrices], blocks, params.momentum, params.newton_schulz)
        self._adam = torch.optim.AdamW(
            [self.named[n] for n in self._others],
            lr=params.other_rate,
            betas=(params.beta1, params.beta2),
            weight_decay=params.weight_decay,
            fused=True,
        )

    def norm(self) -> float:
        """The norm of the whole gradient."""
        return float(torch.nn.utils.get_total_norm([p.grad for p in self.named.values() if p.grad is not None]))

    def step(self, number: int, steps: int, norm: float) -> None:
        """Move every parameter by its gradient and forget the gradients.

        `number` counts from 1 to `steps`; warm-up and schedule read it. `norm` is the gradient's, for clipping.
        """
        if self.params.clip is not None:
            torch.nn.utils.clip_grads_with_norm_(self.named.values(), self.params.clip, torch.tensor(norm))
        factor = rate_factor(self.params, number, steps)
        self._muon.step(self.params.matrix_rate * factor, self.params.weight_decay)
        self._adam.param_groups[0]["lr"] = self.params.other_rate * factor
        self._adam.step()
        self.forget()

    def forget(self) -> None:
        """Drop all gradients."""
        for parameter in self.named.values():
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """Everything that later steps depend on, by name."""
        tensors = {f"muon.{n}": v for n, v in zip(self._matrices, self._muon.velocity, strict=True)}
        for name in self._others:
            tensors |= {f"adam.{name}.{key}": value for key, value in self._adam.state[self.named[name]].items()}
        return tensors

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take up a state written by `state`."""
        for name, velocity in zip(self._matrices, self._muon.velocity, strict=True):
            velocity.copy_(tensors[f"muon.{name}"])
        for name in self._others:
            keys = ("step", "exp_avg", "exp_avg_sq")
            found = {key: tensors[f"adam.{name}.{key}"].clone() for key in keys if f"adam.{name}.{key}" in tensors}
            if found:
                self._adam.state[self.named[name]] = found


def matrix_names(model: ActionModel, which: Literal["inner", "all"]) -> list[str]:
    """The parameters that Muon moves: weights of linear, convolution and LSTM layers except the vote, or all from 2-D
    up.
    """
    named = dict(model.named_parameters())
    if which == "all":
        return [name for name, parameter in named.items() if parameter.ndim >= 2]
    owners = {name for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d | nn.LSTM)}
    inside = [name for name, p in named.items() if p.ndim >= 2 and name.rpartition(".")[0] in owners]
    return [name for name in inside if name != "vote.weight"]


def rate_factor(params: OptimiserParams, number: int, steps: int) -> float:
    """What the rates are multiplied by at step `number`, counted from 1."""
    if number <= params.warmup:
        return number / params.warmup
    if params.schedule == "fixed":
        return 1.0
    done = (number - params.warmup) / max(1, steps - params.warmup)
    return 0.5 * (1.0 + float(torch.cos(torch.tensor(torch.pi * done, dtype=torch.float64))))
