"""`rcfam train`, `rcfam evaluate`."""

import os
from pathlib import Path
from typing import Annotated

import typer

_PARAMS = Path("params.yaml")


def train(
    dataset: Annotated[Path, typer.Argument(help="The folder that `rcfam dataset` wrote.")],
    length: Annotated[int, typer.Option("--length", min=1, help="Frames a window.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of this length's runs.")],
    seed: Annotated[list[int] | None, typer.Option("--seed", help="Run these instead of the study's seeds.")] = None,
    params: Annotated[Path, typer.Option("--params", help="The parameter file.")] = _PARAMS,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew where a checkpoint disagrees, instead of refusing it.")
    ] = False,
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda.")] = "cpu",
) -> None:
    """Train every seed of the study at one length, side by side; go on from checkpoints where there are some.

    Under torchrun the processes train one seed after another together, each on windows of its own:
    `torchrun --standalone --nproc-per-node 2 --no-python rcfam train ...`.
    """
    from contextlib import ExitStack

    from tqdm import tqdm

    from rcfam import params as parameters
    from rcfam.model import ModelParams
    from rcfam.training import Job, Ranks, StudyParams, TrainParams, seed_folder, train_length, train_together
    from rcfam.training.loop import Step
    from rcfam.training.source import open_source

    study = parameters.load(params, "study", StudyParams)
    training = parameters.load(params, "train", TrainParams)
    model = parameters.load(params, "model", ModelParams)
    seeds = seed or list(study.seeds)
    ranks = Ranks(
        int(os.environ.get("RANK", 0)),
        int(os.environ.get("WORLD_SIZE", 1)),
        int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)),
    )
    if device == "cuda" and ranks.world > 1:
        device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
    jobs = [
        Job(open_source, dataset, seed_folder(out, s), study.name, length, s, model, training, restart, device, ranks)
        for s in seeds
    ]
    with ExitStack() as stack:
        bars = [
            stack.enter_context(
                tqdm(
                    total=training.steps,
                    desc=f"length {length} seed {s}",
                    unit="step",
                    position=n,
                    mininterval=0.5,
                    disable=not ranks.first,
                )
            )
            for n, s in enumerate(seeds)
        ]

        def report(number: int, step: Step) -> None:
            bars[number].set_postfix_str(f"loss {step.loss:.3f} top-1 {step.accuracy:.3f}", refresh=False)
            bars[number].update(step.progress.step - bars[number].n)

        if ranks.world > 1:
            backend = "nccl" if device.startswith("cuda") else "gloo"
            table = train_together(out, jobs, "env://", backend, report)
        else:
            table = train_length(out, jobs, report)
    if not ranks.first:
        return
    last = table.filter(table["step"] == training.steps)
    for row in last.iter_rows(named=True):
        print(f"{row['run']}: loss {row['loss']:.3f} after {row['step']} steps, {row['wall_s']:.1f} s")


def evaluate(
    runs: Annotated[Path, typer.Argument(help="The folder that holds length-L/seed-S of a study.")],
    dataset: Annotated[Path, typer.Argument(help="The folder that `rcfam dataset` wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where tables and metrics go.")],
    params: Annotated[Path, typer.Option("--params", help="The parameter file.")] = _PARAMS,
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda.")] = "cpu",
) -> None:
    """Score every trained model of the study on the same held-out windows."""
    import json

    from tqdm import tqdm

    from rcfam import params as parameters
    from rcfam.atomic import writing
    from rcfam.evaluation import EvaluateParams
    from rcfam.training import StudyParams, score_runs
    from rcfam.training.table import write

    settings = parameters.load(params, "evaluate", EvaluateParams)
    study = parameters.load(params, "study", StudyParams)
    with tqdm(desc="evaluate", unit="window", mininterval=0.5) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        scored = score_runs(runs, dataset, settings, study, device, report)
    write(out / "evaluation.parquet", scored.scores)
    write(out / "positions.parquet", scored.positions)
    with writing(out / "metrics.json") as part:
        part.write_text(json.dumps(scored.metrics, indent=2) + "\n", encoding="utf-8")
    for row in scored.scores.iter_rows(named=True):
        print(
            f"{row['run']}: loss {row['loss']:.3f}, {row['bits_per_keystroke']:.3f} bits a keystroke, "
            f"top-1 {row['accuracy']:.3f}, sustained {row['sustained']:.2f}, own length {row['own_loss']:.3f}"
        )
