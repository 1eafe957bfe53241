"""Windows of a dataset in a plain PyTorch loop, with a model that has nothing to do with ours.

python examples/plain_loop.py DATASET [STEPS]
"""

import sys
from pathlib import Path

import torch
from torch import nn

from rcfam.dataset import Dataset, Windows
from rcfam.terminal import cells
from rcfam.terminal.cells import GLYPH_MASK


class CountGlyphs(nn.Module):
    """The mean embedding of a frame's glyphs, a GRU over time, and a vote over tokens."""

    def __init__(self, vocabulary: int, width: int = 32) -> None:
        super().__init__()
        self.glyphs = nn.Embedding(256, width)
        self.over_time = nn.GRU(width, width)
        self.vote = nn.Linear(width, vocabulary)

    def forward(self, glyphs_TBRC: torch.Tensor) -> torch.Tensor:
        """Code points (T, B, R, C) -> logits (T, B, V)."""
        frames_TBD = self.glyphs(glyphs_TBRC % 256).mean((2, 3))
        logits_TBV: torch.Tensor = self.vote(self.over_time(frames_TBD)[0])
        return logits_TBV


def main() -> None:
    """Train on windows of 16 frames and print the loss."""
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    dataset = Dataset.open(Path(sys.argv[1]))
    windows = Windows(dataset, length=16, batch=4, seed=0)
    model = CountGlyphs(dataset.vocabulary)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01)
    for step in range(steps):
        batch = windows.batch(step)  # a pure function of the seed and the step
        glyphs_TBRC = torch.from_numpy((cells.glyphs(batch.cells_TBRC) & GLYPH_MASK).astype("int64"))
        logits_TBV = model(glyphs_TBRC)
        targets_TB, mask_TB = torch.from_numpy(batch.targets_TB), torch.from_numpy(batch.mask_TB)
        loss = nn.functional.cross_entropy(logits_TBV[mask_TB], targets_TB[mask_TB])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        print(f"step {step + 1}: loss {loss.item():.3f} nats")


if __name__ == "__main__":
    main()
