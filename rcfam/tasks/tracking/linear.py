"""Layers whose memory is linear in what it held before, so that all steps can be computed at once: a scan.

minLSTM and minGRU (Feng et al. 2024, section 3, without the logarithms), the cross-temporal sum, Mamba (mambapy).
"""

# B examples, T steps, D width

from typing import Any

import torch
from torch import Tensor, nn

from rcfam.tasks.tracking.errors import TaskError


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a_BTD: Tensor, b_BTD: Tensor) -> Tensor:
        h_BTD = _scan(a_BTD, b_BTD)
        ctx.save_for_backward(a_BTD, h_BTD)
        return h_BTD

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        a_BTD, h_BTD = ctx.saved_tensors
        # the same recurrence, run from the end: db[t] = dh[t] + a[t + 1] db[t + 1]
        later_BTD = torch.cat([a_BTD[:, 1:], torch.zeros_like(a_BTD[:, :1])], dim=1)
        db_BTD = _scan(later_BTD.flip(1), gradients[0].flip(1)).flip(1)
        before_BTD = torch.cat([torch.zeros_like(h_BTD[:, :1]), h_BTD[:, :-1]], dim=1)
        return db_BTD * before_BTD, db_BTD


def scan(a_BTD: Tensor, b_BTD: Tensor) -> Tensor:
    """h[t] = a[t] h[t - 1] + b[t], from h[-1] = 0, in about 2 log2 T parallel steps and work linear in T."""
    found: Tensor = _Scan.apply(a_BTD, b_BTD)
    return found


def _scan(a: Tensor, b: Tensor) -> Tensor:
    steps = a.shape[1]
    if steps == 1:
        return b
    even = 2 * (steps // 2)
    a_odd, b_odd = a[:, 1:even:2], b[:, 1:even:2]
    odd = _scan(a_odd * a[:, 0:even:2], a_odd * b[:, 0:even:2] + b_odd)
    h = torch.empty_like(b)
    h[:, 0] = b[:, 0]
    h[:, 1::2] = odd
    h[:, 2::2] = a[:, 2::2] * odd[:, : (steps - 1) // 2] + b[:, 2::2]
    return h


class MinGru(nn.Module):
    """h[t] = (1 - z) h[t - 1] + z c; gate and candidate know the input alone."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, 2 * width)

    def forward(self, x_BTD: Tensor) -> Tensor:
        gate, candidate = self.project(x_BTD).chunk(2, dim=-1)
        keep = torch.sigmoid(-gate)
        return scan(keep, (1 - keep) * candidate)


class MinLstm(nn.Module):
    """h[t] = f h[t - 1] + i c, f and i scaled to add up to 1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, 3 * width)
        with torch.no_grad():
            self.project.bias[:width] += 1.0  # the forget gate starts open

    def forward(self, x_BTD: Tensor) -> Tensor:
        forget, enter, candidate = self.project(x_BTD).chunk(3, dim=-1)
        forget, enter = torch.sigmoid(forget), torch.sigmoid(enter)
        whole = forget + enter
        return scan(forget / whole, enter / whole * candidate)


class Sum(nn.Module):
    """The sum of all values so far, over a constant."""

    SCALE = 8.0

    def __init__(self, width: int) -> None:
        super().__init__()
        self.value = nn.Linear(width, width, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        summed: Tensor = self.value(x_BTD).cumsum(1) / self.SCALE
        return summed


def mamba(width: int, layers: int, cuda: bool) -> nn.Module:
    """Mamba's residual layers from mambapy: selective scan in PyTorch; for CUDA the official kernels where installed.

    Raises TaskError without mambapy.
    """
    try:
        from mambapy.mamba import Mamba, MambaConfig
    except ImportError as error:
        raise TaskError("model mamba needs the package mambapy: pip install 'rcfam[mamba]'") from error
    config = MambaConfig(d_model=width, n_layers=layers, use_cuda=cuda and _official_kernels())
    made: nn.Module = Mamba(config)
    return made


def _official_kernels() -> bool:
    import importlib.util

    return importlib.util.find_spec("mamba_ssm") is not None
