"""What a search has found: a table for people, and CSV."""

import math
from pathlib import Path
from typing import Any

import optuna
import polars as pl
from optuna.trial import FrozenTrial, TrialState

from flows.search.space import DIMENSIONS
from flows.search.store import FAILED, POINT, REPORT, objectives_of
from flows.search.trials import OBJECTIVES
from flows.trial import Report
from rcfam.atomic import writing
from rcfam.kinds import SEARCH
from rcfam.outputs import adding

_HEADS = {"loss": "loss", "step_seconds": "s/step", "memory": "MiB", "matrix_rate": "matrix", "other_rate": "other"}


def best(study: optuna.Study) -> list[FrozenTrial]:
    """The best trial, or with several objectives the Pareto front, by the first of them; empty before any is complete.

    Every other complete trial is beaten, in one objective and not made up for in another, by one of these.
    """
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return []
    if len(study.directions) == 1:
        return [study.best_trial]
    return sorted(study.best_trials, key=lambda trial: (trial.values, trial.number))


def rows(study: optuna.Study) -> pl.DataFrame:
    """One row a trial that was begun: number, state, the point, the three figures, steps, seconds, `best`."""
    chosen = {trial.number for trial in best(study)}
    begun = [trial for trial in study.get_trials(deepcopy=False) if POINT in trial.user_attrs]
    return pl.DataFrame([{**_row(trial), "best": trial.number in chosen} for trial in begun], schema=_schema())


def table(study: optuna.Study) -> str:
    """All trials as a table, and the best."""
    chosen = best(study)
    begun = [trial for trial in study.get_trials(deepcopy=False) if POINT in trial.user_attrs]
    lines = [header(study), *(line(study, trial) for trial in begun)]
    if len(study.directions) > 1 and chosen:
        lines += [f"Pareto front of {', '.join(objectives_of(study))}:", header(study)]
        lines += [line(study, trial) for trial in chosen]
    elif chosen:
        point = chosen[0].user_attrs[POINT]
        said = ", ".join(f"{d.name} {point[d.name]:g}" for d in DIMENSIONS)
        lines.append(f"best: {said}: {objectives_of(study)[0]} {chosen[0].value:.4g} (trial {chosen[0].number})")
    return "\n".join(lines)


def header(study: optuna.Study) -> str:
    """The head of the table: the searched dimensions, the objectives."""
    cells = [f"{_HEADS.get(name, name):>7}" for name in _columns(study)]
    return "  ".join([f"{'trial':>5}", *cells, f"{'state':<9}", f"{'steps':>7}", f"{'seconds':>7}"])


def line(study: optuna.Study, trial: FrozenTrial) -> str:
    """One trial as a row of the table."""
    row = _row(trial)
    cells = [f"{_cell(name, row[name]):>7}" for name in _columns(study)]
    seconds = "-" if row["wall_s"] is None else f"{row['wall_s']:.1f}"
    return "  ".join(
        [f"{row['number']:>5}", *cells, f"{row['state']:<9}", f"{_cell('steps', row['steps']):>7}", f"{seconds:>7}"]
    )


def check(folder: Path) -> None:
    """Raise RcfamError where `save` would not write into the folder."""
    with adding(folder, SEARCH):
        pass


def save(study: optuna.Study, folder: Path) -> list[Path]:
    """Write trials.csv, and front.csv with the best of them; return where. Raises RcfamError."""
    found = rows(study)
    written = []
    with adding(folder, SEARCH):
        for name, part in (("trials.csv", found), ("front.csv", found.filter(pl.col("best")))):
            with writing(folder / name) as temporary:
                part.write_csv(temporary)
            written.append(folder / name)
    return written


def _columns(study: optuna.Study) -> list[str]:
    searched = study.user_attrs.get("question", {}).get("searched", [d.name for d in DIMENSIONS])
    return [*searched, *objectives_of(study)]


def _row(trial: FrozenTrial) -> dict[str, Any]:
    attributes = trial.user_attrs
    report = Report(**attributes[REPORT]) if REPORT in attributes else None
    state = attributes.get("hopeless") or trial.state.name.lower()
    if trial.state == TrialState.FAIL:
        state = "failed" if FAILED in attributes else "lost"  # the latter is tried again
    figures = {name: None if report is None else read(report) for name, read in OBJECTIVES.items()}
    point = {dimension.name: attributes[POINT].get(dimension.name) for dimension in DIMENSIONS}
    steps, wall_s = (None, None) if report is None else (report.step, report.wall_s)
    return {"number": trial.number, "state": state, **point, **figures, "steps": steps, "wall_s": wall_s}


def _schema() -> dict[str, Any]:
    dimensions = {d.name: pl.Float64 if d.kind == "rate" else pl.Int64 for d in DIMENSIONS}
    figures = dict.fromkeys(OBJECTIVES, pl.Float64)
    ends = {"steps": pl.Int64, "wall_s": pl.Float64, "best": pl.Boolean}
    return {"number": pl.Int64, "state": pl.String, **dimensions, **figures, **ends}


def _cell(name: str, value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    if name == "memory":
        return f"{value / 2**20:.1f}"
    if name == "loss":
        return f"{value:.4f}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
