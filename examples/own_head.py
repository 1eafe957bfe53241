"""A head of your own under our backbone and our exact streaming gradients.

python examples/own_head.py DATASET [STEPS]
"""

import sys
from pathlib import Path

import torch
from torch import nn

from rcfam import params
from rcfam.dataset import Dataset, Windows
from rcfam.model import Frames, ModelParams, build
from rcfam.training import gradients
from rcfam.training.data import shape_of


class CursorHead(nn.Module):
    """A head that sees nothing but where the cursor is: a lower bound for every other head."""

    def __init__(self, width: int, rows: int, columns: int) -> None:
        super().__init__()
        self.row = nn.Embedding(rows, width)
        self.column = nn.Embedding(columns, width)

    def forward(self, frames: Frames) -> torch.Tensor:
        """Frames of T steps and B streams -> (T, B, width)."""
        row_TB, column_TB = frames.cursors_TB3[..., 0], frames.cursors_TB3[..., 1]
        vectors_TBD: torch.Tensor = self.row(row_TB) + self.column(column_TB)
        return vectors_TBD
