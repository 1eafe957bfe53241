"""`rcfam report`: the page."""

import dataclasses
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rcfam import documents
from rcfam.atomic import writing
from rcfam.cli.params import Parameters, ParamsOption, SettingsOption
from rcfam.cli.progress import bar
from rcfam.cli.provenance import provenance
from rcfam.cli.run_tables import StudyOfRuns, read_table, read_tables, rows_of_study
from rcfam.errors import RcfamError
from rcfam.kinds import DATASET, RECORDINGS, REPORT
from rcfam.outputs import check, replacing
from rcfam.printable import printable, say

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from rcfam.recording import Reader
    from rcfam.report import Inputs, Sample
    from rcfam.tables import Column

SAMPLE_FRAMES = 600  # of a recording, to be replayed in the page: about 150 kB of it
SAMPLE_TITLE = 200  # characters of a commit's mark
_ROLLOUT_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[0-9]{1,9}\.tsr")
_MOST_CONCLUSIONS = 1 << 20
SAMPLE_CELLS = SAMPLE_FRAMES * 48 * 160  # of all of them: fewer frames of a larger grid


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
    from rcfam import report as room
    from rcfam.report.figures import check_address_space

    check_address_space()
    parameters = Parameters(params_file, settings, "report", "study")
    options = parameters.section("report", room.ReportParams)
    source = parameters.path
    text = documents.text(source, documents.MOST_YAML_BYTES) if source.exists() else ""
    lengths = parameters.section("study", StudyOfRuns).lengths if parameters.has("study") else None
    origin = provenance(lock, lengths)
    folders = _Folders(runs, law, evaluation, dataset, recordings, rollout, studies)
    with ExitStack() as stack:
        fresh = stack.enter_context(replacing(out, REPORT, dataclasses.astuple(folders)))
        material = _material(folders, origin, text, parameters)
        specs = room.charts(material)
        show = stack.enter_context(bar("report", "part", brief=True))
        (fresh / "figures").mkdir()
        for done, (name, spec) in enumerate(specs.items(), 1):
            svg, png = room.figure(spec, options.picture_width, options.picture_scale)
            (fresh / "figures" / f"{name}.svg").write_text(svg, encoding="utf-8")
            (fresh / "figures" / f"{name}.png").write_bytes(png)
            show(done, len(specs) + 2)
        (fresh / "plots.html").write_text(room.template(), encoding="utf-8")
        show(len(specs) + 1, len(specs) + 2)
        (fresh / "index.html").write_text(room.page(material, options, specs), encoding="utf-8")
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
        tables={name: tables.fitted(read_table(path), schemas.TABLES[name], str(path)) for name, path in found.items()},
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
    return tables.fitted(rows_of_study(read_tables([folder]), [folder], parameters), schemas.RUNS, str(folder))


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
