"""The search as a Prefect flow, one task a trial, to be started and watched in the web interface.

It is the search of `python -m flows.tune`: the same storage, the same counting. Started while another one runs on the
same study, here or on a shell, it helps that one.
"""

from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.trial import FrozenTrial
from prefect import Task, flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from flows import bounds, server
from flows.liveness import held
from flows.search import results
from flows.search.setup import FOLDER, Asked, prepare
from flows.search.store import shown
from flows.search.trials import run, run_one
from rcfam.printable import printable


@flow(name="tune", persist_result=False, validate_parameters=True)
def tune(
    trials: int = 24,
    ranges: dict[str, list[float]] = {},  # noqa: B006
    seconds: float | None = None,
    flops: float | None = None,
    objectives: list[str] = ["loss"],  # noqa: B006
    sampler: Literal["tpe", "nsga2"] = "tpe",
    study: str | None = None,
    storage: str = Asked.storage,
    dataset: Path = Asked.dataset,
    params: Path = Asked.params,
    output: Path | None = None,
) -> list[dict[str, Any]]:
    """Search by Optuna until so many trials of the study have been judged; gives the best of them, as rows.

    Args:
        trials: How many, with those that have been judged before.
        ranges: From length, batch, chunk, matrix_rate, other_rate, width or layers to [lowest, highest] or [value].
        seconds: Training time of a trial (30, where no FLOPs are given).
        flops: FLOPs of a trial.
        objectives: Some of loss, step_seconds, memory.
        sampler: How points are drawn.
        study: The study's name in the storage.
        storage: Journal file, or URL of a database.
        dataset: What `rcfam dataset` wrote.
        params: The parameter file.
        output: The folder for trials.csv and front.csv (optuna/STUDY).
    """
    folder = output or FOLDER / (study or "")
    bounds.check([storage, dataset, params, folder])
    asked = Asked(
        ranges=ranges,
        seconds=seconds,
        flops=flops,
        objectives=tuple(objectives),
        sampler=sampler,
        study=study,
        storage=storage,
        dataset=dataset,
        params=params,
    )
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    opened, search = prepare(asked)

    def trial() -> FrozenTrial | None:
        done = run_one(opened, search, trials)
        get_run_logger().info("all trials are judged" if done is None else printable(results.line(opened, done)))
        return done

    results.check(output or FOLDER / opened.study_name)
    task = Task(trial, name="trial", cache_policy=NO_CACHE, persist_result=False)
    get_run_logger().info(printable(results.header(opened)))
    with held(server.home(), str(flow_run.get_id())):
        try:
            for _ in run(task):
                pass
        finally:
            results.save(opened, output or FOLDER / opened.study_name)
            found = results.rows(opened).to_dicts()
            create_table_artifact(
                table=found, key="trials", description=f"Study {opened.study_name} in {shown(storage)}"
            )
    return [row for row in found if row["best"]]
