"""`rcfam task`: does a model track state?"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from rcfam.cli.options import Fields, command
from rcfam.cli.params import SettingsOption
from rcfam.errors import RcfamError
from rcfam.kinds import TRACKING
from rcfam.outputs import adding
from rcfam.printable import printable, say

if TYPE_CHECKING:
    import polars as pl

    from rcfam.tasks.tracking.data import Data, DataSpec
    from rcfam.tasks.tracking.presets import Preset, Task
    from rcfam.tasks.tracking.training import Cell, Evaluation

app = typer.Typer(no_args_is_help=True, help="Tasks that ask whether a model tracks state.")

OutOption = Annotated[Path, typer.Option("-o", "--out", help="The folder of data sets, cells, tables and figure.")]
SizeOption = Annotated[str, typer.Option("--size", help="tiny (seconds), default (one CPU), paper (its whole grid).")]
SeedOption = Annotated[
    list[int] | None, typer.Option("--seed", min=0, help="Of data and training (0); may be repeated.")
]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, help="CPU threads.")]
DeviceOption = Annotated[str, typer.Option("--device", help="cpu, or cuda.")]
Part = Literal["plan", "data", "cells"]
OnlyOption = Annotated[
    Part | None,
    typer.Option("--only", help="plan: a line of JSON for each cell; data: make the data; cells: train, no tables."),
]


def _fields(task: "Task", called: dict[str, str]) -> list[Fields]:
    """The options of a task's fields; of those of one name, the training's is the option."""

    def kind(section: str) -> type:
        from rcfam.tasks.tracking.presets import sections

        return sections(task)[section]

    return [
        Fields("grid", partial(kind, "grid"), called={"depths": "depth", "models": "model"}),
        Fields("train", partial(kind, "train"), leave_out=("seed", "threads")),
        Fields("task", partial(kind, "task"), leave_out=("depth", "withheld"), called=called),
    ]


@app.command(cls=command(*_fields("frjt", {"programs": "examples"})))
def frjt(
    out: OutOption,
    size: SizeOption = "default",
    settings: SettingsOption = None,
    seed: SeedOption = None,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    only: OnlyOption = None,
) -> None:
    """Forward-Referencing Jumps Task: train models on programs, and write tables beside the paper's.

    A killed command goes on where it was; finished cells are not repeated.
    """
    from rcfam.tasks.tracking.presets import preset

    chosen = preset("frjt", size, dict(settings or ()))
    _run(_planned(chosen, out, seed or [0], threads, device), out, only)


@app.command(cls=command(*_fields("maze", {"walks": "examples", "rate": "share", "size": "cells"})))
def maze(
    out: OutOption,
    size: SizeOption = "default",
    settings: SettingsOption = None,
    withheld: Annotated[bool, typer.Option("--withheld/--unwithheld", help="Hide what came of some moves.")] = True,
    seed: SeedOption = None,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    only: OnlyOption = None,
) -> None:
    """Maze position tracking: train models on walks, and write tables beside the paper's.

    A killed command goes on where it was; finished cells are not repeated.
    """
    from rcfam.tasks.tracking.presets import preset

    chosen = preset("maze" if withheld else "unwithheld", size, dict(settings or ()))
    _run(_planned(chosen, out, seed or [0], threads, device), out, only)


@app.command()
def tables(
    folder: Annotated[Path, typer.Argument(help="The --out of `rcfam task frjt` and `rcfam task maze`.")],
) -> None:
    """Tables and figure of all finished cells below a folder, as they are made after training."""
    with adding(folder, TRACKING):
        _report(folder)


class CellFolder(NamedTuple):
    """A cell of the grid and its folder."""

    cell: "Cell"
    folder: Path


def _planned(preset: "Preset", out: Path, seeds: list[int], threads: int, device: str) -> list[CellFolder]:
    """The grid, cells that share a data set one after another."""
    from rcfam.tasks.tracking.data import DataSpec
    from rcfam.tasks.tracking.training import Cell

    _check(device)
    found: dict[Path, Cell] = {}
    for depth in preset.grid.depths:
        for seed in seeds:
            try:
                source = DataSpec(replace(preset.task, depth=depth), seed)
            except ValueError as error:
                raise RcfamError(str(error)) from error
            training = replace(preset.train, seed=seed, threads=threads)
            for model in preset.grid.trackers():
                folder = out / f"{source.name}-{depth}" / f"seed-{seed}" / f"{model.name}-width-{model.width}"
                found[folder] = Cell(source, model, training, device)
    return [CellFolder(cell, folder) for folder, cell in found.items()]


def _run(places: list[CellFolder], out: Path, only: Part | None) -> None:
    from rcfam.tasks.tracking.data import open_data

    if only == "plan":
        for place in places:
            say(_described(place))
        return
    with adding(out, TRACKING):
        for source, some in _by_data(places):
            data = open_data(some[0].folder.parent / "data", source)
            if only != "cells":
                _print_facts(data.facts)
            if only != "data":
                for place in some:
                    _train(place, data)
        if only is None:
            _report(out)


def _by_data(places: list[CellFolder]) -> "list[tuple[DataSpec, list[CellFolder]]]":
    from itertools import groupby

    return [(source, list(some)) for source, some in groupby(places, key=lambda place: place.cell.source)]


def _described(place: CellFolder) -> str:
    """A cell for a program: how to ask for it alone, where it lies, and what its cell.json says when it is done."""
    source, model = place.cell.source, place.cell.model
    asked = {"task": source.name, "depth": source.task.depth, "seed": source.seed}
    named = {"model": f"{model.kind}:{model.layers}", "folder": str(place.folder)}
    return json.dumps({**asked, **named, "identity": place.cell.identity()})


def _train(place: CellFolder, data: "Data") -> None:
    from rcfam.tasks.tracking.training import train

    source = place.cell.source
    name = f"{source.name} depth {source.task.depth} seed {source.seed} {place.cell.model.name}"
    with _progress(name) as report:
        result = train(place.cell, data, place.folder, report)
    scores = result["accuracy"]
    say(f"{name}: validation {scores['validation']:.4f}, test {scores['test']:.4f}, {result['wall_s']:.0f} s")


def _check(device: str) -> None:
    import torch

    if device != "cpu" and not (device.startswith("cuda") and torch.cuda.is_available()):
        raise RcfamError(f"--device {device}: expected cpu, or cuda where PyTorch finds it")


@contextmanager
def _progress(name: str) -> "Iterator[Callable[[Evaluation], None]]":
    """A bar over the steps of one cell; where there is no terminal, a line for each evaluation."""
    from tqdm import tqdm

    with tqdm(desc=printable(name), unit="step", disable=None) as bar:

        def report(seen: "Evaluation") -> None:
            said = f"loss {seen.loss:.4f} train {seen.train:.4f} validation {seen.validation:.4f}"
            bar.total = seen.steps
            bar.set_postfix_str(said, refresh=False)
            bar.update(seen.step - bar.n)
            if bar.disable:
                say(f"{name}: step {seen.step} of {seen.steps}, {said}, {seen.cpu_s:.0f} s of CPU", file=sys.stderr)

        yield report


def _print_facts(facts: "pl.DataFrame") -> None:
    """What the test examples of one, two, four, ... blocks are like, or those of the one depth."""
    import polars as pl

    shown = facts.filter(pl.col("part") == "test")
    depths = shown["depth"].to_list()
    some = shown.filter(pl.col("depth").is_in([2**n for n in range(12)]) | (pl.col("depth") == depths[-1]))
    for row in some.drop("part").iter_rows(named=True):
        say("data: " + ", ".join(f"{name} {value:.3g}" for name, value in row.items() if value is not None))


def _report(out: Path) -> None:
    """Write the tables and the figure of every finished cell below `out`, and print what they say."""
    from rcfam.atomic import writing
    from rcfam.report.figures import figure
    from rcfam.tasks.tracking import tables
    from rcfam.tasks.tracking.charts import accuracy_chart

    cells = tables.collect(out)
    results = tables.results(cells)  # the one that complains where there is no cell
    accuracies = tables.by_depth(cells)
    made = {
        "results": results,
        "data": tables.facts(out),
        "by_depth": accuracies,
        "critical": tables.critical(accuracies),
        "matched": tables.matched(cells),
    }
    for name, table in made.items():
        with writing(out / f"{name}.csv") as path:
            table.write_csv(path, float_precision=5)
    svg, png = figure(accuracy_chart(accuracies), 520, 2.0)
    with writing(out / "accuracy.svg") as path:
        path.write_text(svg, encoding="utf-8")
    with writing(out / "accuracy.png") as path:
        path.write_bytes(png)
    _print_results(results, made["critical"])
    _print_matched(made["matched"])
    say(f"\nwritten: {', '.join(f'{name}.csv' for name in made)}, accuracy.svg and .png in {out}/")


def _text(value: float | None) -> str:
    return "    -" if value is None else f"{value:.3f}"


def _print_results(table: "pl.DataFrame", critical: "pl.DataFrame") -> None:
    from rcfam.tasks.tracking.tables import CRITICAL

    say(
        f"\n{'task':<16} {'model':<12} layers depth seed  train  valid   test  paper  parameters  MFLOP  seconds  "
        f"{CRITICAL:g} kept to"
    )
    table = table.join(critical, on=[name for name in critical.columns if name in table.columns], how="left")
    for row in table.iter_rows(named=True):
        kept = f"{row['critical']}" if row["bounded"] else f">= {row['critical']}"
        say(
            f"{row['task']:<16} {row['model']:<12} {row['layers']:>6} {row['depth']:>5} {row['seed']:>4}  "
            f"{_text(row['train'])}  {_text(row['validation'])}  {_text(row['test'])}  {_text(row['published'])}  "
            f"{row['parameters']:>10,} {row['flops'] / 1e6:>6.0f} {row['wall_s']:>8.0f}  {kept:>9}"
        )


def _print_matched(table: "pl.DataFrame") -> None:
    """Where there are other models than the LSTM: what they reach with its means."""
    if table["model"].n_unique() < 2:
        return
    say("\nvalidation accuracy with about the LSTM's parameters (times its own), FLOPs, and in its time")
    for key, rows in table.group_by("task", "depth", "width", "seed", "model", maintain_order=True):
        task, depth, _, seed, model = key
        found = {row["budget"]: row for row in rows.iter_rows(named=True)}
        said = ", ".join(
            f"{_text(row['validation'])} (layers {row['layers']}"
            + (")" if budget == "time" else f", x {row['share']:.2f})")
            for budget, row in found.items()
        )
        say(f"{task:<16} {model:<12} depth {depth}, seed {seed}: {said}")
