"""The section of the model at the keyboard."""

from dataclasses import replace

import polars as pl

from rcfam.report import ReportParams, charts, page
from rcfam.report.rollout import COLUMNS, section
from tests.support.oracles import reported

TABLE = pl.DataFrame(
    {
        "policy": ["typist", f"model {reported.HOSTILE}"],
        "goal": ["file", "file"],
        "before": [8, 8],
        "rollouts": [4, 4],
        "completed": [1.0, 0.25],
        "share": [1.0, None],
        "agreed_keys": [8.0, 1.5],
        "steps": [4.0, 16.0],
        "wasted": [0.0, 0.125],
        "invalid": [0.0, 0.0],
        "diverged": [0, 2],
        "recovered": [None, 0.5],
        "faults": [0, 0],
        "timeouts": [0, 1],
        "silent": [0, 0],
    }
)
CURVES = pl.DataFrame(
    {
        "policy": ["typist"] * 3 + ["model"] * 3,
        "step": [0, 1, 2] * 2,
        "remaining": [1.0, 0.5, 0.0, 1.0, 9.0, None],
    }
)


def test_the_table_the_chart_and_one_session_are_shown() -> None:
    material = replace(reported.material(), rollout=TABLE, rollout_curves=CURVES, rollout_sample=reported.sample())
    specs = charts(material)
    made = section(material, specs)
    for words in (
        *COLUMNS.values(),
        "0.125",
        "file, 8 keys before",
        "25 %",
        'data-spec="spec-rollout"',
        'data-replay="rollout-replay"',
    ):
        assert words in made
    assert reported.HOSTILE not in made
    drawn = next(iter(specs["rollout"]["datasets"].values()))
    assert max(row["remaining"] for row in drawn) == 2  # what went far astray does not flatten the rest
    whole = page(material, ReportParams())
    assert made in whole and whole.count('class="player"') == 2


def test_without_rollouts_there_is_no_section() -> None:
    material = reported.material()
    assert section(material, {}) == "" and "rollout" not in charts(material)
