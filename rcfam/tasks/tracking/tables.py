"""Finished cells -> the paper's tables beside its figures, accuracy by depth, critical ratios, matched budgets."""

from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl

from rcfam import documents
from rcfam.tasks.tracking.data import described
from rcfam.tasks.tracking.errors import TaskError
from rcfam.tasks.tracking.examples import read_table
from rcfam.tasks.tracking.published import published

CRITICAL: Final = 0.9  # accuracy below which a model has lost track
REFERENCE: Final = ("lstm", 1)  # whose budget the others are given
MATCHED: Final = {
    "task": pl.String,
    "depth": pl.Int64,
    "width": pl.Int64,
    "seed": pl.Int64,
    "model": pl.String,
    "budget": pl.String,
    "layers": pl.Int64,
    "share": pl.Float64,
    "validation": pl.Float64,
}


class Finished(NamedTuple):
    """A cell's result and where it is right."""

    result: dict[str, Any]
    accuracy: pl.DataFrame


def collect(folder: Path) -> list[Finished]:
    """Every finished cell below `folder`."""
    found = []
    for path in sorted(folder.rglob("cell.json")):
        try:
            result = documents.load_json(path)
            found.append(Finished(result, read_table(path.with_name("accuracy.parquet"))))
            _key(found[-1])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TaskError(f"{path}: not a finished cell: {error}") from error
    return found


def facts(folder: Path) -> pl.DataFrame:
    """What the data sets below `folder` are like: one row a data set, part and depth."""
    found = []
    for path in sorted(folder.rglob("data.json")):
        told = described(path)
        named = {"task": told["task"], "seed": told["seed"], "trained_depth": told["depth"]}
        own = read_table(path.with_name("facts.parquet"))
        found.append(own.select(*(pl.lit(value).alias(name) for name, value in named.items()), pl.all()))
    return pl.concat(found, how="diagonal_relaxed")


def _key(cell: Finished) -> dict[str, Any]:
    data, model, train = (cell.result["identity"][name] for name in ("data", "model", "train"))
    return {
        "task": data["task"],
        "model": model["kind"],
        "layers": model["layers"],
        "width": model["width"],
        "depth": data["depth"],
        "seed": train["seed"],
    }


def results(cells: list[Finished]) -> pl.DataFrame:
    """One row a cell: accuracies (over all answers; `_last` over the last of each example), the paper's, the cost."""
    rows = []
    for cell in cells:
        key, scores = _key(cell), cell.result["accuracy"]
        train, validation = published(key["task"], key["model"], key["layers"], key["depth"])
        comparable = key["width"] == 256
        rows.append(
            {
                **key,
                "train": scores["train"],
                "validation": scores["validation"],
                "test": scores["test"],
                "test_last": scores["test_last"],
                "published_train": train if comparable else None,
                "published": validation if comparable else None,
                "parameters": cell.result["parameters"],
                "flops": cell.result["flops"],
                "wall_s": cell.result["wall_s"],
                "cpu_s": cell.result["cpu_s"],
                "best_step": cell.result["best_step"],
                "steps": cell.result["history"][-1]["step"],
                "steps_planned": cell.result["history"][-1]["steps"],
            }
        )
    if not rows:
        raise TaskError("no finished cell: nothing to make tables of")
    table = pl.DataFrame(rows, infer_schema_length=None)
    table = table.with_columns(difference=pl.col("validation") - pl.col("published").cast(pl.Float64))
    return table.sort("task", "depth", "model", "layers", "seed")


def by_depth(cells: list[Finished]) -> pl.DataFrame:
    """Test accuracy `at` each depth: blocks of the program, or moves withheld before the answer, or, where nothing is
    withheld, all moves before it. `trained` is the deepest that was trained.
    """
    tables = []
    for cell in cells:
        key = _key(cell)
        tested = cell.accuracy.filter(pl.col("part").is_in(["test", "beyond"]))
        within = pl.col("depth") <= key["depth"]
        tested = tested.with_columns(at="hidden", trained=pl.col("hidden").filter(within).max())
        # deeper walks only say what shallower ones cannot
        tested = tested.filter(within | (pl.col("at") > pl.col("trained")))
        summed = (
            tested.group_by("trained", "at", maintain_order=True)
            .agg(pl.col("right").sum(), pl.col("count").sum())
            .sort("at")
        )
        named = [pl.lit(value).alias(name) for name, value in key.items()]
        tables.append(
            summed.select(*named, "trained", "at", accuracy=pl.col("right") / pl.col("count"), answers="count")
        )
    return pl.concat(tables).sort("task", "depth", "model", "layers", "seed", "at")


def critical(accuracies: pl.DataFrame, threshold: float = CRITICAL) -> pl.DataFrame:
    """The depth up to which each model keeps `threshold`, over its layers: the measured critical ratio.

    `bounded` is false where it kept the threshold at every depth that was tested: the ratio is then a lower bound.
    """
    rows = []
    keys = ["task", "model", "layers", "width", "depth", "seed"]
    for key, curve in accuracies.group_by(keys, maintain_order=True):
        kept = 0
        for at, accuracy in curve.sort("at").select("at", "accuracy").iter_rows():
            if accuracy < threshold:
                break
            kept = at
        named = dict(zip(keys, key, strict=True))
        rows.append(
            {
                **named,
                "critical": kept,
                "ratio": kept / named["layers"],
                "bounded": kept < int(curve["at"].to_numpy().max()),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def matched(cells: list[Finished]) -> pl.DataFrame:
    """Each kind of model given what the one-layer LSTM had of the same depth: equal layers are not an equal budget.

    Of parameters and FLOPs: the number of layers that comes closest, and its share of the LSTM's. Of time: the best
    validation accuracy that any number of layers had reached when the LSTM was at its best; by the wall on a GPU, on a
    CPU in CPU time, which is wall time where nothing else runs; null where nobody had been looked at by then.
    """
    rows: list[dict[str, Any]] = []
    groups: dict[tuple[Any, ...], list[Finished]] = {}
    for cell in cells:
        key = _key(cell)
        groups.setdefault((key["task"], key["depth"], key["width"], key["seed"]), []).append(cell)
    for (task, depth, width, seed), some in groups.items():
        reference = next((c for c in some if (_key(c)["model"], _key(c)["layers"]) == REFERENCE), None)
        if reference is None:
            continue
        for kind in sorted({_key(cell)["model"] for cell in some}):
            own = [cell for cell in some if _key(cell)["model"] == kind]
            where = {"task": task, "depth": depth, "width": width, "seed": seed, "model": kind}
            for budget in ("parameters", "flops"):
                near = min(own, key=lambda c: abs(_over(c, reference, budget) - 1))
                rows.append(_matched_row(where, budget, near, near.result["accuracy"]["validation"], reference))
            given = _time_of_best(reference)
            reached = [(score, cell) for cell in own for spent, score in _curve(cell) if spent <= given]
            score, best = max(reached, key=lambda pair: pair[0], default=(None, own[0]))
            rows.append(_matched_row(where, "time", best, score, reference))
    return pl.DataFrame(rows, MATCHED)


def _over(cell: Finished, reference: Finished, budget: str) -> float:
    return float(cell.result[budget] / max(reference.result[budget], 1e-9))


def _curve(cell: Finished) -> list[tuple[float, float]]:
    clock = "cpu_s" if cell.result["device"] == "cpu" else "wall_s"
    return [(past[clock], past["validation"]) for past in cell.result["history"]]


def _time_of_best(cell: Finished) -> float:
    return max(_curve(cell), key=lambda point: (point[1], -point[0]))[0]


def _matched_row(
    where: dict[str, Any], budget: str, cell: Finished, accuracy: float | None, reference: Finished
) -> dict[str, Any]:
    share = 1.0 if budget == "time" else _over(cell, reference, budget)
    return {**where, "budget": budget, "layers": _key(cell)["layers"], "share": share, "validation": accuracy}
