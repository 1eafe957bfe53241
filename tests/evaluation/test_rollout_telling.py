"""What is said of rollouts, of planted rows: means, shares, curves."""

import polars as pl
import pytest

from rcfam.evaluation.rollout import results
from rcfam.evaluation.rollout.results import CURVES, KEPT, curves, metrics, summary

MOST = results.MOST


def planted(policy: str, keys: int, distances: list[int], **more: object) -> dict[str, object]:
    """A rollout of which only this is known; the rest is nothing."""
    empty: dict[object, object] = {pl.String: "", pl.Int64: 0, pl.Float64: None, pl.Boolean: False}
    row = {name: empty.get(kind) for name, kind in KEPT.items()}
    ends = {"distance_before": distances[0], "distance_after": distances[-1], "distances": distances}
    return {**row, "policy": policy, "keys": keys, **ends, **more}


def table(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), KEPT)


def test_keys_are_weighed_by_rollouts_length_and_mended_by_those_that_were_hurt() -> None:
    made = table(
        planted("one", 10, [4, 0], completed=True, share=1.0, wasted=1, agreed_keys=10, agreed_steps=5, steps=5),
        planted("one", 30, [4, 3], share=0.25, wasted=9, invalid=4, agreed_keys=2, steps=7, diverged=True),
        planted("one", 0, [0, 0], diverged=True, recovered=True, ended="fault", fault="OverflowError: too much"),
        planted("two", 0, [0, 0]),
    )
    one, two = summary(made).iter_rows(named=True)
    assert (one["rollouts"], one["completed"], one["share"]) == (3, pytest.approx(1 / 3), 0.625)
    assert (one["wasted"], one["invalid"]) == (0.25, 0.1)
    assert (one["agreed_keys"], one["agreed_steps"], one["steps"]) == (4, pytest.approx(5 / 3), 4)
    assert (one["diverged"], one["recovered"], one["faults"]) == (2, 0.5, 1)
    assert (two["wasted"], two["share"], two["diverged"], two["recovered"]) == (0, None, 0, None)
    told = metrics(made)
    assert (told["one"]["diverged"], told["one"]["recovered"], told["two"]["recovered"]) == (2, 0.5, None)
    assert list(metrics(made.with_columns(policy=pl.lit("model at 0.7")))) == ["model-at-0_7"]


def test_a_curve_keeps_its_last_value_and_says_what_remains() -> None:
    made = curves(table(planted("a", 2, [8, 4, 2]), planted("b", 1, [0, 3]), planted("c", 1, [MOST + 1, 5])), 4)
    assert dict(made.schema) == CURVES
    found = {name[0]: rows for name, rows in made.group_by("policy")}
    assert found["a"]["step"].to_list() == [0, 1, 2, 3, 4]
    assert found["a"]["distance"].to_list() == [8, 4, 2, 2, 2]
    assert found["a"]["remaining"].to_list() == [1, 0.5, 0.25, 0.25, 0.25]
    assert found["b"]["distance"].to_list() == [0, 3, 3, 3, 3]
    assert found["b"]["remaining"].null_count() == found["c"]["remaining"].null_count() == 5
