"""`rcfam evaluate`: every model of a study on the same held-out windows."""

from pathlib import Path
from typing import Annotated

import typer

from rcfam.atomic import write_json
from rcfam.cli.params import DEFAULT, Parameters, ParamsFileOption, SettingsOption
from rcfam.cli.progress import bar
from rcfam.printable import say


def evaluate(
    runs: Annotated[Path, typer.Argument(help="The folder that holds length-L/seed-S of a study.")],
    dataset: Annotated[Path, typer.Argument(help="The folder that `rcfam dataset` wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where tables and metrics go.")],
    params: ParamsFileOption = DEFAULT,
    settings: SettingsOption = None,
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda.")] = "cpu",
    best: Annotated[
        bool, typer.Option("--best", help="The weights of the least held-out loss instead of the last ones.")
    ] = False,
) -> None:
    """Score every trained model of the study on the same held-out windows."""
    from rcfam.evaluation import EvaluateParams
    from rcfam.kinds import EVALUATION
    from rcfam.outputs import replacing
    from rcfam.trained import score_runs
    from rcfam.training import StudyParams
    from rcfam.training.run import BEST, FINAL

    parameters = Parameters(params, settings, "evaluate", "study")
    windows = parameters.section("evaluate", EvaluateParams)
    study = parameters.section("study", StudyParams)
    with bar("evaluate", "window") as show, replacing(out, EVALUATION, [runs, dataset, params]) as fresh:
        scored = score_runs(runs, dataset, windows, study, device, show, BEST if best else FINAL)
        scored.scores.write_parquet(fresh / "evaluation.parquet", compression="zstd")
        scored.positions.write_parquet(fresh / "positions.parquet", compression="zstd")
        write_json(fresh / "metrics.json", scored.metrics)
    for row in scored.scores.iter_rows(named=True):
        say(
            f"{row['run']}: loss {row['loss']:.3f}, {row['bits_per_keystroke']:.3f} bits a keystroke, "
            f"top-1 {row['accuracy']:.3f}, sustained {row['sustained']:.2f}, own length {row['own_loss']:.3f}"
        )
