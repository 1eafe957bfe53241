"""Text on both sides of the split, by commit and by file."""

# K keystrokes, X shingles, P pieces of a stretch

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rcfam.dataset import duplicates
from rcfam.dataset.duplicates import NOWHERE, UNKNOWN
from rcfam.dataset.sessions import sessions
from rcfam.dataset.split import HELD_OUT, TRAIN

LEAST_SHINGLES: Final = 8  # sampled ones, below which nothing is said of a piece of text
FILES_SCHEMA: Final = {
    "recording": pl.String,
    "path": pl.String,
    "side": pl.String,
    "sessions": pl.Int64,
    "keystrokes": pl.Int64,
    "shared": pl.Float64,
    "like_recording": pl.String,
    "like_path": pl.String,
    "like": pl.Float64,
}


class Recording(Protocol):
    """What is asked of an opened recording (recording.Reader)."""

    marks: list[Any]

    def keys(self, start: int = 0, stop: int | None = None) -> NDArray[np.uint32]: ...


class Compared(NamedTuple):
    """Both sides laid beside each other.

    `commits`: the table given, with a column `shared`: the share of each held-out commit's text that the training side
    has typed too. `files`: one row for each file that was typed into and side; of held-out ones `shared` in the same
    sense, and the training file that has most of their text, with its share `like`. Null on the training side, and
    where there is too little text to tell.
    """

    commits: pl.DataFrame
    files: pl.DataFrame


class _File:
    """A file of one recording on one side, as far as it was typed into."""

    def __init__(self, recording: str, path: str, side: str) -> None:
        self.recording, self.path, self.side = recording, path, side
        self.sessions = self.keystrokes = 0
        self.shared: float | None = None
        self.like: tuple[str | None, str | None, float | None] = (None, None, None)


def compare(
    table: pl.DataFrame,
    commits: pl.DataFrame,
    opened: Callable[[str], Recording],
    progress: Callable[[int], None] | None = None,
) -> Compared:
    """Compare the sides. `table` is the index, `commits` the table of commits, `opened(name)` a recording; `progress`
    is told the keystrokes read.
    """
    training = table.filter(pl.col("side") == TRAIN)
    one_in = duplicates.rate(int(training["frames"].sum()))
    known, files, shared = duplicates.Known(), list[_File](), dict[tuple[str, int], float]()
    for row in pl.concat([training, table.filter(pl.col("side") == HELD_OUT)]).iter_rows(named=True):
        name, first, side = row["recording"], row["first_frame"], row["side"]
        recording = opened(name)
        keys_K = recording.keys(first, first + row["frames"])
        hashes_X, places_X = duplicates.shingles(keys_K, one_in)
        file_X = _files(files, row, keys_K, recording.marks, places_X)
        if side == TRAIN:
            known.add(hashes_X, file_X)
        else:
            found_X = known.find(hashes_X)
            here = commits.filter((pl.col("recording") == name) & (pl.col("side") == HELD_OUT))
            starts = here["first_frame"].to_numpy() - first
            piece_X = duplicates.inside(places_X, starts, starts + here["frames"].to_numpy())
            for piece, share in _shares(piece_X, found_X).items():
                shared[name, int(here["first_frame"][piece])] = share
            for file, share in _shares(file_X, found_X).items():
                files[file].shared = share
                files[file].like = _most_like(files, found_X[file_X == file])
        if progress is not None:
            progress(row["frames"])
    keys = commits.select("recording", "first_frame").iter_rows()
    commits = commits.with_columns(shared=pl.Series([shared.get(key) for key in keys], dtype=pl.Float64))
    rows = [(f.recording, f.path, f.side, f.sessions, f.keystrokes, f.shared, *f.like) for f in files]
    return Compared(commits, pl.DataFrame(rows, FILES_SCHEMA, orient="row"))


def _files(
    files: list[_File],
    row: Mapping[str, Any],
    keys_K: NDArray[np.uint32],
    marks: list[Any],
    places_X: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Add the files of one stretch to `files`; the file of each shingle, NOWHERE outside of files."""
    numbers: dict[str, int] = {}
    found = [session for session in sessions(keys_K, marks, row["first_frame"]) if session.path is not None]
    for session in found:
        if session.path not in numbers:
            numbers[session.path] = len(files)  # type: ignore[index]
            files.append(_File(row["recording"], session.path, row["side"]))  # type: ignore[arg-type]
        file = files[numbers[session.path]]  # type: ignore[index]
        file.sessions += 1
        file.keystrokes += session.stop - session.start
    bounds = np.array([(session.start, session.stop) for session in found], np.int64).reshape(-1, 2)
    of_session = np.array([*(numbers[str(session.path)] for session in found), NOWHERE])
    return of_session[duplicates.inside(places_X, bounds[:, 0], bounds[:, 1])]


def _shares(piece_X: NDArray[np.int64], found_X: NDArray[np.int64]) -> dict[int, float]:
    """The share of each piece's shingles that are known, for pieces with enough of them."""
    kept = piece_X >= 0
    seen = np.bincount(piece_X[kept])
    same = np.bincount(piece_X[kept & (found_X != UNKNOWN)], minlength=len(seen))
    return {int(piece): float(same[piece] / seen[piece]) for piece in np.flatnonzero(seen >= LEAST_SHINGLES)}


def _most_like(files: list[_File], found_X: NDArray[np.int64]) -> tuple[str | None, str | None, float | None]:
    """The training file into which most of these shingles were typed first, and their share."""
    of_files = found_X[found_X >= 0]
    if not len(of_files):
        return None, None, None
    numbers, counts = np.unique(of_files, return_counts=True)
    best = int(np.argmax(counts))
    file = files[int(numbers[best])]
    return file.recording, file.path, float(counts[best] / len(found_X))
