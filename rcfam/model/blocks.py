"""Pre-norm residual blocks that heads and backbones are made of.

Linear layers carry no bias: the norms before them do.
"""

# (...) any leading shape, S positions, D width

import torch
from torch import Tensor, nn


class Mlp(nn.Module):
    """x + down(GELU(up(norm(x)))): (..., D) -> (..., D)."""

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width)
        self.up = nn.Linear(width, ratio * width, bias=False)
        self.down = nn.Linear(ratio * width, width, bias=False)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = self.down(nn.functional.gelu(self.up(self.norm(x))))
        return x + branch


class SelfAttention(nn.Module):
    """x + project(attention(norm(x))): (..., S, D) -> (..., S, D), every position sees every position."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.project = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.project.weight)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(self.norm(x)).chunk(3, dim=-1))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        branch: Tensor = self.project(join_heads(mixed))
        return x + branch


class Block(nn.Module):
    """A transformer block: self-attention, then the MLP. (..., S, D) -> (..., S, D)."""

    def __init__(self, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.mlp = Mlp(width, ratio)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.mlp(self.attention(x))
        return out


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(..., S, D) -> (..., heads, S, D / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(-3, -2)


def join_heads(x: Tensor) -> Tensor:
    """(..., heads, S, D / heads) -> (..., S, D)."""
    return x.transpose(-3, -2).flatten(-2)


def zeros_like_state(state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """A zero gradient for every tensor of a backbone's state."""
    return tuple(torch.zeros_like(part) for part in state)


def block_flops(tokens: float, width: int, ratio: int) -> float:
    """Forward FLOPs of a transformer block over `tokens`: 24 S d^2 + 4 S^2 d for a ratio of 4."""
    return (8 + 4 * ratio) * tokens * width**2 + 4 * tokens**2 * width


def lstm_flops(width_in: int, width: int) -> float:
    """Forward FLOPs of one step of an LSTM cell: four gates from input and state."""
    return 8.0 * width * (width_in + width)
