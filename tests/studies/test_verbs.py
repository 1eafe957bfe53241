"""rcfam studies and rcfam study, from a plan to what the runs show, on a small dataset."""

import json
from pathlib import Path

import polars as pl
import pytest

from rcfam import params
from rcfam.studies import files, load, plan
from rcfam.studies.folders import mark_of, prepare, run_folder
from tests.training.test_verbs import built, rcfam

__all__ = ["built"]  # a fixture

CATALOGUE = {
    "_sizes.yaml": """
order: [orders, again]
tiny: {preset: null, set: {train.steps: 8, fit.window: 4}}
full: {preset: null, set: {}}
""",
    "orders.yaml": """
question: Does the order of frames matter?
paper: none
confirmed: It does.
refuted: It does not.
runs: null
data: recordings
side: train
group: [train.order]
claims:
  - {says: Order helps, less: {train.order: drawn}, than: {train.order: others}, by: early_loss, than_by: null}
tiny:
  set: {}
  vary: {train.order: [drawn, carried, others], length: [2, 4], seed: [0]}
  score: {length: 8, windows: 2, batch: 2, edge: 2}
full: {set: {}, vary: {length: [2, 4], seed: [0]}, score: null}
""",
    "again.yaml": """
question: The same runs, once more?
paper: none
confirmed: It does.
refuted: It does not.
runs: orders
data: recordings
side: train
group: [train.order]
claims: []
tiny: {set: {}, vary: {}, score: null}
full: {set: {}, vary: {}, score: null}
""",
}


@pytest.fixture
def catalogue(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in CATALOGUE.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(files, "CATALOGUE", tmp_path)
    monkeypatch.chdir(built)
    return built


def test_a_study_from_its_plan_to_its_findings(catalogue: Path) -> None:
    told = rcfam("studies")
    assert told.exit_code == 0 and "orders             Does the order of frames matter?" in told.output
    told = rcfam("study", "orders", "--size", "tiny", "--plan")
    assert "order-carried,length-4,seed-0" in told.output and "6 runs, 288 frames" in told.output
    early = rcfam("study", "orders", "--size", "tiny", "--collect")
    assert early.exit_code == 1 and "no finished run" in str(early.exception)

    home = Path("data/studies/tiny/orders")
    runs = plan(load("orders"), "tiny", params.read(Path("params.yaml")))
    for run in runs:
        prepare(home, run, mark_of(Path("data/dataset")))
        folder = run_folder(home, run)
        where = ("--params", folder / "params.yaml", "--out", folder)
        done = rcfam("train", "data/dataset", "--length", run.length, *where)
        assert done.exit_code == 0, done.output
    collected = rcfam("study", "orders", "--size", "tiny", "--collect")
    assert collected.exit_code == 0, (collected.output, collected.exception)
    assert "Order helps: " in collected.output

    table = pl.read_parquet(home / "runs.parquet")
    assert set(table["order"]) == {"drawn", "carried", "others"}
    assert table.height == 6 * 8 and table["flops"].min() > 0 and set(table["run"]) == {run.id for run in runs}
    assert pl.read_csv(home / "runs.csv").height == table.height
    assert pl.read_parquet(home / "positions.parquet").height == 6 * 8
    summary = json.loads((home / "summary.json").read_text())
    assert (summary["finished"], summary["planned"], summary["failed"]) == (6, 6, [])
    assert {law["group"]["order"] for law in summary["laws"]} == {"drawn", "carried", "others"}
    assert summary["cells"][0]["parameters"] > 1000 and summary["cells"][0]["scored_loss"] > 0
    assert {row["by"] for row in summary["best"]} == {"steps", "wall", "flops", "tokens"}

    again = rcfam("study", "again", "--size", "tiny", "--collect")
    assert again.exit_code == 0, (again.output, again.exception)
    assert json.loads((home.parent / "again" / "summary.json").read_text())["finished"] == 6


def test_the_repository_of_texts(tmp_path: Path) -> None:
    told = rcfam("paragraphs", "-o", tmp_path / "texts.git", "--count", 3)
    assert told.exit_code == 0 and "3 texts" in told.output
    again = rcfam("paragraphs", "-o", tmp_path / "texts.git")
    assert again.exit_code == 1 and "exists already" in str(again.exception)
