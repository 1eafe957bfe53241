"""`rcfam studies`, `rcfam study`, `rcfam paragraphs`: the catalogue of studies, and what came out of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rcfam import params as parameters
from rcfam.atomic import write_json, writing
from rcfam.cli.params import DEFAULT, Parameters, ParamsFileOption, SettingsOption
from rcfam.cli.progress import bar
from rcfam.errors import RcfamError
from rcfam.kinds import STUDY
from rcfam.outputs import adding
from rcfam.printable import say

if TYPE_CHECKING:
    import polars as pl

    from rcfam.studies import Planned, Study

_START_S = 7.0  # of processor time that a run's process takes before its first step
_FLOPS_S = 1.5e9  # of a tiny model on one core: small products run far below what a core could do


def studies() -> None:
    """List the studies."""
    from rcfam.studies import load, names

    for name in names():
        say(f"{name:<18} {load(name).question}")


def study(
    name: Annotated[str, typer.Argument(help="A study of the catalogue; `rcfam studies` lists them.")],
    size: Annotated[str, typer.Option("--size", help="tiny or full.")] = "full",
    plan: Annotated[bool, typer.Option("--plan", help="Show the runs and what they would cost.")] = False,
    collect: Annotated[bool, typer.Option("--collect", help="Join finished runs and say what they show.")] = False,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of all studies.")] = Path("data/studies"),
    dataset: Annotated[Path, typer.Option(help="The folder that `rcfam dataset` wrote.")] = Path("data/dataset"),
    params: ParamsFileOption = DEFAULT,
    settings: SettingsOption = None,
    device: Annotated[str, typer.Option("--device", help="Where models are scored: cpu, or cuda.")] = "cpu",
) -> None:
    """Show a study; with --plan its runs, with --collect what they came to. `python -m flows.study` runs them."""
    from rcfam.studies import load
    from rcfam.studies import plan as planned_of
    from rcfam.studies.planning import sections_of

    chosen = load(name)
    document = Parameters(params, settings, *sections_of(size)).sections
    runs = planned_of(chosen, size, document)
    if collect:
        _collect(chosen, size, runs, document, out, dataset, str(params), device)
        return
    say(f"{chosen.question}\n  paper: {chosen.paper}\n  yes:   {chosen.confirmed}\n  no:    {chosen.refuted}")
    for claim in chosen.claims:
        say(f"  claim: {claim.says}")
    say(f"  {len(runs)} runs" + (f" of study '{chosen.runs}'" if chosen.runs else "") + f" at size {size}")
    if plan:
        _show(runs)


def paragraphs(
    out: Annotated[Path, typer.Option("-o", "--out", help="The bare repository to make.")],
    count: Annotated[int, typer.Option(min=1, help="Texts, a commit each.")] = 40,
    rows: Annotated[int, typer.Option(min=2, help="Lines of a text at most.")] = 14,
    columns: Annotated[int, typer.Option(min=20, help="Characters of a line at most.")] = 70,
    seed: Annotated[int, typer.Option(help="Of the texts.")] = 0,
) -> None:
    """Make a repository of Latin texts that fit one screen, for the study `fully-observable`."""
    from rcfam.history.synthetic import make_repository
    from rcfam.studies.paragraphs import paragraphs as texts

    made = texts(count, rows, columns, seed)
    commit = make_repository(
        out, [(f"Text {n:02}\n", {f"text{n:02}.txt": text.encode()}) for n, text in enumerate(made, 1)]
    )
    say(f"{out}: {count} texts, {sum(map(len, made)):,} characters, commit {commit[:12]}")


def _show(runs: "Sequence[Planned]") -> None:
    from rcfam.studies.costs import flops_a_frame, foreseen_shape

    say(f"\n{'run':<50} {'steps':>6} {'frames':>10} {'GFLOP':>10}")
    total = 0.0
    for run in runs:
        flops = run.frames * flops_a_frame(run, foreseen_shape(run), 4.0)
        total += flops
        say(f"{run.id:<50} {run.params['train']['steps']:>6} {run.frames:>10,} {flops / 1e9:>10,.0f}")
    seconds = len(runs) * _START_S + total / _FLOPS_S
    say(
        f"\n{len(runs)} runs, {sum(run.frames for run in runs):,} frames, {total / 1e12:,.1f} TFLOP: "
        f"roughly {seconds / 60:,.0f} core minutes"
    )


def _collect(
    study: "Study",
    size: str,
    runs: "Sequence[Planned]",
    document: dict[str, Any],
    out: Path,
    dataset: Path,
    params: str,
    device: str,
) -> None:
    import polars as pl

    from rcfam.scaling import FitParams
    from rcfam.studies import folders
    from rcfam.studies.findings import find
    from rcfam.studies.planning import owner, settings
    from rcfam.studies.table import join
    from rcfam.tables import read
    from rcfam.training.table import COLUMNS, write

    home, own = folders.place(out, size, study), owner(study)
    runs_home = folders.place(out, size, own)
    data = folders.dataset_of(runs_home, own, dataset)
    mark = folders.mark_of(data)
    done = {run.id: run for run in runs if folders.finished(runs_home, run, mark)}
    if not done:
        raise RcfamError(f"{runs_home}: no finished run; `python -m flows.study {own.name} --size {size}` trains them")
    with adding(home, STUDY):
        tables = {
            name: read(folders.run_folder(runs_home, run) / folders.DONE, COLUMNS, others=True)
            for name, run in done.items()
        }
        flops, counts = _costs(runs_home, list(done.values()), data)
        table = join(study.name, runs, tables, flops)
        common = settings(own, size, document)
        scores: dict[str, dict[str, float]] = {}
        if own.size(size).score is not None:
            scored, positions = _scores(runs_home, list(done.values()), data, own.side, common, params, device)
            write(home / "evaluation.parquet", scored)
            write(home / "positions.parquet", positions)
            named = [name for name in scored.columns if scored[name].dtype == pl.Float64]
            scores = {row["run"]: {n: row[n] for n in named} for row in scored.iter_rows(named=True)}
        fit = parameters.build(FitParams, common["fit"], f"{params}: fit")
        found = find(study, size, own.size(size), runs, table, scores, counts, fit)
        write(home / "runs.parquet", table)
        with writing(home / "runs.csv") as part:
            table.write_csv(part, float_precision=8)
        for name, each in found.tables.items():
            with writing(home / "tables" / f"{name}.csv") as part:
                each.write_csv(part, float_precision=8)
        write_json(home / "summary.json", found.summary, indent=1, allow_nan=False)
    _print(found.summary, home)


def _costs(home: Path, runs: "Sequence[Planned]", data: Path) -> tuple[dict[str, float], dict[str, int]]:
    """FLOPs a frame, and parameters, of every run by its id."""
    from tqdm import tqdm

    from rcfam.dataset import Dataset
    from rcfam.studies import folders
    from rcfam.studies.costs import distinct_rows_a_frame, flops_a_frame
    from rcfam.training import checkpoint, seed_folder
    from rcfam.training.data import shape_of

    opened = Dataset.open(data)
    shape = shape_of(opened)
    known: dict[tuple[Any, ...], float] = {}
    flops, counts = {}, {}
    for run in tqdm(runs, desc="cost", unit="run", disable=None, leave=False, delay=1):
        train = run.params["train"]
        key = (run.length, train["batch"], train["chunk"], train["order"])
        if key not in known:
            known[key] = distinct_rows_a_frame(opened, run)
        flops[run.id] = flops_a_frame(run, shape, known[key])
        final = checkpoint.load(seed_folder(folders.run_folder(home, run), run.seed) / "final")
        counts[run.id] = sum(tensor.numel() for tensor in final.tensors.values())
    return flops, counts


def _scores(
    home: Path,
    runs: "Sequence[Planned]",
    data: Path,
    side: str,
    common: dict[str, Any],
    where: str,
    device: str,
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """Scores and positions of every run, by its id; kept in the run's folder until it is trained anew."""
    import polars as pl

    from rcfam.evaluation import EvaluateParams
    from rcfam.studies import folders
    from rcfam.tables import read
    from rcfam.trained import score_places
    from rcfam.training import seed_folder
    from rcfam.training.table import write

    wanted = parameters.build(EvaluateParams, common["evaluate"], f"{where}: evaluate")
    homes = {run.id: folders.run_folder(home, run) for run in runs}
    stamp = {run.id: f"{wanted} {side} {(homes[run.id] / folders.DONE).stat().st_mtime_ns}" for run in runs}
    missing = [run for run in runs if _stamp(homes[run.id]) != stamp[run.id]]
    with bar("score", "window", brief=True) as show:
        places = [seed_folder(homes[run.id], run.seed) for run in missing]
        scored = score_places(places, data, wanted, side, device, show) if missing else iter(())
        for run, one in zip(missing, scored, strict=True):
            write(homes[run.id] / "scores.parquet", pl.DataFrame([one.row]).with_columns(run=pl.lit(run.id)))
            write(homes[run.id] / "positions.parquet", one.positions.with_columns(run=pl.lit(run.id)))
            with writing(homes[run.id] / "scored.txt") as part:
                part.write_text(stamp[run.id], encoding="utf-8")
    scores, positions = (
        pl.concat([read(homes[run.id] / f"{name}.parquet", {}, others=True) for run in runs])
        for name in ("scores", "positions")
    )
    return scores, positions


def _stamp(folder: Path) -> str | None:
    try:
        return (folder / "scored.txt").read_text(encoding="utf-8")
    except OSError:
        return None


def _print(summary: dict[str, Any], home: Path) -> None:
    say(f"\n{summary['study']} ({summary['size']}): {summary['question']}")
    told = [name for name in summary["factors"] if name != "seed"]
    head = " ".join(f"{name:>14}" for name in told)
    say(f"{head} {'seeds':>5} {'step':>6} {'loss':>7} {'from':>7} {'to':>7} {'seconds':>8} {'GFLOP':>9}")
    for row in summary["cells"]:
        values = " ".join(f"{row.get(name)!s:>14}" for name in told)
        flops = "" if row["flops"] is None else f"{row['flops'] / 1e9:>9,.1f}"
        say(
            f"{values} {row['seeds']:>5} {row['step']:>6} {row['loss']:>7.3f} {row['loss_low']:>7.3f} "
            f"{row['loss_high']:>7.3f} {row['wall_s']:>8.1f} {flops}"
        )
    for sentence in summary["says"]:
        say(f"- {sentence}")
    say(f"answer: {summary['answer']}; {summary['finished']} of {summary['planned']} runs: {home / 'summary.json'}")
