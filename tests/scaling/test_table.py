"""A run table is checked at the door: what is wrong is named by its column."""

import polars as pl
import pytest

from rcfam.scaling import ScalingError, runs
from tests.support.oracles import planted

GOOD = {"length": [2, 2, 4, 4], "step": [1, 2, 1, 2], "loss": [3.0, 2.0, 2.5, 1.5]}


def test_runs_come_out_in_order_of_length_and_seed() -> None:
    table = planted.table(planted.Planted(), lengths=(8, 2), seeds=2, steps=5).sample(
        fraction=1.0, shuffle=True, seed=3
    )
    found = runs(table)
    assert [(run.length, run.seed) for run in found] == [(2, 0), (2, 1), (8, 0), (8, 1)]
    assert found[0].name == "length-2-seed-0"
    assert found[0].steps_S.tolist() == [1, 2, 3, 4, 5]
    assert found[3].wall_S is not None and found[3].wall_S[-1] == pytest.approx(5 * 0.028)


def test_three_columns_are_enough() -> None:
    found = runs(pl.DataFrame(GOOD))
    assert [(run.length, run.seed, run.wall_S) for run in found] == [(2, 0, None), (4, 0, None)]


def test_numbers_may_come_as_text() -> None:
    found = runs(pl.DataFrame({**GOOD, "loss": ["3.0", " 2", "2.5", "1.5"]}))
    assert found[0].loss_S.tolist() == [3.0, 2.0]


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("loss", [3.0, float("nan"), 2.5, 1.5], "row 2 holds nan"),
        ("loss", [3.0, 2.0, 0.0, 1.5], "row 3 holds 0.0"),
        ("loss", [3.0, 2.0, None, 1.5], "row 3 holds None"),
        ("loss", [3.0, -2.0, 2.0, 1.5], "above 0"),
        ("loss", ["3.0", "two", "2.5", "1.5"], "'two', not a number"),
        ("length", [2, 2, 0, 4], "at least 1"),
        ("length", [2, 2, 4.5, 4], "whole number"),
        ("step", [1, 2, -1, 2], "at least 1"),
        ("step", [1, 1, 1, 2], "step 1 twice"),
        ("step", [1, float("inf"), 1, 2], "row 2 holds inf"),
        ("seed", [0, 0.5, 0, 0], "whole number"),
        ("wall_s", [1.0, 0.5, 1.0, 2.0], "falls after step 1"),
        ("wall_s", [1.0, None, 1.0, 2.0], "rows without a value"),
        ("wall_s", [-1.0, 0.0, 1.0, 2.0], "at least 0"),
        ("run", ["a", "b", "c", "c"], "2 runs"),
    ],
)
def test_bad_values_name_the_column(column: str, values: list[object], words: str) -> None:
    with pytest.raises(ScalingError, match=rf"column '{column}'.*") as caught:
        runs(pl.DataFrame({**GOOD, column: values}, strict=False))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("column", ["length", "step", "loss"])
def test_a_missing_column_is_named_with_those_found(column: str) -> None:
    with pytest.raises(ScalingError, match=rf"column '{column}' is missing.*found: "):
        runs(pl.DataFrame(GOOD).drop(column))


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ScalingError, match="no rows"):
        runs(pl.DataFrame(GOOD).clear())
