"""Parquet and CSV tables from outside -> Polars frames that hold the columns that are wanted, as they must be.

A table is taken for a stranger's: its file is a regular one of bounded size, the cells that it says it has are bounded
before they are decoded, and of the wanted columns types, missing values and bounds (bounds.py) are checked. What is
wrong is one line with file, column, value and bound. A column that nobody asks for is not read.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from rcfam import documents
from rcfam.bounds import Pattern, Range, shown
from rcfam.errors import RcfamError

MOST_BYTES: Final = 256 << 20
MOST_CELLS: Final = 1 << 26  # of all columns that are read: 512 MiB of numbers
MOST_COLUMNS: Final = 1_000


class TableError(RcfamError):
    """A table that cannot be used; the message names file, column, value and bound."""


@dataclass(frozen=True)
class Column:
    """What a column must hold. Whole numbers and floats may stand in any width that Polars has."""

    kind: type[int] | type[float] | type[str] | type[bool]
    bound: Range | Pattern | None = None
    among: Sequence[str] = ()
    """The only texts allowed, where there are any."""
    null: bool = False
    """Whether values may be missing."""
    optional: bool = False
    """Whether the column may be missing."""


_TYPES: Final[Mapping[type, Any]] = {int: pl.Int64, float: pl.Float64, str: pl.String, bool: pl.Boolean}


def read(path: Path, columns: Mapping[str, Column], others: bool = False, most_bytes: int = MOST_BYTES) -> pl.DataFrame:
    """The columns of a Parquet file, in the order of `columns`; with `others` all that it has, in its own order."""
    data = documents.content(path, most_bytes)
    try:
        schema = pl.read_parquet_schema(io.BytesIO(data))
        rows = int(pl.scan_parquet(io.BytesIO(data)).select(pl.len()).collect().item())
        names = list(schema) if others else [name for name in columns if name in schema]
        _check_size(path, rows, names)
        table = pl.read_parquet(io.BytesIO(data), columns=names)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        raise TableError(f"{path}: no Parquet table: {_one_line(error)}") from error
    return fitted(table, columns, str(path))


def read_csv(path: Path, separator: str = ",", most_bytes: int = MOST_BYTES) -> pl.DataFrame:
    """A CSV file with a head line; lines that begin with # are comments. Types are what all of its rows allow."""
    data = documents.content(path, most_bytes)
    try:
        data.decode("utf-8")
        _check_size(path, data.count(b"\n"), data.partition(b"\n")[0].split(separator.encode()))
        return pl.read_csv(io.BytesIO(data), separator=separator, comment_prefix="#", infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, MemoryError) as error:
        raise TableError(f"{path}: no CSV table: {_one_line(error)}") from error


def fitted(table: pl.DataFrame, columns: Mapping[str, Column], where: str) -> pl.DataFrame:
    """A table whose wanted columns are what `columns` says; others stay as they are. Raises TableError."""
    made = []
    for name, column in columns.items():
        if name not in table.columns and column.optional:
            continue
        if name not in table.columns:
            raise TableError(f"{where}: column '{name}' is missing; there are {_listed(table.columns)}")
        made.append(_column(table[name], column, f"{where}: column '{name}'"))
    return table.with_columns(made)


def _column(values: pl.Series, column: Column, where: str) -> pl.Series:
    if values.null_count() == values.len() and (column.null or not values.len()):
        return pl.Series(values.name, [None] * values.len(), _TYPES[column.kind])
    kind = values.dtype
    whole, number = kind.is_integer(), kind.is_numeric() and not kind.is_decimal()
    fits = {int: whole, float: number, str: kind == pl.String, bool: kind == pl.Boolean}[column.kind]
    if not fits:
        raise TableError(f"{where}: expected {column.kind.__name__}, found {kind}")
    missing = values.null_count()
    if missing and not column.null:
        raise TableError(f"{where}: {missing} values are missing")
    try:
        values = values.cast(_TYPES[column.kind])
    except pl.exceptions.PolarsError as error:
        raise TableError(f"{where}: {_one_line(error)}") from error
    if isinstance(column.bound, Range) and values.len() > missing:
        if column.kind is float:
            strange = values.drop_nulls().filter(~values.drop_nulls().is_finite())
            if len(strange):
                raise TableError(f"{where}: {strange[0]} is not finite")
        for value in (values.min(), values.max()):
            column.bound.check(value, where)
    if column.kind is str and (column.among or column.bound is not None):
        for text in values.drop_nulls().unique(maintain_order=True):
            if column.among and text not in column.among:
                raise TableError(f"{where}: {shown(text)} is not one of {', '.join(column.among)}")
            if column.bound is not None:
                column.bound.check(text, where)
    return values


def _check_size(path: Path, rows: int, columns: Sequence[object]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise TableError(f"{path}: {len(columns):,} columns, at most {MOST_COLUMNS:,} are read")
    if rows * max(1, len(columns)) > MOST_CELLS:
        raise TableError(f"{path}: {rows:,} rows of {len(columns)} columns, at most {MOST_CELLS:,} values are read")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 200 else f"{words[:197]}..."
