"""The whole analysis, its sentences, its tables and its verb."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.scaling import Analysis, FitParams, ScalingError, analyse, conclusions, runs, summary, tables
from rcfam.scaling.published import EXCELLENCE
from tests.support.oracles import planted

FAST = FitParams(bootstrap=200)


@pytest.fixture(scope="module")
def found() -> Analysis:
    return analyse(runs(planted.table(planted.Planted())), FAST)


def excellence() -> pl.DataFrame:
    return pl.DataFrame({"length": EXCELLENCE.lengths, "step": [4000] * 6, "loss": EXCELLENCE.loss})


def test_the_planted_law_is_found(found: Analysis) -> None:
    truth = planted.Planted().alpha(300)
    assert found.pure.alpha == pytest.approx(truth, abs=0.01)
    assert found.step == 300 and found.pure.lengths == 8
    assert max(abs(told.error) for told in found.forecasts) < 0.05
    assert all(found.seconds_a_step[n] == pytest.approx(0.02 + 0.001 * n) for n in planted.LENGTHS)


def test_what_is_averaged_over_is_counted(found: Analysis) -> None:
    assert f"(loss averaged over {FAST.window} steps)" in conclusions(found)[0]
    assert "(loss of that step alone)" in conclusions(analyse(runs(excellence()), FAST))[0]
    short = analyse(runs(planted.table(planted.Planted(), steps=7)), FAST)
    assert "(loss averaged over 7 steps)" in conclusions(short)[0]


def test_the_same_seed_gives_the_same_numbers(found: Analysis) -> None:
    again = analyse(runs(planted.table(planted.Planted())), FAST)
    assert summary(again) == summary(found)


def test_the_summary_is_flat_and_json(found: Analysis) -> None:
    flat = summary(found)
    assert json.loads(json.dumps(flat)) == flat
    assert all(isinstance(value, int | float | str | None) for value in flat.values())
    assert {"alpha", "alpha_low", "alpha_high", "r2", "irreducible", "alpha_without_shortest"} <= flat.keys()


def test_tables_hold_what_was_measured(found: Analysis) -> None:
    made = tables(found)
    assert made["points"].height == 16
    law = made["law"]
    np.testing.assert_allclose(np.exp(law["pure_residual"]) * law["pure"], law["loss"])
    band = made["band"]
    assert (band["low"] < band["pure"]).all() and (band["pure"] < band["high"]).all()
    assert made["crossovers"].height == 28
    assert made["loss_over_steps"]["length"].n_unique() == 8
    assert made["loss_over_wall"].filter(pl.col("length") == 2)["wall_s"].max() == pytest.approx(290.5 * 0.022)


def test_a_bending_table_is_said_to_bend() -> None:
    words = " ".join(conclusions(analyse(runs(excellence()), FAST)))
    assert "The table bends" in words and "0.64, 0.34, 0.30, 0.25, 0.22" in words
    assert "Without L = 2, alpha = 0.288" in words and "leans on the shortest length" in words
    assert "With one seed a length" in words


def test_an_exponent_that_stands_still_has_no_time_constant(found: Analysis) -> None:
    assert found.saturation is not None
    flat = replace(found, saturation=replace(found.saturation, steps=1e-3, plateau=0.3))
    words = " ".join(conclusions(flat))
    assert "it stood at its plateau of 0.300 before the first of these steps" in words and "constant" not in words


def test_a_straight_table_is_not_said_to_bend(found: Analysis) -> None:
    words = " ".join(conclusions(found))
    assert "No bend is shown" in words and "The table bends" not in words
    assert "loss falls with length" in words and "it saturates at 0.31" in words


@pytest.mark.parametrize(
    ("plateau", "words"), [(0.0, "no effect of length is shown"), (-0.2, "loss RISES with length")]
)
def test_a_law_that_fails_is_said_to_fail(plateau: float, words: str) -> None:
    table = planted.table(planted.Planted(plateau=plateau), seeds=1, steps=60)
    assert words in conclusions(analyse(runs(table), FAST))[0]


def test_two_lengths_test_no_law() -> None:
    few = analyse(runs(planted.table(planted.Planted(), lengths=(2, 8), seeds=1, steps=40)), FAST)
    assert "two points cannot test a law" in conclusions(few)[0]
    assert tables(few)["slopes"].height == 1 and summary(few)["alpha_low"] is None


def test_a_step_not_reached_is_refused() -> None:
    with pytest.raises(ScalingError, match="step 5000 is asked for, and step 4000 is the last"):
        analyse(runs(excellence()), FitParams(step=5000))


@pytest.mark.parametrize(
    "values", [{"window": 0}, {"step": 0}, {"bootstrap": 10}, {"confidence": 1.0}, {"grid": 1}, {"seed": -1}]
)
def test_parameters_out_of_bounds_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        FitParams(**values)  # type: ignore[arg-type]


def test_a_lone_csv_is_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    excellence().write_csv("table.csv")
    result = CliRunner().invoke(app, ["fit", "table.csv"])
    assert result.exit_code == 0, result.output
    assert "alpha = 0.3148   95 % interval 0.260 to 0.369" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_folder_of_runs_gives_law_tables_and_crossovers(tmp_path: Path) -> None:
    for length in (2, 8, 32, 128):
        folder = tmp_path / "runs" / f"length-{length}"
        folder.mkdir(parents=True)
        planted.table(planted.Planted(), (length,), draw=length).write_parquet(folder / "runs.parquet")
    result = CliRunner().invoke(app, ["fit", str(tmp_path / "runs"), "-o", str(tmp_path / "law")])
    assert result.exit_code == 0, result.output
    law = json.loads((tmp_path / "law" / "law.json").read_text())
    assert law["alpha"] == pytest.approx(0.31, abs=0.02) and law["runs"] == 8
    assert pl.read_csv(tmp_path / "law" / "tables" / "crossovers.csv").height == 6
    assert "seconds of training" in result.output and "not reached in" in result.output


def test_study_and_batch_are_chosen(tmp_path: Path) -> None:
    pl.concat(
        [
            planted.table(planted.Planted(), (2, 8), 1, 20).with_columns(
                batch=pl.lit(batch, pl.Int64), run=pl.lit(f"b{batch}")
            )
            for batch in (8, 16)
        ]
    ).write_parquet(tmp_path / "runs.parquet")
    mixed = CliRunner().invoke(app, ["fit", str(tmp_path / "runs.parquet")])
    assert isinstance(mixed.exception, ScalingError) and "2 runs" in str(mixed.exception)
    assert CliRunner().invoke(app, ["fit", str(tmp_path / "runs.parquet"), "--batch", "16"]).exit_code == 0
    none = CliRunner().invoke(app, ["fit", str(tmp_path / "runs.parquet"), "--batch", "9"])
    assert isinstance(none.exception, RcfamError) and "found: 8, 16" in str(none.exception)


@pytest.mark.parametrize("name", ["none.csv", "broken.parquet", "empty"])
def test_unreadable_input_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(app, ["fit", str(tmp_path / name), "-o", str(tmp_path / "law")])
    assert isinstance(result.exception, RcfamError) and name in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "law").exists()
