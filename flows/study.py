"""A study as a Prefect flow: its runs as child processes, as many at once as there are cores or GPUs for.

    python -m flows.study NAME [--size tiny|full] [--jobs N] [--retries N] [--device cpu|cuda]

A run is `rcfam train` with a parameter file of its own. One that ended well is not run again; one that was stopped, in
whatever way, goes on from its checkpoint the next time; one that fails is tried again from its checkpoint, then
reported, and the others go on. In the end `rcfam study NAME --collect` says what the runs show.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows import PROJECT, bounds, interrupts, server
from flows.liveness import bury, held
from flows.pipeline import connected
from flows.slots import MANY, Job, RunRow, Slots, default_jobs, run_all
from flows.stage_run import Children, StageRun
from flows.stages import program
from rcfam import params
from rcfam.errors import RcfamError
from rcfam.kinds import STUDY
from rcfam.outputs import adding
from rcfam.printable import printable, say
from rcfam.studies import Planned, Study, load, names, plan
from rcfam.studies.folders import dataset_of, finished, mark_of, place, prepare, run_folder, write_params
from rcfam.studies.planning import owner, settings

_TASKS = logging.getLogger("prefect.task_runs")


@dataclass(frozen=True)
class Work:
    """A study to be done, and where."""

    study: Study
    size: str
    out: Path
    dataset: Path
    params: Path
    device: str

    @property
    def folder(self) -> Path:
        return place(self.out, self.size, self.study)

    @property
    def data(self) -> Path:
        return dataset_of(self.folder, self.study, self.dataset)

    def runs(self) -> list[Planned]:
        return plan(self.study, self.size, params.read(self.params))

    def options(self) -> list[str]:
        """For `rcfam study`."""
        where = ["--size", self.size, "--out", str(self.out), "--dataset", str(self.dataset)]
        return [*where, "--params", str(self.params), "--device", self.device]


def _run_one(work: Work, run: Planned, children: Children, place: dict[str, str]) -> StageRun:
    home = run_folder(work.folder, run)
    threads = {"OMP_NUM_THREADS": str(run.params["train"]["threads"])}
    where = ("--params", str(home / "params.yaml"), "--length", str(run.length), "--out", str(home))
    command = program("rcfam", "train", str(work.data), *where, "--device", work.device)
    outcome = children.run(f"run '{run.id}'", command, PROJECT, get_run_logger().debug, place | threads)
    if outcome.failure:
        (home / "failure.txt").write_text(outcome.failure + "\n", encoding="utf-8")
    else:
        (home / "failure.txt").unlink(missing_ok=True)
    return outcome


@flow(
    name="study",
    flow_run_name="{name} {size}",
    persist_result=False,
    validate_parameters=True,
    task_runner=ThreadPoolTaskRunner(max_workers=MANY),  # type: ignore[arg-type]
)
def study(
    name: str,
    size: str = "full",
    jobs: Annotated[int | None, Field(ge=1)] = None,
    retries: Annotated[int, Field(ge=0)] = 1,
    device: str = "cpu",
    out: Path = PROJECT / "data" / "studies",
    dataset: Path = PROJECT / "data" / "dataset",
    parameters: Path = PROJECT / "params.yaml",
) -> "list[dict[str, Any]] | State[list[dict[str, Any]]]":
    """Do all runs of a study that are missing, then say what they show. Gives a row for each run.

    Args:
        name: A study of the catalogue.
        size: tiny or full.
        jobs: Runs at the same time; none for one a GPU, or cores over threads.
        retries: How often a run that fails is taken up again from its checkpoint.
        device: cpu or cuda.
        out: Folder of all studies.
        dataset: What `rcfam dataset` wrote.
        parameters: The parameter file.
    """
    bounds.check([out, dataset, parameters])
    out, dataset, parameters = out.resolve(), dataset.resolve(), parameters.resolve()
    chosen = load(name)
    work = Work(owner(chosen), size, out, dataset, parameters, device)
    children = Children()
    with held(server.home(), str(flow_run.get_id())), adding(work.folder, STUDY):
        try:
            _make_data(work, children)
            rows, failures = _run_all(work, jobs, retries, children)
            create_table_artifact(
                table=[asdict(row) for row in rows], key="runs", description=f"Runs of study {name}, {size}"
            )
            failures += _collect(chosen, work, children)
        except KeyboardInterrupt:
            _TASKS.setLevel(logging.CRITICAL)  # else Prefect tells of every run that will not be started, an error each
            raise
        finally:
            children.stop()
    table = [asdict(row) for row in rows]
    return Failed(message="; ".join(failures), data=table) if failures else table


def _make_data(work: Work, children: Children) -> None:
    """The data that is made for one study alone. Raises RcfamError where that fails."""
    if work.study.data == "recordings":
        return
    home = work.data.parent
    document = settings(work.study, work.size, params.read(work.params))
    file = home / "params.yaml"
    if (
        (work.data / "dataset.json").exists()
        and file.exists()
        and file.read_text(encoding="utf-8") == params.text(document)
    ):
        return
    write_params(file, document)
    recordings, tokens, repository = home / "recordings", home / "tokens", home / "texts.git"
    (work.data / "dataset.json").unlink(missing_ok=True)
    recordings.mkdir(parents=True, exist_ok=True)
    steps = [
        ["render", repository, "-o", recordings / "texts.tsr"],
        ["tokenize", recordings, "-o", tokens],
        ["dataset", recordings, tokens, "-o", work.data],
    ]
    commands = [[*step, "--params", file] for step in steps]
    if not repository.exists():
        commands.insert(0, ["paragraphs", "-o", repository])
    for command in commands:
        words = program("rcfam", *map(str, command))
        outcome = children.run(f"rcfam {command[0]}", words, PROJECT, get_run_logger().debug)
        if outcome.failure:
            raise RcfamError(outcome.failure)


def _run_all(work: Work, jobs: int | None, retries: int, children: Children) -> tuple[list[RunRow], list[str]]:
    """Do what is missing; a row for each run, and a line for each failure."""
    mark, runs = mark_of(work.data), work.runs()
    rows = {run.id: RunRow(run.id) for run in runs}
    threads = max(int(run.params["train"]["threads"]) for run in runs)
    places = Slots(jobs or default_jobs(work.device, threads), work.device)
    missing: dict[str, Job] = {}
    for run in runs:
        if finished(work.folder, run, mark):
            rows[run.id].result = "finished before"
            continue
        prepare(work.folder, run, mark)
        missing[run.id] = partial(_run_one, work, run, children)
    failures = run_all(missing, rows, work.study.name, "trained", places, retries, children)
    return list(rows.values()), failures


def _collect(chosen: Study, work: Work, children: Children) -> list[str]:
    said: list[str] = []
    command = program("rcfam", "study", chosen.name, "--collect", *work.options())
    outcome = children.run(f"collecting '{chosen.name}'", command, PROJECT, said.append)
    say("\n".join(said))
    return [outcome.failure] if outcome.failure else []


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 with one line on standard error, or 130 when interrupted."""
    options = parser("python -m flows.study", "Run a study of the catalogue.", names_too=True).parse_args(arguments)
    return carry_out([options.name], options)


def carry_out(chosen: Sequence[str], options: argparse.Namespace) -> int:
    """Do studies one after another; a study that fails does not keep the others. Exit status as `main`'s."""

    interrupts.heed()
    failed = []
    try:
        for name in chosen:  # a typing error, or no data, is told before a run is recorded
            runs_of = owner(load(name))
            plan(load(name), options.size, params.read(options.params))
            if runs_of.data == "recordings":
                mark_of(options.dataset)
        with connected():
            bury(server.home())
            for name in chosen:
                state = study(
                    name,
                    options.size,
                    options.jobs,
                    options.retries,
                    options.device,
                    options.out,
                    options.dataset,
                    options.params,
                    return_state=True,
                )
                if not state.is_completed():
                    failed.append(name)
                    say(f"error: study '{name}': {state.message}", file=sys.stderr)
    except (RcfamError, server.ServerError) as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from the checkpoints", file=sys.stderr)
        return 130
    finally:
        _TASKS.setLevel(logging.NOTSET)
    return 1 if failed else 0


def parser(prog: str, description: str, names_too: bool) -> argparse.ArgumentParser:
    """The options of one study and of the catalogue."""
    made = argparse.ArgumentParser(prog=prog, description=description)
    if names_too:
        made.add_argument("name", choices=names(), help="a study; `rcfam studies` says what each asks", metavar="NAME")
    made.add_argument("--size", choices=["tiny", "full"], default="full", help="(full)")
    made.add_argument("--jobs", type=int, help="runs at the same time (one a GPU, or cores over threads)")
    made.add_argument("--retries", type=int, default=1, help="tries more for a run that fails (1)")
    made.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="(cpu)")
    made.add_argument("--out", type=Path, default=PROJECT / "data" / "studies", help="folder of all studies")
    made.add_argument("--dataset", type=Path, default=PROJECT / "data" / "dataset", help="what `rcfam dataset` wrote")
    made.add_argument("--params", type=Path, default=PROJECT / "params.yaml", help="the parameter file")
    return made


if __name__ == "__main__":
    sys.exit(main())
