"""`rcfam train`, `rcfam evaluate`, `rcfam replay`."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from rcfam.cli.params import DEFAULT, Parameters, ParamsFileOption, SettingsOption
from rcfam.errors import RcfamError
from rcfam.printable import say


def train(
    dataset: Annotated[Path, typer.Argument(help="The folder that `rcfam dataset` wrote.")],
    length: Annotated[int, typer.Option("--length", min=1, help="Frames a window.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of this length's runs.")],
    seed: Annotated[list[int] | None, typer.Option("--seed", help="Run these instead of the study's seeds.")] = None,
    params: ParamsFileOption = DEFAULT,
    settings: SettingsOption = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew where a checkpoint disagrees, instead of refusing it.")
    ] = False,
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda.")] = "cpu",
    live: Annotated[
        Path | None, typer.Option("--live", help="Show metrics here as training goes, for `dvc exp show` (DVCLive).")
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option("--tensorboard", help="Write TensorBoard's event files here.")
    ] = None,
    diverged: Annotated[
        str,
        typer.Option(
            "--diverged",
            help="What a loss that is not finite is: an error, or the end of that run, told in its table.",
        ),
    ] = "error",
) -> None:
    """Train every seed of the study at one length, side by side; go on from checkpoints where there are some.

    Under torchrun the processes train one seed after another together, each on windows of its own:
    `torchrun --standalone --nproc-per-node 2 --no-python rcfam train ...`.
    """
    from dataclasses import replace

    from rcfam.cli.live import Bars, DvcLive, Logs, TensorBoard
    from rcfam.kinds import EVENTS, LIVE, RUNS
    from rcfam.model import ModelParams
    from rcfam.outputs import adding
    from rcfam.training import Job, Ranks, StudyParams, TrainParams, seed_folder, train_length, train_together
    from rcfam.training.data import open_source

    if diverged not in ("error", "end"):
        raise RcfamError(f"--diverged {diverged}: expected error, or end")
    parameters = Parameters(params, settings, "study", "train", "model")
    study = parameters.section("study", StudyParams)
    training = parameters.section("train", TrainParams)
    model = parameters.section("model", ModelParams)
    seeds = seed or list(study.seeds)
    ranks = Ranks(
        int(os.environ.get("RANK", 0)),
        int(os.environ.get("WORLD_SIZE", 1)),
        int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)),
    )
    if training.compute.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses to be so
    if device == "cuda" and ranks.world > 1:
        device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
    job = Job(open_source, dataset, out, study.name, length, seeds[0], model, training, restart, "error", device, ranks)
    how: Literal["error", "end"] = "end" if diverged == "end" else "error"
    jobs = [replace(job, folder=seed_folder(out, s), seed=s, diverged=how) for s in seeds]
    names = [f"seed-{s}" for s in seeds]
    events = tensorboard / study.name / f"length-{length}" if tensorboard else None
    logs: list[Any] = []
    if ranks.first:
        logs.append(Bars({name: f"length {length} {name.replace('-', ' ')}" for name in names}, training.steps))
        logs += [DvcLive(live, training.steps)] if live else []
        logs += [TensorBoard(events)] if events else []
    with ExitStack() as stack:
        if ranks.first:
            stack.enter_context(adding(out, RUNS, [dataset]))
            if live:
                stack.enter_context(adding(live, LIVE, [out, dataset]))
            if events:
                stack.enter_context(adding(events, EVENTS, [out, dataset]))
        shown = stack.enter_context(Logs(names, logs))
        if ranks.world > 1:
            backend = "nccl" if device.startswith("cuda") else "gloo"
            table = train_together(out, jobs, "env://", backend, shown.report)
        else:
            table = train_length(out, jobs, shown.report)
        shown.finish(lambda number: table.filter(table["seed"] == seeds[number]))
    if not ranks.first:
        return
    last = table.filter(table["step"] == training.steps)
    wrong = table.filter(~table["loss"].is_finite())
    for row in wrong.iter_rows(named=True):
        say(f"{row['run']}: diverged at step {row['step']}; its weights are those before it (see `rcfam replay`)")
    for row in last.filter(last["loss"].is_finite()).iter_rows(named=True):
        say(f"{row['run']}: loss {row['loss']:.3f} after {row['step']} steps, {row['wall_s']:.1f} s")


def replay(
    run: Annotated[Path, typer.Argument(help="The folder of a run that stopped: data/runs/length-L/seed-S.")],
    dataset: Annotated[Path, typer.Argument(help="The folder that `rcfam dataset` wrote.")],
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda.")] = "cpu",
) -> None:
    """Repeat the step whose loss was not finite: its windows, and the norms of every weight and gradient."""
    import math

    from rcfam.dataset.index import Dataset
    from rcfam.training.data import open_source
    from rcfam.training.replay import replay as again

    found = again(run, dataset, open_source, device)
    names = Dataset.open(dataset).index["recording"].to_list()
    before = f"the checkpoint of step {found.start}" if found.start else "fresh weights"
    say(f"{found.run}, from {before}: step {found.step}, loss {found.loss}, gradient norm {found.grad_norm}")
    say(f"\n{'recording':<24}  {'first token':>12}  {'loss':>12}")
    for window in found.windows:
        say(f"{names[window.recording]:<24}  {window.first_token:>12}  {window.loss:>12.6g}")
    width = max(map(len, found.norms))
    say(f"\n{'parameter':<{width}}  {'weight':>12}  {'gradient':>12}")
    for name, norms in sorted(found.norms.items(), key=lambda item: all(map(math.isfinite, item[1]))):
        say(f"{name:<{width}}  {norms.weight:>12.6g}  {norms.gradient:>12.6g}")


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
    import json

    from tqdm import tqdm

    from rcfam.evaluation import EvaluateParams
    from rcfam.kinds import EVALUATION
    from rcfam.outputs import replacing
    from rcfam.training import StudyParams, score_runs
    from rcfam.training.run import BEST, FINAL

    parameters = Parameters(params, settings, "evaluate", "study")
    windows = parameters.section("evaluate", EvaluateParams)
    study = parameters.section("study", StudyParams)
    with ExitStack() as stack:
        bars: list[tqdm[Any]] = []

        def report(done: int, total: int) -> None:
            if not bars:  # nothing is drawn before a refusal
                bars.append(stack.enter_context(tqdm(desc="evaluate", unit="window", total=total, mininterval=0.5)))
            bars[0].update(done - bars[0].n)

        fresh = stack.enter_context(replacing(out, EVALUATION, [runs, dataset, params]))
        scored = score_runs(runs, dataset, windows, study, device, report, BEST if best else FINAL)
        scored.scores.write_parquet(fresh / "evaluation.parquet", compression="zstd")
        scored.positions.write_parquet(fresh / "positions.parquet", compression="zstd")
        (fresh / "metrics.json").write_text(json.dumps(scored.metrics, indent=2) + "\n", encoding="utf-8")
    for row in scored.scores.iter_rows(named=True):
        say(
            f"{row['run']}: loss {row['loss']:.3f}, {row['bits_per_keystroke']:.3f} bits a keystroke, "
            f"top-1 {row['accuracy']:.3f}, sustained {row['sustained']:.2f}, own length {row['own_loss']:.3f}"
        )
