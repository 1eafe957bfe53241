"""Causal attention, with rotary positions or none (learned ones are added to the embeddings)."""

# B examples, T steps, D width, H heads, E width of a head

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Causal self-attention; `rotary` turns queries and keys by their position (Su et al. 2021)."""

    def __init__(self, width: int, heads: int, rotary: bool) -> None:
        super().__init__()
        self.heads, self.rotary = heads, rotary
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.project = nn.Linear(width, width, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        count, steps, width = x_BTD.shape
        q, k, v = self.qkv(x_BTD).view(count, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if self.rotary:
            q, k = turned(q), turned(k)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        found: Tensor = self.project(mixed.transpose(1, 2).reshape(count, steps, width))
        return found


def turned(x_BHTE: Tensor) -> Tensor:
    """Each pair (e, e + E / 2) turned by position / 10,000^(2 e / E)."""
    steps, half = x_BHTE.shape[2], x_BHTE.shape[3] // 2
    rate = 10_000.0 ** (-torch.arange(half, device=x_BHTE.device) / half)
    angle_TE = torch.arange(steps, device=x_BHTE.device)[:, None] * rate
    cos, sin = angle_TE.cos(), angle_TE.sin()
    a, b = x_BHTE.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)
