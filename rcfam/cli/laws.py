"""`rcfam fit`: laws, exponents and crossovers from a run table. `rcfam report`: the page."""

import dataclasses
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rcfam import documents
from rcfam.atomic import writing
from rcfam.cli.options import Fields
from rcfam.cli.params import Parameters, ParamsOption, SettingsOption
from rcfam.cli.provenance import provenance
from rcfam.errors import RcfamError
from rcfam.kinds import DATASET, LAW, RECORDINGS, REPORT
from rcfam.outputs import check, replacing
from rcfam.printable import printable, say

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from rcfam.recording import Reader
    from rcfam.report import Inputs, Sample
    from rcfam.scaling import Analysis, FitParams, Run
    from rcfam.scaling.laws import Interval
    from rcfam.tables import Column

_NO_LAW = "No law is fitted: runs of fewer than two lengths are left."
SAMPLE_FRAMES = 600  # of a recording, to be replayed in the page: about 150 kB of it
SAMPLE_TITLE = 200  # characters of a commit's mark
_ROLLOUT_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[0-9]{1,9}\.tsr")
_MOST_CONCLUSIONS = 1 << 20
SAMPLE_CELLS = SAMPLE_FRAMES * 48 * 160  # of all of them: fewer frames of a larger grid

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


@dataclass(frozen=True)
class _Study:
    """Section `study` as this file needs it: training's own dataclass would bring PyTorch along."""

    name: str
    lengths: tuple[int, ...]
    seeds: tuple[int, ...]


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
    table = _chosen(_of_study(_read(tables), tables, parameters), study, batch)
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


def _read(paths: list[Path]) -> "pl.DataFrame":
    import polars as pl

    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("length-*/runs.parquet")) or sorted(path.glob("*.parquet"))
            if not inside:
                raise RcfamError(f"{path}: no length-*/runs.parquet and no *.parquet in this folder")
            files.extend(inside)
        elif path.is_file():
            files.append(path)
        else:
            raise RcfamError(f"{path}: no such run table or folder")
    try:
        return pl.concat([_read_file(path) for path in files], how="diagonal_relaxed")
    except pl.exceptions.PolarsError as error:
        raise RcfamError(f"{', '.join(map(str, paths))}: the tables do not fit together: {_line(error)}") from error


def _of_study(table: "pl.DataFrame", paths: list[Path], parameters: Parameters) -> "pl.DataFrame":
    """Of a folder of runs, those that the parameter file's study names: the folder may hold runs of earlier studies."""
    import polars as pl

    if not all(place.is_dir() for place in paths) or not parameters.has("study"):
        return table
    if not {"length", "seed"} <= set(table.columns):
        return table
    said = parameters.section("study", _Study)
    kept = table.filter(pl.col("length").is_in(said.lengths) & pl.col("seed").is_in(said.seeds))
    if kept.height == 0:
        lengths = ", ".join(map(str, said.lengths))
        raise RcfamError(
            f"{parameters.path}: study: no run of the lengths {lengths} stands in {', '.join(map(str, paths))}"
        )
    return kept


def _read_file(path: Path) -> "pl.DataFrame":
    from rcfam import tables

    if path.suffix in (".parquet", ".pq"):
        return tables.read(path, {}, others=True)
    table = tables.read_csv(path, "\t" if path.suffix == ".tsv" else ",")
    return table.rename({name: name.strip() for name in table.columns})


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


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
    from tqdm import tqdm

    from rcfam import scaling

    with tqdm(total=scaling.PARTS, desc="fit", unit="part", disable=None, leave=False, delay=1) as bar:
        return scaling.analyse(runs, options, lambda done: bar.update(done - bar.n))


def _write(summary: Any, tables: "dict[str, pl.DataFrame]", told: tuple[str, ...], out: Path) -> None:
    (out / "tables").mkdir()
    for name, table in tables.items():
        table.write_csv(out / "tables" / f"{name}.csv", float_precision=8)
    (out / "tables" / "conclusions.txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    (out / "law.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


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


@dataclass(frozen=True)
class _Folders:
    """Where the material of a report lies; what is not there is left out of the page."""

    runs: Path
    law: Path
    evaluation: Path
    dataset: Path
    recordings: Path
    rollout: Path
    studies: Path


def report(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for index.html and figures/.")] = Path("data/report"),
    law: Annotated[Path, typer.Option(help="Folder that `rcfam fit -o` wrote.")] = Path("data/law"),
    runs: Annotated[Path, typer.Option(help="Run table or folder of runs.")] = Path("data/runs"),
    evaluation: Annotated[Path, typer.Option(help="Folder with evaluation.parquet.")] = Path("data/evaluation"),
    dataset: Annotated[Path, typer.Option(help="Folder with statistics.parquet.")] = Path("data/dataset"),
    recordings: Annotated[Path, typer.Option(help="Folder of recordings, for one to replay.")] = Path(
        "data/recordings"
    ),
    rollout: Annotated[Path, typer.Option(help="Folder that `rcfam rollout` wrote.")] = Path("data/rollout"),
    studies: Annotated[Path, typer.Option(help="Folder of studies, SIZE/NAME/summary.json.")] = Path("data/studies"),
    lock: Annotated[Path, typer.Option(help="DVC's lock file, for the hashes of the data.")] = Path("dvc.lock"),
    params_file: ParamsOption = None,
    settings: SettingsOption = None,
) -> None:
    """Make the page: one HTML file that needs no network, and the figures as SVG and PNG."""
    from tqdm import tqdm

    from rcfam import report as room
    from rcfam.report.figures import check_address_space

    check_address_space()
    parameters = Parameters(params_file, settings, "report", "study")
    options = parameters.section("report", room.ReportParams)
    source = parameters.path
    text = documents.text(source, documents.MOST_YAML_BYTES) if source.exists() else ""
    lengths = parameters.section("study", _Study).lengths if parameters.has("study") else None
    origin = provenance(lock, lengths)
    folders = _Folders(runs, law, evaluation, dataset, recordings, rollout, studies)
    with ExitStack() as stack:
        fresh = stack.enter_context(replacing(out, REPORT, dataclasses.astuple(folders)))
        material = _material(folders, origin, text, parameters)
        specs = room.charts(material)
        bar = stack.enter_context(
            tqdm(total=len(specs) + 2, desc="report", unit="part", disable=None, leave=False, delay=1)
        )
        (fresh / "figures").mkdir()
        for name, spec in specs.items():
            svg, png = room.figure(spec, options.picture_width, options.picture_scale)
            (fresh / "figures" / f"{name}.svg").write_text(svg, encoding="utf-8")
            (fresh / "figures" / f"{name}.png").write_bytes(png)
            bar.update()
        (fresh / "plots.html").write_text(room.template(), encoding="utf-8")
        bar.update()
        (fresh / "index.html").write_text(room.page(material, options, specs), encoding="utf-8")
        bar.update()
    names = {"alpha": "alpha", "from": "alpha_low", "to": "alpha_high", "R2": "r2"}
    say("law: " + "   ".join(f"{word} {_figure(material.law.get(name))}" for word, name in names.items()))
    found = room.reading(material)
    groups = {"differs from the paper": found.differs, "agrees": found.agrees, "not settled": found.unsettled}
    for verdict, texts in groups.items():
        for text in texts:
            say(f"{verdict}: {printable(text)}")
    say(f"report: {out / 'index.html'}   figures: {out / 'figures'}/")


def _figure(value: float | int | str | None) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def plots_template(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")] = Path("data/report/plots.html"),
) -> None:
    """Write the page that `dvc plots show --html-template` fills without network."""
    from rcfam.report import template
    from rcfam.report.figures import check_address_space

    check_address_space()
    with writing(out) as path:
        path.write_text(template(), encoding="utf-8")
    say(f"{out}: use it with `dvc plots show --html-template {out}` or `dvc config plots.html_template`")


def _material(folders: _Folders, provenance: dict[str, dict[str, str]], text: str, parameters: Parameters) -> "Inputs":
    from rcfam import tables
    from rcfam.report import LAW_TABLES, Inputs, schemas

    law_path = folders.law / "law.json"
    if not law_path.exists():
        raise RcfamError(f"{law_path}: no law to report, run `rcfam fit TABLE -o {folders.law}` first")
    law = schemas.law(law_path)
    conclusions = documents.text(folders.law / "tables" / "conclusions.txt", _MOST_CONCLUSIONS).splitlines()
    found = {name: folders.law / "tables" / f"{name}.csv" for name in LAW_TABLES}
    check(folders.dataset, DATASET)
    return Inputs(
        law=law,
        tables={name: tables.fitted(_read_file(path), schemas.TABLES[name], str(path)) for name, path in found.items()},
        conclusions=tuple(conclusions),
        runs=_runs(folders.runs, parameters),
        evaluation=_optional(folders.evaluation / "evaluation.parquet", schemas.EVALUATION),
        positions=_optional(folders.evaluation / "positions.parquet", schemas.POSITIONS),
        sample=_sample(folders.recordings),
        rollout=_optional(folders.rollout / "summary.parquet", schemas.SUMMARY),
        rollout_curves=_optional(folders.rollout / "curves.parquet", schemas.CURVES),
        rollout_sample=_rollout_sample(folders.rollout),
        dataset=_optional(folders.dataset / "statistics.parquet", schemas.STATISTICS),
        studies=_studies(folders.studies),
        provenance=provenance,
        parameters=text,
    )


def _studies(folder: Path) -> tuple[dict[str, object], ...]:
    """The summaries that stand under SIZE/NAME, full sizes before tiny ones."""
    from rcfam.report import schemas

    found = []
    for path in sorted(folder.glob("*/*/summary.json"), key=lambda path: (path.parts[-3] == "tiny", path)):
        found.append(schemas.study(path))
    return tuple(found)


def _runs(folder: Path, parameters: Parameters) -> "pl.DataFrame | None":
    """The run table, where there is one."""
    from rcfam import tables
    from rcfam.report import schemas

    if not folder.exists():
        return None
    return tables.fitted(_of_study(_read([folder]), [folder], parameters), schemas.RUNS, str(folder))


def _sample(folder: Path) -> "Sample | None":
    """Frames from the commit in the middle of the first recording on; None where there is no recording."""
    from rcfam.recording import Reader
    from rcfam.recording.ansi import first_line
    from rcfam.report import Sample

    check(folder, RECORDINGS)
    path = min(folder.glob("*.tsr"), default=None)
    if path is None:
        return None
    with Reader(path) as reader:
        if reader.frames == 0:
            return None
        commits = [mark for mark in reader.marks if mark.kind == "commit"]
        chosen = next((mark for mark in commits if mark.frame >= reader.frames // 2), commits[-1] if commits else None)
        first = chosen.frame if chosen is not None and chosen.frame < reader.frames else 0
        cells, cursors, keys = _cut(reader, first)
        title = f"{path.stem}, from frame {first:,} of {reader.frames:,}" + (
            f": {printable(first_line(chosen.text), SAMPLE_TITLE)}" if chosen else ""
        )
        return Sample(title, first, cells, cursors, keys, reader.attributes, tuple(reader.clusters))


def _cut(reader: "Reader", first: int) -> "tuple[NDArray[Any], NDArray[Any], NDArray[Any]]":
    """Cells, cursors and keys from frame `first` on, as many as the page takes."""
    most = min(SAMPLE_FRAMES, max(1, SAMPLE_CELLS // (reader.rows * reader.columns)))
    return reader.read(first, min(first + most, reader.frames))


def _rollout_sample(folder: Path) -> "Sample | None":
    """The model's rollout that came furthest, with a few of the typist's frames before it."""
    import polars as pl

    from rcfam.recording import Reader
    from rcfam.report import Sample, schemas

    table = _optional(folder / "rollouts.parquet", schemas.ROLLOUTS)
    if table is None:
        return None
    order = ["completed", "share", "agreed_keys", "keys_left"]
    model = table.filter(pl.col("policy").str.starts_with("model")).sort(order, descending=True, nulls_last=True)
    if model.height == 0:
        return None
    best = model.row(0, named=True)
    if not _ROLLOUT_FILE.fullmatch(best["file"]):
        raise RcfamError(f"{folder / 'rollouts.parquet'}: column 'file': {best['file']!r} is no recording's name")
    with Reader(folder / "recordings" / best["file"]) as reader:
        turn = next((mark.frame for mark in reader.marks if mark.kind == "rollout"), 0)
        first = max(0, turn - SAMPLE_FRAMES // 10)
        cells, cursors, keys = _cut(reader, first)
        if not len(keys):
            return None
        title = (
            f"{best['policy']}, from frame {turn:,} on, {best['before']} keys before the end of a {best['goal']} "
            f"{best['path']}".rstrip()
            + f": {'finished' if best['completed'] else best['ended']} after {best['steps']} tokens. "
            "Of the model's rollouts the one that came furthest."
        )
        return Sample(title, first, cells, cursors, keys, reader.attributes, tuple(reader.clusters))


def _optional(path: Path, columns: "dict[str, Column]") -> "pl.DataFrame | None":
    from rcfam import tables

    return tables.read(path, columns, others=True) if path.exists() else None
