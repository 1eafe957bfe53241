"""A head of your own under our backbone and our exact streaming gradients.

python examples/own_head.py DATASET [STEPS]
"""

import sys
from pathlib import Path

import torch
from torch import nn

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


def main() -> None:
    """Train with exact gradients, 8 frames at a time, and print the loss."""
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    dataset = Dataset.open(Path(sys.argv[1]))
    windows = Windows(dataset, length=32, batch=4, seed=0)
    model = build(ModelParams(width=32, layers=1), shape_of(dataset), seed=0)
    model.head = CursorHead(32, dataset.rows, dataset.columns)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01)
    for step in range(steps):
        optimiser.zero_grad()
        batch = windows.batch(step)
        measured = gradients(model, batch, chunk=8)
        optimiser.step()
        print(f"step {step + 1}: loss {measured.loss_TB.sum().item() / batch.mask_TB.sum():.3f} nats")


if __name__ == "__main__":
    main()
