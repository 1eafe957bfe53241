"""`rcfam replay`: the step whose loss was not finite, once more."""

from pathlib import Path
from typing import Annotated

import typer

from rcfam.printable import say


def replay(
    run: Annotated[Path, typer.Argument(help="The folder of a run that stopped: data/runs/length-L/seed-S.")],
    dataset: Annotated[Path, typer.Argument(help="The folder that `rcfam dataset` wrote.")],
    device: Annotated[str, typer.Option("--device", help="cpu, or cuda.")] = "cpu",
) -> None:
    """Repeat the step whose loss was not finite: its windows, and the norms of every weight and gradient."""
    import math

    from rcfam.dataset.index import Dataset
    from rcfam.trained import replay as again
    from rcfam.training.data import open_source

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
