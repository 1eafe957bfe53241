"""`rcfam rollout`: a trained model at the keyboard."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from rcfam.cli.params import DEFAULT, Parameters, ParamsFileOption, SettingsOption
from rcfam.printable import say

_ENDS = {
    "silent": "the logits name no token: not a number or infinite, as after a training that diverged",
    "timeout": "the terminal took more than rollout.seconds, {0.seconds:g} s of processor time",
    "outgrown": "the terminal grew beyond what one may hold",
}
"""Why rollouts may end that neither finished nor ran out of steps."""


def rollout(
    run: Annotated[
        Path,
        typer.Argument(help="A finished run's folder; of a study's folder, its longest length with its first seed."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where tables, metrics and recordings go.")],
    dataset: Annotated[Path, typer.Option(help="The folder that `rcfam dataset` wrote.")] = Path("data/dataset"),
    mirrors: Annotated[Path, typer.Option(help="The folder that `rcfam clone` wrote.")] = Path("data/mirrors"),
    params: ParamsFileOption = DEFAULT,
    settings: SettingsOption = None,
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda.")] = "cpu",
) -> None:
    """Let a model finish held-out commits by itself: its tokens drive the terminal, and it sees what follows.

    Killed, it goes on from the last batch of terminals (OUT/unfinished) when it is started again.
    """
    import dataclasses

    import torch

    from rcfam.atomic import alone, write_json
    from rcfam.dataset import Dataset
    from rcfam.errors import RcfamError
    from rcfam.evaluation.rollout import RolloutParams, rollouts
    from rcfam.evaluation.rollout.held_out import Folders
    from rcfam.evaluation.rollout.results import metrics, summary
    from rcfam.evaluation.rollout.unfinished import Unfinished
    from rcfam.kinds import ROLLOUT
    from rcfam.outputs import adding
    from rcfam.training import StudyParams, checkpoint, seed_folder
    from rcfam.training.data import dataset_hash
    from rcfam.training.errors import CheckpointError
    from rcfam.training.run import FINAL, load_model
    from rcfam.training.table import write

    parameters = Parameters(params, settings, "rollout", "study")
    chosen = parameters.section("rollout", RolloutParams)
    if not (run / "final.json").exists():
        study = parameters.section("study", StudyParams)
        run = seed_folder(run / f"length-{max(study.lengths)}", study.seeds[0])
    if not (run / "final.json").exists():
        raise CheckpointError(f"{run}: no finished run; `rcfam train` writes final.json when it ends")
    if device != "cpu" and not (device.startswith("cuda") and torch.cuda.is_available()):
        raise RcfamError(f"--device {device}: expected cpu, or cuda where PyTorch finds it")
    model, identity = load_model(run)
    data = Dataset.open(dataset)
    wanted = dataset_hash(data)
    if identity["dataset"] != wanted:
        raise CheckpointError(f"{run}: trained on dataset {identity['dataset'][:12]}, not on {wanted[:12]}")
    parts = Unfinished(
        out / "unfinished",
        {
            "weights": checkpoint.digest_in(run / FINAL),
            "dataset": wanted,
            "params": dataclasses.asdict(chosen),
            "device": device,
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
        },
    )
    folders = Folders(dataset / data.about.recordings, dataset / data.about.tokens, dataset, mirrors)
    with adding(out, ROLLOUT, [run, dataset, mirrors]), alone(out):
        with _bars() as report:
            found = rollouts(model.to(device), data, folders, chosen, parts, device, report)
        means = summary(found.rollouts)
        write(out / "rollouts.parquet", found.rollouts)
        write(out / "curves.parquet", found.curves)
        write(out / "summary.parquet", means)
        write_json(out / "metrics.json", metrics(found.rollouts))
        parts.close(out / "recordings")
    for row in means.iter_rows(named=True):
        say(_line(row))
    if not found.rollouts.height:
        say(
            f"nothing was typed: no held-out commit has {min(chosen.before)} keystrokes and {chosen.context} "
            "held-out tokens before them"
        )
    for ended, why in _ENDS.items():
        count = found.rollouts.filter(found.rollouts["ended"] == ended).height
        if count:
            say(f"{count} rollouts ended as {ended}: {why.format(chosen)}")
    faults = found.rollouts.filter(found.rollouts["fault"] != "")
    for row in faults.iter_rows(named=True):
        say(f"{row['file']}: the terminal failed: {row['fault']}")


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int, str], None]]:
    """A bar for each thing that is told of."""
    from tqdm import tqdm

    units = {"history": "frame", "rollout": "terminal"}
    with ExitStack() as stack:
        bars: dict[str, Any] = {}

        def report(what: str, done: int, total: int, note: str) -> None:
            if what not in bars:
                bar = tqdm(desc=what, total=total, unit=units[what], mininterval=0.5, miniters=0)
                bars[what] = stack.enter_context(bar)
            bars[what].set_postfix_str(note, refresh=False)
            bars[what].update(done - bars[what].n)
            if done == total:
                bars[what].close()

        yield report


def _line(row: dict[str, Any]) -> str:
    """One row of the summary in words."""
    text = (
        f"{row['policy']}, {row['before']} keys before the end of a {row['goal']}: "
        f"{row['completed']:.2f} of {row['rollouts']} completed"
    )
    if row["share"] is not None:
        text += f", {row['share']:.2f} of the edit"
    text += f", {row['agreed_keys']:.1f} keys as the typist's"
    text += f", {row['wasted']:.2f} wasted, {row['invalid']:.2f} invalid"
    if row["diverged"]:
        text += f", {row['diverged']} diverged at once, {row['recovered']:.2f} of them recovered"
    return text
