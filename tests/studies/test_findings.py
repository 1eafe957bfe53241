"""Claims, laws and tables of a study, on planted tables whose truth is known."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from rcfam import params
from rcfam.errors import RcfamError
from rcfam.scaling import FitParams
from rcfam.studies import Claim, Planned, Size, Study, StudyError, load, names, plan
from rcfam.studies.curves import curve, difference
from rcfam.studies.findings import Findings, find
from rcfam.studies.table import join

PARAMS = params.read(Path(__file__).parents[2] / "params.yaml")
STEPS = 60
FIT = FitParams(window=10, bootstrap=100)
LSTM = {"backbone": "lstm", "model.backbone": {"kind": "lstm", "state": "learned", "projection": False}}
SUM = {"backbone": "sum", "model.backbone": {"kind": "sum"}}
VARY = {"backbone": [LSTM, SUM], "length": [4, 16, 64, 256], "seed": [0, 1, 2]}
NOTHING = Size(set={}, vary={}, score=None)


def claim(less: dict[str, Any], than: dict[str, Any] | None, by: str = "steps", than_by: str | None = None) -> Claim:
    return Claim(f"{less} below {than}", less, than, by, than_by)  # type: ignore[arg-type]


def study(claims: list[Claim], vary: dict[str, Any] = VARY, group: tuple[str, ...] = ("backbone",)) -> Study:
    size = Size(set={"train.steps": STEPS}, vary=vary, score=None)
    return Study("q?", "p", "y", "n", None, "recordings", "held_out", group, tuple(claims), NOTHING, size, "planted")


def planted(run: Planned, seconds_a_step: float = 0.1) -> pl.DataFrame:
    """Loss 8 L^-alpha s^-0.1, 1 % noise by seed; alpha 0.3 for an LSTM, 0.1 for a sum, whose steps cost half."""
    lstm = run.params["model"]["backbone"]["kind"] == "lstm"
    noise = 1 + 0.01 * float(np.random.default_rng([run.seed, run.length, lstm]).standard_normal())
    steps = np.arange(1, STEPS + 1)
    loss = 8 * run.length ** -(0.3 if lstm else 0.1) * steps**-0.1 * noise
    wall = steps * seconds_a_step * run.length / (1 if lstm else 2)
    table = {
        "step": steps,
        "loss": loss,
        "wall_s": wall,
        "tokens": steps * run.length * 8,
        "frames": steps * run.length,
    }
    return pl.DataFrame(table).with_columns(run=pl.lit("x"), length=pl.lit(run.length), seed=pl.lit(run.seed))


def found(chosen: Study, scores: dict[str, dict[str, float]] | None = None, missing: int = 0) -> Findings:
    runs = plan(chosen, "full", PARAMS)
    tables = {run.id: planted(run) for run in runs[missing:]}
    table = join(chosen.name, runs, tables, dict.fromkeys(tables, 1e6))
    return find(chosen, "full", chosen.full, runs, table, scores or {}, dict.fromkeys(tables, 7), FIT)


def test_claims_find_the_truth_and_refuse_what_is_false() -> None:
    better = claim({"backbone": "lstm"}, {"backbone": "sum"})
    worse = claim({"backbone": "sum"}, {"backbone": "lstm"})
    law = claim({}, None)
    said = found(study([better, worse, law])).summary
    assert [row["verdict"] for row in said["claims"]] == ["yes", "no", "yes"]
    assert said["answer"] == "no"
    assert said["claims"][0]["pairs"] == 12  # of each length and seed
    ratio = math.exp(np.mean([-0.2 * math.log(length) for length in VARY["length"]]))
    assert said["claims"][0]["ratio"] == pytest.approx(ratio, rel=0.02)
    assert found(study([better, law])).summary["answer"] == "yes"


def test_laws_are_fitted_group_by_group() -> None:
    result = found(study([]))
    alphas = {law["group"]["backbone"]: law["alpha"] for law in result.summary["laws"]}
    assert alphas == {"lstm": pytest.approx(0.3, abs=0.02), "sum": pytest.approx(0.1, abs=0.02)}
    assert set(result.tables["crossovers"]["backbone"]) == {"lstm", "sum"}
    assert result.summary["answer"] == "open"  # nothing was claimed


def test_equal_wall_time_is_not_equal_steps() -> None:
    bare = {"backbone": "sum"}
    names = ("steps", "wall", "tokens", "flops")
    claims = [claim({"length": 64} | bare, {"length": 16} | bare, name) for name in names]
    rows = found(study(claims)).summary["claims"]
    ratios = {name: row["ratio"] for name, row in zip(names, rows, strict=True)}
    assert ratios["steps"] == pytest.approx(4**-0.1, rel=0.02)
    for name in names[1:]:  # 60 steps of 16 frames are worth 15 steps of 64, whose loss is the same
        assert ratios[name] == pytest.approx(1, rel=0.03)


def test_curves_compare_where_both_have_been() -> None:
    runs = plan(study([]), "full", PARAMS)
    one = curve(planted(runs[0]), runs[0].factors, 10, {"loss": 2.0, "accuracy": 0.5})
    late = curve(
        planted(runs[0], 50.0).filter(pl.col("step") > 30), runs[0].factors, 10, {"loss": 3.0, "accuracy": 0.25}
    )
    assert difference(one, late, "wall", "wall") is None  # one had ended before the other's first window
    assert difference(one, one, "steps", "steps") == pytest.approx(0)
    assert difference(one, late, "loss", "loss") == pytest.approx(math.log(2 / 3))
    assert difference(one, late, "accuracy", "accuracy") == pytest.approx(math.log(0.5))  # more is better
    assert difference(one, late, "own_loss", "own_loss") is None


def test_scores_are_compared_with_themselves_in_another_measure() -> None:
    chosen = study([claim({"length": "smallest"}, {"length": "smallest"}, "loss", "own_loss")])
    scores = {run.id: {"loss": 2.0 + run.seed / 100, "own_loss": 2.5} for run in plan(chosen, "full", PARAMS)}
    result = found(chosen, scores)
    (row,) = result.summary["claims"]
    assert (row["verdict"], row["pairs"]) == ("yes", 6)
    assert result.summary["cells"][0]["scored_loss"] == pytest.approx(2.01)


def test_doublings_of_every_number() -> None:
    rows = found(study([])).summary["doublings"]
    told = {(row["factor"], row["from"], row["to"], row["backbone"]): row for row in rows}
    steps = [(4, 16), (16, 64), (64, 256)]
    assert list(told) == [("length", a, b, backbone) for backbone in ("lstm", "sum") for a, b in steps]
    assert told["length", 4, 16, "lstm"]["ratio"] == pytest.approx(4**-0.3, rel=0.03)
    assert told["length", 4, 16, "sum"]["ratio"] == pytest.approx(4**-0.1, rel=0.03)


def test_where_a_factor_stops_paying_is_said() -> None:
    vary = {"train.batch": [4, 8, 16], "length": [4, 16], "seed": [0, 1, 2]}
    chosen = study([], vary, ("train.batch",))
    runs = plan(chosen, "full", PARAMS)
    tables = {}
    for run in runs:  # eight windows of four frames learn as much as any number
        gain = 0.8 if run.params["train"]["batch"] > 4 else 1.0
        gain *= 0.8 if run.params["train"]["batch"] > 8 and run.length > 4 else 1.0
        tables[run.id] = planted(run).with_columns(
            pl.col("loss") * gain * (1 + 0.001 * run.params["train"]["batch"] * run.seed)
        )
    table = join("planted", runs, tables, dict.fromkeys(tables, 1e6))
    said = find(chosen, "full", chosen.full, runs, table, {}, {}, FIT).summary["says"]
    assert said == ["Beyond batch 8 no gain is shown, length 4.", "batch pays up to 16, the largest tried, length 16."]


def test_what_changes_together_has_one_law_and_a_column_each() -> None:
    actions = [{"length": length, "train.batch": 64 // length} for length in (4, 16, 64)]
    result = found(study([claim({}, None)], {"actions": actions, "seed": [0, 1]}, ()))
    assert [row["batch"] for row in result.summary["cells"]] == [16, 4, 1]
    assert len(result.summary["laws"]) == 1


def test_missing_runs_are_named_and_the_summary_is_json() -> None:
    summary = found(study([claim({}, None)]), missing=2).summary
    assert summary["failed"] == ["backbone-lstm,length-4,seed-0", "backbone-lstm,length-4,seed-1"]
    assert (summary["planned"], summary["finished"]) == (24, 22)
    json.dumps(summary, allow_nan=False)


@pytest.mark.parametrize("name", [name for name in names() if name != "wall-time"])
def test_every_study_of_the_catalogue_can_be_judged(name: str) -> None:
    chosen = load(name)
    runs = plan(chosen, "tiny", PARAMS)
    tables = {run.id: planted(run) for run in runs}
    table = join(name, runs, tables, dict.fromkeys(tables, 1e6))
    scores = {run.id: dict.fromkeys(("loss", "own_loss", "early_loss", "late_loss"), 2.0 + run.seed) for run in runs}
    result = find(chosen, "tiny", chosen.tiny, runs, table, scores, {}, FIT)
    assert all(row["pairs"] for row in result.summary["claims"] if row["by"] != "wall")
    assert bool(result.summary["laws"]) == (name not in ("heads", "carry", "shuffled"))


def test_a_study_without_runs_or_with_a_wrong_claim_says_so() -> None:
    with pytest.raises(RcfamError, match="no finished run"):
        join("planted", plan(study([]), "full", PARAMS), {}, {})
    with pytest.raises(StudyError, match=r"a claim names model\.width, which does not vary"):
        found(study([claim({"model.width": 3}, {"model.width": 4})]))
    with pytest.raises(StudyError, match="backbone varies beside length and is not in group"):
        found(study([], group=()))
