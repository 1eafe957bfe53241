"""Fit and report hold whatever came of the runs: some or all diverged, losses of any size, odd scores."""

import json
import math
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from tests.support.oracles import planted, reported

LENGTHS = (2, 8, 32, 128)


def runs(folder: Path, diverged: dict[tuple[int, int], int], factor: float = 1.0) -> None:
    """Runs of two seeds a length; `diverged`: (length, seed) -> the step at which the loss is no number."""
    for length in LENGTHS:
        table = planted.table(planted.Planted(), (length,), 2, 60, draw=length)
        table = table.with_columns(loss=pl.col("loss") * factor)
        for (wrong, seed), step in diverged.items():
            if wrong == length:
                table = table.filter((pl.col("seed") != seed) | (pl.col("step") <= step)).with_columns(
                    loss=pl.when((pl.col("seed") == seed) & (pl.col("step") == step))
                    .then(pl.lit(math.nan))
                    .otherwise(pl.col("loss"))
                )
        (folder / f"length-{length}").mkdir(parents=True)
        table.write_parquet(folder / f"length-{length}" / "runs.parquet")


def verb(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


SEEDS = sorted(planted.table(planted.Planted(), (2,), 2, 3, draw=2)["seed"].unique().to_list())
SOME = {(8, SEEDS[0]): 9, (128, SEEDS[0]): 1, (128, SEEDS[1]): 60}
ALL = {(length, seed): 5 for length in LENGTHS for seed in SEEDS}
ONE_LENGTH = {key: step for key, step in ALL.items() if key[0] != 8}


@pytest.mark.parametrize(
    ("diverged", "fitted", "said"),
    [(SOME, 3, "diverged at step 9"), (ONE_LENGTH, 1, "No law is fitted"), (ALL, 0, "No law is fitted")],
)
def test_runs_that_diverged_are_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, diverged: dict[tuple[int, int], int], fitted: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    runs(tmp_path / "data" / "runs", diverged)
    assert said in verb("fit", "data/runs", "-o", "data/law")
    law = json.loads((tmp_path / "data/law/law.json").read_text())
    assert law["lengths"] == fitted and law["runs"] == 2 * len(LENGTHS) - len(diverged)
    assert (law["alpha"] is None) == (fitted < 2)
    told = (tmp_path / "data/law/tables/conclusions.txt").read_text()
    assert told.count("is left out.") == len(diverged) and said in told
    scores(tmp_path, math.nan)
    verb("report")
    page = (tmp_path / "data/report/index.html").read_text()
    assert "is left out." in page


def scores(folder: Path, value: float) -> None:
    """Scores of which all at the two shortest lengths are `value`."""
    (folder / "data" / "evaluation").mkdir(parents=True)
    table = reported.evaluation(LENGTHS, 2)
    numbers = [name for name, kind in table.schema.items() if kind == pl.Float64]
    hit = pl.col("length") <= 8
    table.with_columns([pl.when(hit).then(pl.lit(value)).otherwise(pl.col(n)).alias(n) for n in numbers]).write_parquet(
        folder / "data" / "evaluation" / "evaluation.parquet"
    )
    positions = pl.DataFrame(
        [(length, at, value if length <= 8 else 2.0) for length in LENGTHS for at in range(1, 9)],
        {"length": pl.Int64, "position": pl.Int64, "loss": pl.Float64},
        orient="row",
    )
    positions.write_parquet(folder / "data" / "evaluation" / "positions.parquet")


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e9])
@pytest.mark.parametrize("factor", [1e6, 1e-6])
def test_losses_of_any_size_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float, factor: float
) -> None:
    monkeypatch.chdir(tmp_path)
    runs(tmp_path / "data" / "runs", {}, factor)
    scores(tmp_path, value)
    verb("fit", "data/runs", "-o", "data/law")
    verb("report")


def test_a_summary_without_a_law_has_the_names_of_one_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runs(tmp_path / "some", SOME)
    runs(tmp_path / "all", ALL)
    laws, heads = [], []
    for name in ("some", "all"):
        verb("fit", name, "-o", f"law-{name}")
        law = json.loads((tmp_path / f"law-{name}" / "law.json").read_text())
        laws.append([key for key in law if not key.startswith("forecast")])
        tables = sorted((tmp_path / f"law-{name}" / "tables").glob("*.csv"))
        heads.append({path.name: path.read_text().splitlines()[0] for path in tables})
    assert laws[0] == laws[1] and heads[0] == heads[1]
