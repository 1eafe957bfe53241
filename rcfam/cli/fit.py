"""`rcfam fit`: laws, exponents and crossovers from a run table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rcfam.atomic import write_json
from rcfam.cli.options import Fields
from rcfam.cli.params import Parameters, ParamsOption, SettingsOption
from rcfam.cli.progress import bar
from rcfam.cli.run_tables import read_tables, rows_of_study
from rcfam.errors import RcfamError
from rcfam.kinds import LAW
from rcfam.outputs import replacing
from rcfam.printable import say

if TYPE_CHECKING:
    import polars as pl

    from rcfam.scaling import Analysis, FitParams, Run
    from rcfam.scaling.laws import Interval

_NO_LAW = "No law is fitted: runs of fewer than two lengths are left."
TableArgument = Annotated[
    list[Path], typer.Argument(help="Run tables: Parquet, CSV, TSV, or a folder that holds length-*/runs.parquet.")
]
OutOption = Annotated[
    Path | None, typer.Option("-o", "--out", help="Folder for law.json and tables/; none: print only.")
]


def _fit_params() -> type:
    from rcfam.scaling import FitParams

    return FitParams


FIELDS = Fields("fit", _fit_params)


def fit(
    tables: TableArgument,
    out: OutOption = None,
    params_file: ParamsOption = None,
    settings: SettingsOption = None,
    study: Annotated[str | None, typer.Option(help="Take only rows of this study.")] = None,
    batch: Annotated[int | None, typer.Option(help="Take only rows of this batch size.")] = None,
) -> None:
    """Fit loss against length and print the law, its interval and the wall-time crossovers."""
    from rcfam import scaling

    parameters = Parameters(params_file, settings, "fit", "study")
    options = parameters.section("fit", scaling.FitParams)
    table = _chosen(rows_of_study(read_tables(tables), tables, parameters), study, batch)
    table, left_out = scaling.without_diverged(table)
    for sentence in left_out:
        say(sentence)
    none_left = bool(left_out) and table["length"].n_unique() < 2
    runs = () if none_left and not table.height else scaling.runs(table)
    found = None
    if out is None:
        found = None if none_left else _analyse(runs, options)
    else:
        with replacing(out, LAW, tables) as fresh:
            if none_left:
                _write(*scaling.no_law(options, len(runs)), (_NO_LAW, *left_out), fresh)
            else:
                found = _analyse(runs, options)
                told = (*scaling.conclusions(found), *left_out)
                _write(scaling.summary(found), scaling.tables(found), told, fresh)
    if found is None:
        say(_NO_LAW)
        return
    _print(found)
    if out is not None:
        say(f"\nwritten: {out / 'law.json'} and {out / 'tables'}/")


def _chosen(table: "pl.DataFrame", study: str | None, batch: int | None) -> "pl.DataFrame":
    import polars as pl

    for column, value in (("study", study), ("batch", batch)):
        if value is None:
            continue
        if column not in table.columns:
            raise RcfamError(f"--{column} {value}: the run table has no column '{column}'")
        known = ", ".join(map(str, table[column].unique().sort().to_list()[:12]))
        table = table.filter(pl.col(column) == value)
        if table.height == 0:
            raise RcfamError(f"--{column} {value}: no row has it; found: {known}")
    return table


def _analyse(runs: "tuple[Run, ...]", options: "FitParams") -> "Analysis":
    from rcfam import scaling

    with bar("fit", "part", brief=True) as show:
        return scaling.analyse(runs, options, lambda done: show(done, scaling.PARTS))


def _write(summary: Any, tables: "dict[str, pl.DataFrame]", told: tuple[str, ...], out: Path) -> None:
    (out / "tables").mkdir()
    for name, table in tables.items():
        table.write_csv(out / "tables" / f"{name}.csv", float_precision=8)
    (out / "tables" / "conclusions.txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    write_json(out / "law.json", summary)


def _print(found: "Analysis") -> None:
    from rcfam import scaling

    law, floor, level = found.pure, found.irreducible, f"{100 * found.params.confidence:g} %"
    say(f"\nlaw at step {found.step}: loss = {law.amplitude:.3f} L^-alpha")
    say(f"  alpha = {law.alpha:.4f}   {_stated(law.interval, level, 't')}   R2 = {law.r2_log:.4f} on logs")
    say(f"  bootstrap: {_span(found.pure_over_points)} over points, {_span(found.pure_over_seeds)} over seeds")
    if floor is not None:
        stated = f"alpha = {floor.alpha:.4f}   {_stated(floor.interval, level, 'profile')}"
        say(f"  with an irreducible term: loss = {floor.irreducible:.3f} + {floor.amplitude:.3f} L^-alpha")
        say(f"  {stated}   R2 = {floor.r2_log:.4f} on logs")
    say()
    for sentence in scaling.conclusions(found):
        say(f"- {sentence}")
    if found.crossovers:
        say("\nwhen the longer window overtakes the shorter, seconds of training:\n")
        say(crossover_lines(found))


def crossover_lines(found: "Analysis") -> str:
    """The crossover table for a terminal."""
    head = f"{'short':>6} {'long':>6}  {'measured':<28} {'over seeds':<20} predicted"
    lines = [head, "-" * len(head)]
    for row in found.crossovers:
        measured = row.measured if row.measured_s is None else f"{row.measured_s:,.1f}"
        if row.measured == "not reached":
            measured = f"not reached in {row.common_s:,.1f}"
        elif row.measured == "from the start":
            measured = f"from the start ({measured})"
        seeds = "" if row.interval is None else f"{row.interval.low:,.1f} to {row.interval.high:,.1f}"
        if row.pairs > 1:
            seeds = f"{seeds} ({row.pairs_crossed}/{row.pairs})".strip()
        predicted = row.predicted if row.predicted_s is None else f"{row.predicted_s:,.1f} ({row.predicted})"
        lines.append(f"{row.short:>6} {row.long:>6}  {measured:<28} {seeds:<20} {predicted}")
    return "\n".join(lines)


def _stated(interval: "Interval | None", level: str, way: str) -> str:
    return "no interval" if interval is None else f"{level} interval {_span(interval)} ({way})"


def _span(interval: "Interval | None") -> str:
    from rcfam.scaling.conclusions import span

    return span(interval)
