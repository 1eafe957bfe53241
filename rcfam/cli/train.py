"""`rcfam train`: the runs of one length."""

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
