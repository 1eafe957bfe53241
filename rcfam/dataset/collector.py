"""What the dataset stage gathers, one recording at a time: the index, the commits and counts."""

# V vocabulary

from typing import Any, Literal, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rcfam.dataset import dataset_tables, index
from rcfam.dataset.index import About
from rcfam.dataset.split import HELD_OUT, TRAIN, DatasetError, Span
from rcfam.dataset.tokens import Tokens
from rcfam.tokenizer import Tokenizer


class Recording(Protocol):
    """What is asked of an opened recording (recording.Reader)."""

    frames: int
    rows: int
    columns: int
    attributes: NDArray[np.uint32]
    marks: list[Any]

    def keys(self, start: int = 0, stop: int | None = None) -> NDArray[np.uint32]: ...


class Collector:
    """Gathers the tables of a dataset. Every recording is taken in once with `add`; then the tables can be asked
    for.
    """

    def __init__(self, tokenizer: Tokenizer, split: dataset_tables.Split) -> None:
        if split.vocabulary_hash != tokenizer.hash:
            raise DatasetError("split.json was made with another vocabulary: run rcfam tokenize again")
        self._tokenizer = tokenizer
        self._spans: dict[str, list[Span]] = {}
        for span in split.spans:
            self._spans.setdefault(span.name, []).append(span)
        self._rows: list[dict[str, Any]] = []
        self._commits = [pl.DataFrame(schema=dataset_tables.COMMITS_SCHEMA)]
        self._attributes: list[NDArray[np.uint32]] = []
        self._grids: dict[tuple[int, int], str] = {}
        self.counts = {side: np.zeros(len(tokenizer), np.int64) for side in (TRAIN, HELD_OUT)}

    def add(self, name: str, repository: str, recording: Recording, tokens: Tokens) -> None:
        """Take one recording in. Raises DatasetError where it, its tokens and the split do not belong together."""
        spans = self._spans.get(name, [])
        if sum(span.stop - span.start for span in spans) != recording.frames or not self._fits(tokens, recording):
            raise DatasetError(f"{name}: its tokens were made from another recording: run rcfam tokenize again")
        for span in spans:
            row = dataset_tables.stretch_row(span, repository, tokens)
            self._rows.append(row)
            stretch = tokens.tokens_N[row["first_token"] : row["first_token"] + row["tokens"]]
            self.counts[span.side] += np.bincount(stretch, minlength=len(self._tokenizer))
        if spans:
            self._commits.append(dataset_tables.commit_rows(name, spans, recording.frames, recording.marks, tokens))
        self._attributes.append(recording.attributes)
        self._grids.setdefault((recording.rows, recording.columns), name)
        if len(self._grids) > 1:
            (one, first), (other, second) = self._grids.items()
            raise DatasetError(f"grids differ: {first} is {one[0]} x {one[1]}, {second} is {other[0]} x {other[1]}")

    def _fits(self, tokens: Tokens, recording: Recording) -> bool:
        if not len(tokens.tokens_N):
            return recording.frames == 0
        known = 0 <= tokens.tokens_N.min() <= tokens.tokens_N.max() < len(self._tokenizer)
        return bool(known and int(self._tokenizer.keystrokes_V[tokens.tokens_N].sum()) == recording.frames)

    def index(self) -> pl.DataFrame:
        """The rows of index.parquet."""
        return pl.DataFrame(self._rows)

    def commits(self) -> pl.DataFrame:
        """One row a commit."""
        return pl.concat(self._commits)

    def about(self, sampling: Literal["length", "uniform"], recordings: str, tokens: str) -> About:
        """What dataset.json says; the folders of recordings and tokens are seen from its own."""
        (rows, columns), *_ = self._grids
        return About(
            rows,
            columns,
            self._tokenizer.padded,
            self._tokenizer.hash,
            sampling,
            tuple((fg, bg, style) for fg, bg, style in index.merge_attributes(self._attributes).tolist()),
            recordings,
            tokens,
        )
