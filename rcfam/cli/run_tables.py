"""Run tables that `rcfam fit` and `rcfam report` read."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rcfam.cli.params import Parameters
from rcfam.errors import RcfamError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class StudyOfRuns:
    """Section `study` as this file needs it: training's own dataclass would bring PyTorch along."""

    name: str
    lengths: tuple[int, ...]
    seeds: tuple[int, ...]


def read_tables(paths: list[Path]) -> "pl.DataFrame":
    import polars as pl

    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("length-*/runs.parquet")) or sorted(path.glob("*.parquet"))
            if not inside:
                raise RcfamError(f"{path}: no length-*/runs.parquet and no *.parquet in this folder")
            files.extend(inside)
        elif path.is_file():
            files.append(path)
        else:
            raise RcfamError(f"{path}: no such run table or folder")
    try:
        return pl.concat([read_table(path) for path in files], how="diagonal_relaxed")
    except pl.exceptions.PolarsError as error:
        raise RcfamError(f"{', '.join(map(str, paths))}: the tables do not fit together: {_line(error)}") from error


def rows_of_study(table: "pl.DataFrame", paths: list[Path], parameters: Parameters) -> "pl.DataFrame":
    """Of a folder of runs, those that the parameter file's study names: the folder may hold runs of earlier studies."""
    import polars as pl

    if not all(place.is_dir() for place in paths) or not parameters.has("study"):
        return table
    if not {"length", "seed"} <= set(table.columns):
        return table
    said = parameters.section("study", StudyOfRuns)
    kept = table.filter(pl.col("length").is_in(said.lengths) & pl.col("seed").is_in(said.seeds))
    if kept.height == 0:
        lengths = ", ".join(map(str, said.lengths))
        raise RcfamError(
            f"{parameters.path}: study: no run of the lengths {lengths} stands in {', '.join(map(str, paths))}"
        )
    return kept


def read_table(path: Path) -> "pl.DataFrame":
    from rcfam import tables

    if path.suffix in (".parquet", ".pq"):
        return tables.read(path, {}, others=True)
    table = tables.read_csv(path, "\t" if path.suffix == ".tsv" else ",")
    return table.rename({name: name.strip() for name in table.columns})


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
