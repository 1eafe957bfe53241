"""A task that asks for state, as a Prefect flow: its cells as child processes, as many at once as cores or GPUs.

    python -m flows.tracking frjt|maze|unwithheld [--size tiny|default|paper] [--depth N ...] [--model KIND:LAYERS ...]
        [--seeds N ...] [--epochs N] [--rate R] [--examples N] [--jobs N] [--retries N] [--device cpu|cuda]
        [--out FOLDER]

A cell is `rcfam task frjt` or `rcfam task maze` for one depth, model and seed; data that several cells share is made
before them. A finished cell is not trained again; one that was stopped, in whatever way, goes on from its checkpoint
the next time; one that fails is tried again from its checkpoint, then reported, and the others go on. In the end
`rcfam task tables` makes tables and figure of all cells in the folder.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

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
from rcfam import documents
from rcfam.atomic import check_folder
from rcfam.errors import RcfamError
from rcfam.printable import printable, say

THREADS = 1  # of a cell
Task = Literal["frjt", "maze", "unwithheld"]
Size = Literal["tiny", "default", "paper"]
Device = Literal["cpu", "cuda"]
VERBS: dict[str, list[str]] = {"frjt": ["frjt"], "maze": ["maze"], "unwithheld": ["maze", "--unwithheld"]}


@dataclass(frozen=True)
class Grid:
    """What is asked for; without depths or models those of the size."""

    task: Task
    size: Size
    depths: tuple[int, ...]
    models: tuple[str, ...]
    seeds: tuple[int, ...]
    device: Device
    out: Path
    settings: tuple[tuple[str, float], ...] = ()
    """Options of the verb and their values, where they are not the size's."""

    def command(self, only: str, depths: Sequence[int], models: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """`rcfam task ...` for a part of the grid; the lists are written out, one option each."""
        words = ["--size", self.size, "--out", str(self.out), "--only", only]
        words += ["--device", self.device, "--threads", str(THREADS)]
        for option, values in (("--depth", depths), ("--model", models), ("--seed", seeds)):
            for value in values:
                words += [option, str(value)]
        for name, value in self.settings:
            words += [f"--{name}", str(value)]
        return program("rcfam", "task", *VERBS[self.task], *words)


@dataclass(frozen=True)
class Cell:
    """One model, trained on one data set."""

    depth: int
    seed: int
    model: str
    """KIND:LAYERS"""
    folder: Path
    identity: Any
    """what cell.json says when this very cell is done"""

    @property
    def id(self) -> str:
        return f"{self.model} depth {self.depth} seed {self.seed}"

    def finished(self) -> bool:
        """Whether this cell is done. One of other settings is not: its verb will say what differs."""
        try:
            found = documents.load_json(self.folder / "cell.json")
        except documents.DocumentError:
            return False
        return isinstance(found, dict) and found.get("identity") == self.identity


@cache
def cells_of(grid: Grid) -> list[Cell]:
    """The cells, as the verb plans them in a process of its own: PyTorch stays out of this one. Raises RcfamError."""
    said: list[str] = []
    children = Children()
    try:
        command = grid.command("plan", grid.depths, grid.models, grid.seeds)
        outcome = children.run("the plan", command, PROJECT, said.append, {"OMP_NUM_THREADS": "1"})
    finally:
        children.stop()
    if outcome.failure:
        raise RcfamError(said[-1].removeprefix("rcfam: ") if said else outcome.failure)
    found = [json.loads(line) for line in said if line.startswith("{")]
    return [Cell(c["depth"], c["seed"], c["model"], Path(c["folder"]), c["identity"]) for c in found]


@flow(
    name="tracking",
    flow_run_name="{task} {size}",
    persist_result=False,
    validate_parameters=True,
    task_runner=ThreadPoolTaskRunner(max_workers=MANY),  # type: ignore[arg-type]
)
def tracking(
    task: Task,
    size: Size = "default",
    depths: list[Annotated[int, Field(ge=1)]] = [],  # noqa: B006
    models: list[str] = [],  # noqa: B006
    seeds: list[Annotated[int, Field(ge=0)]] = [0],  # noqa: B006
    jobs: Annotated[int | None, Field(ge=1)] = None,
    retries: Annotated[int, Field(ge=0)] = 1,
    device: Device = "cpu",
    out: Path | None = None,
    epochs: Annotated[float | None, Field(gt=0)] = None,
    rate: Annotated[float | None, Field(gt=0)] = None,
    examples: Annotated[int | None, Field(ge=1)] = None,
) -> "list[dict[str, Any]] | State[list[dict[str, Any]]]":
    """Train the cells of a grid that are missing, then make the tables. Gives a row for each cell.

    Args:
        task: frjt, maze, or unwithheld: the maze with every move shown.
        size: tiny, default or paper: data, training, and the depths and models where none are given.
        depths: Trained depths.
        models: KIND, KIND:LAYERS or KIND:FROM-TO each.
        seeds: Of data and training.
        jobs: Cells at the same time; none for one a GPU, or one a core.
        retries: How often a cell that fails is taken up again from its checkpoint.
        device: cpu or cuda.
        out: Folder of data, cells, tables and figure (data/tasks/tracking/SIZE).
        epochs: Longest training; none for the size's.
        rate: Highest learning rate; none for the size's.
        examples: Training examples (FRJT: of each depth); none for the size's.
    """
    bounds.check([out])
    grid = grid_of(task, size, depths, models, seeds, device, out, epochs=epochs, rate=rate, examples=examples)
    children = Children()
    with held(server.home(), str(flow_run.get_id())):
        try:
            rows, failures = _run_all(grid, jobs, retries, children)
            table = [asdict(row) for row in rows]
            create_table_artifact(table=table, key="cells", description=f"Cells of {task}, {size}, in {grid.out}")
            _print(rows)
            failures += _tables(grid, children) if any(cell.finished() for cell in cells_of(grid)) else []
        except RcfamError as error:
            return Failed(message=str(error), data=[])
        finally:
            children.stop()
    return Failed(message="; ".join(failures), data=table) if failures else table


def grid_of(
    task: Task,
    size: Size,
    depths: Sequence[int],
    models: Sequence[str],
    seeds: Sequence[int],
    device: Device,
    out: Path | None,
    **settings: float | None,
) -> Grid:
    """The grid with its folder; `settings` are options of the verb, None where the size decides."""
    folder = (out or PROJECT / "data" / "tasks" / "tracking" / size).resolve()
    given = tuple((name, value) for name, value in settings.items() if value is not None)
    return Grid(task, size, tuple(depths), tuple(models), tuple(seeds), device, folder, given)


def _run_all(grid: Grid, jobs: int | None, retries: int, children: Children) -> tuple[list[RunRow], list[str]]:
    """Do what is missing; a row for each cell, and a line for each failure."""
    cells = cells_of(grid)
    rows = {cell.id: RunRow(cell.id) for cell in cells}
    missing = [cell for cell in cells if not cell.finished()]
    places = Slots(jobs or default_jobs(grid.device, THREADS), grid.device)
    sources: dict[str, Job] = {}
    for cell in missing:
        if not (cell.folder.parent / "data" / "data.json").exists():
            command = grid.command("data", [cell.depth], [cell.model], [cell.seed])
            sources[_data(cell)] = partial(_run_one, _data(cell), command, children)
    made = {name: RunRow(name) for name in sources}
    failures = run_all(sources, made, "data", "made", places, retries, children)
    trained: dict[str, Job] = {}
    for cell in cells:
        if cell not in missing:
            rows[cell.id].result = "finished before"
        elif _data(cell) in made and made[_data(cell)].failure:
            rows[cell.id].failure = made[_data(cell)].failure
        else:
            command = grid.command("cells", [cell.depth], [cell.model], [cell.seed])
            trained[cell.id] = partial(_run_one, f"cell '{cell.id}'", command, children)
    failures += run_all(trained, rows, grid.task, "trained", places, retries, children)
    return list(rows.values()), failures


def _data(cell: Cell) -> str:
    return f"data depth {cell.depth} seed {cell.seed}"


def _run_one(what: str, command: list[str], children: Children, place: dict[str, str]) -> StageRun:
    settings = place | {"OMP_NUM_THREADS": str(THREADS)}
    return children.run(what, command, PROJECT, get_run_logger().info, settings)


def _print(rows: list[RunRow]) -> None:
    width = max(len(row.run) for row in rows)
    for row in rows:
        say(f"{row.run:<{width}}  {row.result:<15} {row.seconds:7.1f} s  {row.failure}".rstrip())


def _tables(grid: Grid, children: Children) -> list[str]:
    """Make the tables of the folder, print the results and publish them; a line for a failure."""
    said: list[str] = []
    outcome = children.run("tables", program("rcfam", "task", "tables", str(grid.out)), PROJECT, said.append)
    say("\n".join(said))
    if outcome.failure:
        return [outcome.failure]
    with (grid.out / "results.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    create_table_artifact(table=table, key="results", description=f"All cells in {grid.out}, beside the paper's")
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 with one line on standard error, or 130 when interrupted."""
    options = _parser().parse_args(arguments)

    interrupts.heed()
    asked = (options.task, options.size, options.depth, options.model, options.seeds)
    settings = {name: getattr(options, name) for name in ("epochs", "rate", "examples")}
    try:
        grid = grid_of(*asked, options.device, options.out, **settings)
        cells_of(grid)  # a typing error, and a folder that cannot be written, are told before a run is recorded
        check_folder(grid.out)
        with connected():
            bury(server.home())
            work = (options.jobs, options.retries, options.device, options.out)
            state = tracking(*asked, *work, **settings, return_state=True)
    except (RcfamError, server.ServerError) as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from the checkpoints", file=sys.stderr)
        return 130
    if not state.is_completed():
        say(f"error: {state.message}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m flows.tracking", description="Train models on a task that asks for state."
    )
    made.add_argument("task", choices=get_args(Task), help="unwithheld: the maze with every move shown")
    made.add_argument("--size", choices=get_args(Size), default="default", help="(default)")
    made.add_argument("--depth", type=_whole(1), nargs="+", default=[], metavar="N", help="trained depths (the size's)")
    made.add_argument(
        "--model", nargs="+", default=[], metavar="M", help="KIND, KIND:LAYERS or KIND:FROM-TO (the size's)"
    )
    made.add_argument("--seeds", type=_whole(0), nargs="+", default=[0], metavar="N", help="of data and training (0)")
    made.add_argument("--epochs", type=float, metavar="N", help="longest training (the size's)")
    made.add_argument("--rate", type=float, metavar="R", help="highest learning rate (the size's)")
    made.add_argument(
        "--examples", type=_whole(1), metavar="N", help="training examples; FRJT: of each depth (the size's)"
    )
    made.add_argument("--jobs", type=_whole(1), metavar="N", help="cells at the same time (one a GPU, or one a core)")
    made.add_argument("--retries", type=_whole(0), default=1, metavar="N", help="tries more for a cell that fails (1)")
    made.add_argument("--device", choices=get_args(Device), default="cpu", help="(cpu)")
    made.add_argument("--out", type=Path, metavar="FOLDER", help="data, cells, tables (data/tasks/tracking/SIZE)")
    return made


def _whole(least: int) -> Any:
    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is below {least}")
        return value

    return number


if __name__ == "__main__":
    sys.exit(main())
