"""From contestants' answers to verdicts, and from verdicts to accuracy over N with Wilson's intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from scipy.stats import binomtest

from rcfam.tasks.inflate import prompts
from rcfam.tasks.inflate.cases import Case, InflateError
from rcfam.tasks.inflate.endpoint import Answer, Endpoint, ask
from rcfam.tasks.inflate.offline import RefusedError
from rcfam.tasks.inflate.trees import same_trees

CONFIDENCE = 0.95
JUDGES = ("exact", "tree", "model")
Progress = Callable[[], None]

SCHEMA = {
    "contestant": pl.String,
    "case": pl.String,
    "repository": pl.String,
    "path": pl.String,
    "n": pl.Int64,
    "context": pl.Int64,
    "exact": pl.Boolean,  # null in all three: left out, no answer was to be had
    "tree": pl.Boolean,
    "model": pl.Boolean,  # null also without a judge, or where it gave no verdict
    "parsed": pl.Boolean,  # null where the answer is exact: nothing was left to parse
    "told": pl.String,  # why there is no answer or no verdict
    "answer": pl.String,  # null where it is exact
    "input_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "cost": pl.Float64,  # null where no price is known
    "fresh": pl.Boolean,
    "judge_input_tokens": pl.Int64,
    "judge_output_tokens": pl.Int64,
    "judge_fresh": pl.Boolean,
}

SPENT = (
    pl.col("input_tokens", "output_tokens").sum(),
    pl.when(pl.col("cost").is_not_null().all()).then(pl.col("cost").sum()).alias("cost"),
)


@dataclass(frozen=True)
class Attempt:
    """One contestant's answer to one case at one size of context.

    `answer` is None where the contestant gave up; `left_out` says why none was to be had, which is not its fault.
    """

    contestant: str
    case: Case
    context: int
    answer: str | None
    left_out: str | None = None
    told: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    fresh: bool = False


def _asked(cases: Sequence[Case]) -> list[tuple[Case, int]]:
    """Every case in every size of context."""
    return [(case, context) for case in cases for context in case.patches]


def try_offline(
    name: str, contestant: Callable[[Case, int], str], cases: Sequence[Case], progress: Progress = lambda: None
) -> list[Attempt]:
    """A contestant's answers to all cases, in each size of context."""
    found = []
    for case, context in _asked(cases):
        try:
            found.append(Attempt(name, case, context, contestant(case, context)))
        except RefusedError as error:
            found.append(Attempt(name, case, context, None, told=str(error)))
        progress()
    return found


def try_model(
    endpoint: Endpoint, cases: Sequence[Case], folder: Path, progress: Progress = lambda: None
) -> list[Attempt]:
    """A model's answers; those that stopped at its limit of length, and those never had, are left out."""
    asked = _asked(cases)
    questions = [prompts.write_file(case, context) for case, context in asked]
    answers = ask(endpoint, questions, folder, lambda number, answer: progress())
    return [
        _attempt(endpoint.model, case, context, answer) for (case, context), answer in zip(asked, answers, strict=True)
    ]


def _attempt(name: str, case: Case, context: int, answer: Answer | InflateError) -> Attempt:
    if isinstance(answer, InflateError):
        return Attempt(name, case, context, None, left_out=str(answer))
    return Attempt(
        name,
        case,
        context,
        prompts.read_file(answer.text),
        left_out="stopped at the limit of its length" if answer.cut else None,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        fresh=answer.fresh,
    )


def judge(
    attempts: Sequence[Attempt], model: Endpoint | None, folder: Path, progress: Progress = lambda: None
) -> pl.DataFrame:
    """One row an attempt, with the verdicts of the three judges; the model is asked only where exactness is missing."""
    exact = [None if attempt.left_out else attempt.answer == attempt.case.truth for attempt in attempts]
    wrong = {
        number: (attempt.case.path, attempt.case.truth, attempt.answer)
        for number, attempt in enumerate(attempts)
        if exact[number] is False and attempt.answer is not None
    }
    same = dict(zip(wrong, same_trees(list(wrong.values())), strict=True))
    rows = [_row(attempt, exact[number], same.get(number)) for number, attempt in enumerate(attempts)]
    if model is not None:
        doubtful = [
            (row, attempt)
            for row, attempt in zip(rows, attempts, strict=True)
            if row["exact"] is False and attempt.answer is not None
        ]
        questions = [
            prompts.compare(attempt.case.path, attempt.case.truth, attempt.answer or "") for _, attempt in doubtful
        ]
        answers = ask(model, questions, folder, lambda number, answer: progress())
        for row in rows:
            row["model"] = row["exact"]
        for (row, _), answer in zip(doubtful, answers, strict=True):
            if isinstance(answer, InflateError):
                row.update(model=None, told=str(answer))
                continue
            row["model"] = prompts.read_verdict(answer.text)
            if row["model"] is None:
                row["told"] = "the judge gave no verdict"
            row.update(judge_input_tokens=answer.input_tokens, judge_output_tokens=answer.output_tokens)
            row["judge_fresh"] = answer.fresh
    return pl.DataFrame(rows, SCHEMA)


def _row(attempt: Attempt, exact: bool | None, same: bool | None) -> dict[str, Any]:
    case, answer = attempt.case, attempt.answer
    return {
        "contestant": attempt.contestant,
        "case": case.id,
        "repository": case.repository,
        "path": case.path,
        "n": case.n,
        "context": attempt.context,
        "exact": exact,
        "tree": None if exact is None else exact or bool(same),
        "model": None,
        "parsed": None if exact is not False else same is not None,
        "told": attempt.left_out or attempt.told,
        "answer": None if exact else answer,
        "input_tokens": attempt.input_tokens,
        "output_tokens": attempt.output_tokens,
        "cost": None,
        "fresh": attempt.fresh,
        "judge_input_tokens": 0,
        "judge_output_tokens": 0,
        "judge_fresh": False,
    }


def accuracy(results: pl.DataFrame) -> pl.DataFrame:
    """contestant, context, n, judge, cases, right, accuracy, low, high, left_out and what it took: one row where there
    is a verdict.

    `low` and `high` are Wilson's interval of a binomial share (95 %). What a judge left out is in no denominator.
    `input_tokens`, `output_tokens` and `cost` are the contestant's for all answers of the row, new or kept, left out or
    not.
    """
    keys = ["contestant", "context", "n"]
    spent = results.group_by(keys, maintain_order=True).agg(SPENT)
    long = results.unpivot(list(JUDGES), index=keys, variable_name="judge", value_name="verdict")
    counted = (
        long.group_by([*keys, "judge"], maintain_order=True)
        .agg(cases=pl.col("verdict").count(), right=pl.col("verdict").sum(), left_out=pl.col("verdict").null_count())
        .filter(pl.col("cases") > 0)
        .join(spent, on=keys)
    )
    shares = [wilson(row["right"], row["cases"]) for row in counted.iter_rows(named=True)]
    return counted.with_columns(
        accuracy=pl.col("right") / pl.col("cases"),
        low=pl.Series([low for low, _ in shares], dtype=pl.Float64),
        high=pl.Series([high for _, high in shares], dtype=pl.Float64),
    ).sort("contestant", pl.col("context"), "judge", "n", descending=[False, True, False, False])


def spending(results: pl.DataFrame) -> pl.DataFrame:
    """contestant, answers, input_tokens, output_tokens, cost: what all answers took, new or kept.

    Equal questions, as all contexts ask at N = 0, are asked once but counted for each, so that contestants compare.
    """
    return results.group_by("contestant", maintain_order=True).agg(pl.len().alias("answers"), *SPENT).sort("contestant")


def priced(results: pl.DataFrame, asked: float, answered: float) -> pl.DataFrame:
    """The results with their costs, from the prices of a million tokens."""
    cost = (pl.col("input_tokens") * asked + pl.col("output_tokens") * answered) / 1e6
    return results.with_columns(cost=cost)


def wilson(right: int, cases: int) -> tuple[float, float]:
    """Wilson's interval for a share of `cases`, at least one."""
    found = binomtest(right, cases).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)
