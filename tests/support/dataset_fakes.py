"""A dataset whose frames can be told from one another without a codec: frame n of recording r holds r and n in its
cells.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from rcfam.dataset import tokens as token_files
from rcfam.dataset.index import About, Dataset

ROWS, COLUMNS = 3, 5
ABOUT = About(ROWS, COLUMNS, 512, "0", "length", ((0, 0, 0), (1, 0, 0)))


class FakeReader:
    """Frame n of recording `rNNN`: cell (0, 0) is NNN, the others n; the cursor is (n % ROWS, n % COLUMNS, 1)."""

    open_now = 0
    attributes = np.array(ABOUT.attributes, np.uint32)

    def __init__(self, path: Path) -> None:
        FakeReader.open_now += 1
        self.number = int(path.stem[1:])

    def close(self) -> None:
        FakeReader.open_now -= 1

    def frames_at(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cells = np.repeat(np.asarray(indices, np.uint32), ROWS * COLUMNS).reshape(-1, ROWS, COLUMNS)
        cells[:, 0, 0] = self.number
        cursors = np.stack([indices % ROWS, indices % COLUMNS, np.ones_like(indices)], axis=1)
        return cells, cursors.astype(np.int32)


def tokens_of(number: int, size: int) -> token_files.Tokens:
    """Token n of recording r is (7 r + n) % 512 and begins at frame 3 n."""
    places = np.arange(size)
    return token_files.Tokens(((7 * number + places) % 512).astype(np.int32), 3 * places, np.zeros(1, np.int64))


def index_of(stretches: Sequence[tuple[int, str, int, int]]) -> pl.DataFrame:
    """(recording, side, first token, tokens) rows as an index."""
    return pl.DataFrame(
        [(f"r{r:05d}", f"r{r:05d}", side, 3 * first, 3 * n, first, n) for r, side, first, n in stretches],
        schema=["recording", "repository", "side", "first_frame", "frames", "first_token", "tokens"],
        orient="row",
    )


def dataset(folder: Path, stretches: Sequence[tuple[int, str, int, int]]) -> Dataset:
    """A dataset with these stretches, its tokens written to `folder`."""
    sizes: dict[int, int] = {}
    for recording, _, first, size in stretches:
        sizes[recording] = max(sizes.get(recording, 0), first + size)
    for recording, size in sizes.items():
        token_files.save(folder / f"r{recording:05d}{token_files.SUFFIX}", tokens_of(recording, size))
    return Dataset(ABOUT, index_of(stretches), folder, folder, FakeReader)
