"""The index of a dataset: which recordings, which stretches of tokens on which side, and reading windows by their
ids.
"""

# T steps, B streams, R rows, C columns, N tokens of a recording, S stretches, A attributes

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, DTypeLike, NDArray

from rcfam import atomic, documents, kinds, outputs, tables
from rcfam.bounds import NAME, PATH, Range, Size, check
from rcfam.dataset import tokens as token_files
from rcfam.dataset.lru_pool import LruPool
from rcfam.dataset.split import HELD_OUT, TRAIN, DatasetError
from rcfam.dataset.tokens import Tokens
from rcfam.jit import kernel
from rcfam.recording import Reader
from rcfam.recording.layout import MAX_COLUMNS, MAX_ROWS
from rcfam.tables import Column
from rcfam.terminal.cells import BLANK, GLYPH_BITS, GLYPH_MASK, MAX_ATTRIBUTES

VERSION: Final = 1
INDEX: Final = "index.parquet"
ABOUT: Final = "dataset.json"
OPEN_RECORDINGS: Final = 64  # at most, whatever the number of threads
_NUMBER: Final = Range(0, 2**36)
SCHEMA: Final = {
    "recording": Column(str, NAME),
    "repository": Column(str),
    "side": Column(str, among=(TRAIN, HELD_OUT)),
    "first_frame": Column(int, _NUMBER),
    "frames": Column(int, _NUMBER),
    "first_token": Column(int, _NUMBER),
    "tokens": Column(int, _NUMBER),
}

_Number32 = Annotated[int, Range(0, 2**32 - 1)]


@dataclass(frozen=True)
class About:
    """dataset.json: what an index does not say."""

    rows: Annotated[int, Range(1, MAX_ROWS)]
    columns: Annotated[int, Range(1, MAX_COLUMNS)]
    vocabulary: Annotated[int, Range(1, 1 << 21)]
    """Size of the vocabulary, padded."""
    vocabulary_hash: Annotated[str, Size(1, 100)]
    sampling: Literal["length", "uniform"]
    attributes: Annotated[tuple[tuple[_Number32, _Number32, _Number32], ...], Size(0, MAX_ATTRIBUTES)]
    """Rows of fg, bg, style; a cell names one by its number."""
    recordings: Annotated[str, PATH] = "."
    """Folder of the recordings, relative to the dataset's."""
    tokens: Annotated[str, PATH] = "."
    version: Literal[1] = VERSION

    def __post_init__(self) -> None:
        check(self)


Allocate = Callable[[tuple[int, ...], DTypeLike], NDArray[Any]]


class Batch(NamedTuple):
    """B windows of T (frame, token) pairs each; a frame is the one BEFORE its token's first key.

    cells_TBRC uint32 (cells.py, attribute numbers of the dataset's own table), cursors_TB3 int32 (row, column,
    visible), targets_TB int64, mask_TB bool: false where a recording was too short, there the frame is blank and the
    target 0. ids_B2 int64: recording number and first token of each window.
    """

    cells_TBRC: NDArray[np.uint32]
    cursors_TB3: NDArray[np.int32]
    targets_TB: NDArray[np.int64]
    mask_TB: NDArray[np.bool_]
    ids_B2: NDArray[np.int64]


class Frames(Protocol):
    """What the dataset asks of an opened recording (recording.Reader)."""

    @property
    def attributes(self) -> NDArray[np.uint32]: ...

    def frames_at(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]: ...

    def close(self) -> None: ...


class Opened(NamedTuple):
    """A recording, its tokens, and the dataset's number of each of its attributes (None where they are the same)."""

    frames: Frames
    tokens: Tokens
    remap: NDArray[np.uint32] | None


class Stretches(NamedTuple):
    """Consecutive tokens of one recording on one side: recording numbers, first tokens and sizes, all int64."""

    recordings_S: NDArray[np.int64]
    first_S: NDArray[np.int64]
    tokens_S: NDArray[np.int64]


class Dataset:
    """An opened dataset. Opening reads the index alone; recordings and tokens are opened when a window needs them.

    Threads share the open recordings, of which there are few; memory does not grow with the dataset.
    """

    def __init__(
        self,
        about: About,
        index: pl.DataFrame,
        recordings: Path,
        tokens: Path,
        reader: Callable[[Path], Frames] = Reader,
    ) -> None:
        """`index`: the columns of SCHEMA, sorted by recording and first token."""
        self.about = about
        self.rows, self.columns = about.rows, about.columns
        self.vocabulary, self.vocabulary_hash = about.vocabulary, about.vocabulary_hash
        self.sampling = about.sampling
        self.attributes_A3 = np.array(about.attributes, np.uint32).reshape(-1, 3)
        self.index = index
        changed = (index["recording"] != index["recording"].shift(1)).fill_null(True)
        self.names = index["recording"].filter(changed)
        self._numbers_S = changed.cast(pl.Int64).cum_sum().to_numpy() - 1
        self._first_S = index["first_token"].to_numpy()
        self._tokens_S = index["tokens"].to_numpy()
        # Stretches of one recording lie side by side, so that one sorted array finds the stretch of any token.
        self._borders_S = np.cumsum(self._tokens_S)
        self._offsets = (self._borders_S - self._tokens_S)[changed.to_numpy()]
        self._recordings, self._tokens = recordings, tokens
        self._reader = reader
        self.shelf = LruPool(OPEN_RECORDINGS, self._open, lambda opened: opened.frames.close())

    @classmethod
    def open(cls, folder: Path, recordings: Path | None = None, tokens: Path | None = None) -> "Dataset":
        """Open what `rcfam dataset` wrote. The folders of recordings and tokens stand in dataset.json, relative to it.

        Raises DatasetError where files are missing, damaged or of another version, OutputError where one of the three
        folders is not as it was written.
        """
        outputs.check(folder, kinds.DATASET)
        about = documents.load(folder / ABOUT, About)
        index = tables.read(folder / INDEX, SCHEMA)
        _check(index, str(folder / INDEX))
        recordings, tokens = recordings or folder / about.recordings, tokens or folder / about.tokens
        outputs.check(recordings, kinds.RECORDINGS)
        outputs.check(tokens, kinds.TOKENS)
        return cls(about, index, recordings, tokens)

    def stretches(self, side: str) -> Stretches:
        """The stretches of one side, 'train' or 'held_out', that hold tokens. Raises DatasetError where there are
        none.
        """
        if side not in (TRAIN, HELD_OUT):
            raise DatasetError(f"side '{side}' is neither '{TRAIN}' nor '{HELD_OUT}'")
        chosen = np.flatnonzero((self.index["side"] == side).to_numpy() & (self._tokens_S > 0))
        if not len(chosen):
            raise DatasetError(f"no tokens on the side '{side}'")
        return Stretches(self._numbers_S[chosen], self._first_S[chosen], self._tokens_S[chosen])

    def read(self, ids_B2: ArrayLike, length: int, allocate: Allocate = np.empty) -> Batch:
        """The windows (recording number, first token) of `length` tokens each; a window ends with its stretch.

        `allocate(shape, dtype)` makes the four arrays of the batch, so that a caller can have them in memory of its own
        choice. Raises DatasetError for ids that are not in the dataset, RecordingError for damaged recordings.
        """
        ids_B2 = np.asarray(ids_B2, np.int64).reshape(-1, 2)
        stops_B = self._stops(ids_B2)
        batch = Batch(
            allocate((length, len(ids_B2), self.rows, self.columns), np.uint32),
            allocate((length, len(ids_B2), 3), np.int32),
            allocate((length, len(ids_B2)), np.int64),
            allocate((length, len(ids_B2)), np.bool_),
            ids_B2,
        )
        # Windows of one recording are read one after another, whatever their slots.
        for slot in np.lexsort(ids_B2.T[::-1]).tolist():
            recording, first = ids_B2[slot].tolist()
            self._read_window(batch, slot, recording, first, min(first + length, int(stops_B[slot])))
        return batch

    def _stops(self, ids_B2: NDArray[np.int64]) -> NDArray[np.int64]:
        """The token at which each window's stretch ends."""
        recordings, firsts = ids_B2[:, 0], ids_B2[:, 1]
        ends = np.append(self._offsets[1:], self._borders_S[-1] if len(self._borders_S) else 0)
        known = (recordings >= 0) & (recordings < len(self._offsets)) & (firsts >= 0)
        places = self._offsets[np.where(known, recordings, 0)] + firsts
        known &= places < ends[np.where(known, recordings, 0)]
        if not known.all():
            recording, first = ids_B2[np.argmin(known)].tolist()
            raise DatasetError(f"no window begins at token {first} of recording {recording}")
        stretch = np.searchsorted(self._borders_S, places, side="right")
        return self._borders_S[stretch] - self._offsets[recordings]

    def _read_window(self, batch: Batch, slot: int, recording: int, first: int, stop: int) -> None:
        name, size = self.names[recording], stop - first
        with self.shelf.borrow(recording) as (frames, tokens, remap):
            if stop > len(tokens.tokens_N):
                raise DatasetError(f"{name}: {len(tokens.tokens_N)} tokens, the index says {stop} or more")
            targets = tokens.tokens_N[first:stop]
            if targets.min() < 0 or targets.max() >= self.vocabulary:
                strange = int(targets.max() if targets.min() >= 0 else targets.min())
                raise DatasetError(f"{name}: token {strange}, not one of a vocabulary of {self.vocabulary}")
            batch.targets_TB[:size, slot] = targets
            cells, cursors = frames.frames_at(tokens.starts_N[first:stop])
        if cells.shape[1:] != (self.rows, self.columns):
            raise DatasetError(f"{name}: frames of {cells.shape[1:]}, the index says {self.rows, self.columns}")
        if remap is None:
            batch.cells_TBRC[:size, slot] = cells
        else:
            _put_renumbered(cells, remap, batch.cells_TBRC, slot)
        batch.cursors_TB3[:size, slot] = cursors
        batch.mask_TB[:size, slot] = True
        batch.cells_TBRC[size:, slot] = BLANK
        batch.cursors_TB3[size:, slot] = 0
        batch.targets_TB[size:, slot] = 0
        batch.mask_TB[size:, slot] = False

    def _open(self, recording: int) -> Opened:
        name = self.names[recording]
        frames = self._reader(self._recordings / f"{name}.tsr")
        try:
            tokens = token_files.load(self._tokens / f"{name}{token_files.SUFFIX}")
            return Opened(frames, tokens, renumbering(frames.attributes, self.attributes_A3))
        except BaseException:
            frames.close()
            raise


def _check(index: pl.DataFrame, where: str) -> None:
    """Raise DatasetError unless the stretches of each recording follow one another from its first token on."""
    if not index.height:
        raise DatasetError(f"{where}: holds no stretch")
    before = pl.col("tokens").cum_sum().over("recording") - pl.col("tokens")
    in_order = index.select(pl.col("recording").is_sorted()).item()
    apart = index.filter(pl.col("first_token") != before)
    if not in_order or apart.height:
        name = apart["recording"][0] if apart.height else index["recording"][0]
        raise DatasetError(f"{where}: the stretches of recording '{name}' do not follow one another")


def write(folder: Path, about: About, index: pl.DataFrame) -> None:
    """Write what `Dataset.open` reads."""
    with atomic.writing(folder / INDEX) as temporary:
        index.select(*SCHEMA).sort("recording", "first_token").write_parquet(temporary)
    with atomic.writing(folder / ABOUT) as temporary:
        temporary.write_text(json.dumps({"version": VERSION, **asdict(about)}, indent=2) + "\n", encoding="utf-8")


def merge_attributes(tables: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """One table (A, 3) that holds the rows of all: the first table as it is, then what is new in the others.

    So frames whose recording has the first table, as all of one terminal's have, need no other numbers.
    """
    rows = [tuple(row) for row in np.asarray(tables[0]).tolist()] if tables else []
    known = set(rows)
    for table in tables[1:]:
        new = dict.fromkeys(tuple(row) for row in np.asarray(table).tolist() if tuple(row) not in known)
        rows += new
        known |= new.keys()
    if len(rows) > MAX_ATTRIBUTES:
        raise DatasetError(f"{len(rows)} different attributes in all recordings; at most {MAX_ATTRIBUTES} fit a cell")
    return np.array(rows, np.uint32).reshape(-1, 3)


def renumbering(table: NDArray[np.uint32], whole: NDArray[np.uint32]) -> NDArray[np.uint32] | None:
    """The number in `whole` of each row of `table`, the first of equal ones; None where they are the same."""
    table = np.asarray(table, np.uint32).reshape(-1, 3)
    if len(table) <= len(whole) and np.array_equal(table, whole[: len(table)]):
        return None
    numbers = {tuple(row): number for number, row in reversed(list(enumerate(whole.tolist())))}
    try:
        return np.array([numbers[tuple(row)] for row in table.tolist()], np.uint32)
    except KeyError as error:
        raise DatasetError(f"attribute {error} is not in the dataset's table; make the dataset again") from error


@kernel
def _put_renumbered(cells_NRC, remap_A, cells_TBRC, slot):  # type: ignore[no-untyped-def]
    """Copy N frames to times 0 .. N - 1 of one slot, every attribute under its number in the dataset."""
    for n in range(cells_NRC.shape[0]):
        for row in range(cells_NRC.shape[1]):
            for column in range(cells_NRC.shape[2]):
                cell = cells_NRC[n, row, column]
                attribute = remap_A[cell >> np.uint32(GLYPH_BITS)]
                cells_TBRC[n, slot, row, column] = attribute << np.uint32(GLYPH_BITS) | cell & np.uint32(GLYPH_MASK)
