"""The pipeline as a Prefect flow: DVC's own stage graph, one task a stage, only the stages that are stale.

    python -m flows.pipeline [--target STAGE ...] [--force]

DVC owns order and caching; Prefect adds schedules, retries, a limit on what runs at once, logs and what the web
interface shows. Prefect keeps no result cache for these tasks: two caches would disagree. A run that finds no server
starts one of its own for as long as it lasts; its records stay in `.prefect` and appear in the web interface later.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from prefect import Task, flow, get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.futures import PrefectFuture, as_completed
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Failed
from pydantic import Field

from flows import PROJECT, bounds, interrupts, law, server
from flows.liveness import bury, held
from flows.stage_run import Children, StageRun
from flows.stages import Graph, StagesError, heal, read_graph, stale
from rcfam.printable import printable, say


@dataclass
class StageRow:
    """What happened to one stage: a row of the `stages` artifact."""

    stage: str
    before: str = "up to date"
    result: str = "skipped"
    seconds: float = 0.0


def _run_stage(stage: str, project: Path, force: bool, children: Children) -> StageRun | State[StageRun]:
    outcome = children.run_stage(stage, project, force, get_run_logger().info)
    return Failed(message=outcome.failure, data=outcome) if outcome.failure else outcome


@flow(name="pipeline", persist_result=False, validate_parameters=True)
def pipeline(
    targets: list[str] = [],  # noqa: B006
    force: bool = False,
    retries: Annotated[int, Field(ge=0)] = 0,
    retry_delay_s: Annotated[float, Field(ge=0)] = 10.0,
    limit: Annotated[int, Field(ge=1)] = 1,
    project: Path = PROJECT,
) -> "list[dict[str, Any]] | State[list[dict[str, Any]]]":
    """Bring the DVC stages up to date, in the order of DVC's graph, and show the law that came out.

    A target needs what stands upstream of it, so that runs too; `force` means the same stages. Gives the rows of the
    stage table. After a failure nothing more is started, and the flow fails with one line that names the stage.

    Args:
        targets: Stages, or groups such as `train`, to bring up to date; empty for all.
        force: Run the stages even where nothing changed.
        retries: How often a stage that fails is tried again.
        retry_delay_s: Seconds between two tries.
        limit: How many stages may run at the same time.
        project: The folder that holds dvc.yaml.
    """
    project = project.resolve()
    bounds.check_project(project)
    if heal(project):
        get_run_logger().warning("Removed a lock file that a killed dvc had left half written.")
    graph = read_graph(project, targets)
    rows = {name: StageRow(name) for name in graph.needs}
    children = Children()
    with held(server.home(), str(flow_run.get_id())):
        try:
            failures = _run_all(graph, rows, project, force, limit, _Attempts(retries, retry_delay_s), children)
        finally:
            children.stop()
            _publish(list(rows.values()), project)
    table = [asdict(row) for row in rows.values()]
    return Failed(message="; ".join(failures), data=table) if failures else table


@dataclass(frozen=True)
class _Attempts:
    retries: int
    delay_s: float


def _run_all(
    graph: Graph,
    rows: dict[str, StageRow],
    project: Path,
    force: bool,
    limit: int,
    attempts: _Attempts,
    children: Children,
) -> list[str]:
    """Run what is stale, at most `limit` stages at once, and fill in `rows`; return one line for each failure."""
    reasons = dict.fromkeys(graph.needs, "forced") if force else stale(project, list(graph.needs))
    for name, reason in reasons.items():
        rows[name].before = reason
    waiting = dict.fromkeys(graph.needs)
    running: dict[PrefectFuture[StageRun], str] = {}
    remade: set[str] = set()
    failures: list[str] = []
    while waiting or running:
        unfinished = {*waiting, *running.values()}
        ready = [name for name in waiting if unfinished.isdisjoint(graph.needs[name])]
        # What was up to date may have become stale by what has run since; DVC is asked once for all such stages.
        doubtful = [name for name in ready if name not in reasons and not remade.isdisjoint(graph.needs[name])]
        fresh = stale(project, doubtful)
        for name in ready:
            if name in fresh:
                reasons[name] = rows[name].before = fresh[name]
            if name not in reasons:
                del waiting[name]
            elif len(running) < limit and not failures:
                del waiting[name]
                rows[name].result = "running"
                future = _task(name, attempts, children).submit(name, project, force, children)
                running[future] = name
        if running:
            future = next(as_completed(list(running)))
            name = running.pop(future)
            failure = _finish(rows[name], future)
            failures += [failure] if failure else []
            remade.add(name)
        elif failures:
            break
    for name in waiting:
        rows[name].result = "not run"
    return failures


def _task(stage: str, attempts: _Attempts, children: Children) -> Task[[str, Path, bool, Children], Any]:
    """The Prefect task of one stage: named like it, retried unless the flow is stopping, its result cached nowhere."""
    return Task(
        _run_stage,
        name=stage,
        task_run_name=stage.replace("{", "{{").replace("}", "}}"),
        retries=attempts.retries,
        retry_delay_seconds=attempts.delay_s,
        retry_condition_fn=lambda _task, _run, _state: not children.stopped,
        cache_policy=NO_CACHE,
        persist_result=False,
    )


def _finish(row: StageRow, future: "PrefectFuture[StageRun]") -> str | None:
    """Fill in the row of a stage that ended; the failure as a line, if it is one."""
    outcome = future.result(raise_on_failure=False)
    if not isinstance(outcome, StageRun):  # Prefect itself failed
        outcome = StageRun("failed", 0.0, f"stage '{row.stage}' failed: {outcome}")
    row.result, row.seconds = outcome.result, round(outcome.seconds, 1)
    return outcome.failure or None


def _publish(rows: list[StageRow], project: Path) -> None:
    """The stage table and the law as artifacts of this flow run."""
    for row in rows:
        if row.result == "running":
            row.result = "stopped"
    create_table_artifact(
        table=[asdict(row) for row in rows], key="stages", description=f"What was stale in {project.name}, and what ran"
    )
    if markdown := law.read_markdown(project):
        create_markdown_artifact(markdown=markdown, key="law", description="The law that the last fit gave")


def _using(access: server.Access) -> AbstractContextManager[Any]:
    password = {PREFECT_API_AUTH_STRING: access.password} if access.password else {}
    return temporary_settings(updates={PREFECT_API_URL: access.api_url, **password})


@contextmanager
def connected() -> Iterator[None]:
    """A Prefect server for this process: the one that runs, or one of our own for the time of the block."""
    if access := server.found():
        with _using(access):
            yield
        return
    with (
        server.running(server.free_port(), ui=False) as own,
        _using(own.access),
    ):
        try:
            yield
        finally:
            APILogHandler().flush()
            EventsWorker.drain_all(timeout=10)  # task runs reach the database as events


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 with one line on standard error, or 130 when interrupted."""
    options = _parser().parse_args(arguments)

    interrupts.heed()
    try:
        read_graph(options.project, options.target)  # a typing error is told before a run is recorded
        with connected():
            bury(server.home())
            state = pipeline(
                targets=options.target,
                force=options.force,
                retries=options.retries,
                limit=options.limit,
                project=options.project,
                return_state=True,
            )
            rows = state.result(raise_on_failure=False)
    except (StagesError, server.ServerError) as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted", file=sys.stderr)
        return 130
    if isinstance(rows, list):
        _print(rows, options.project)
    if not state.is_completed():
        say(f"error: {state.message}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flows.pipeline", description="Run the stale DVC stages by Prefect."
    )
    parser.add_argument("--target", action="append", default=[], metavar="STAGE", help="a stage or a group; repeatable")
    parser.add_argument("--force", action="store_true", help="run the stages even where nothing changed")
    parser.add_argument("--retries", type=int, default=0, metavar="N", help="tries more for a stage that fails (0)")
    parser.add_argument("--limit", type=int, default=1, metavar="N", help="stages at the same time (1)")
    parser.add_argument("--project", type=Path, default=PROJECT, help="the folder that holds dvc.yaml (this checkout)")
    return parser


def _print(rows: list[dict[str, Any]], project: Path) -> None:
    width = max((len(row["stage"]) for row in rows), default=0)
    for row in rows:
        say(f"{row['stage']:<{width}}  {row['result']:<9} {row['seconds']:7.1f} s  {row['before']}")
    if markdown := law.read_markdown(project):
        say(f"\n{markdown}")


if __name__ == "__main__":
    sys.exit(main())
