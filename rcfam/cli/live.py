"""What a training measures, shown while it goes: bars, DVCLive files for `dvc exp show`, TensorBoard event files.

Nothing is made before the first step, so that a training that is refused says one line and leaves nothing behind.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

import polars as pl
from tqdm import tqdm

from rcfam.atomic import writing
from rcfam.errors import RcfamError
from rcfam.printable import printable
from rcfam.training.loop import Step

Values = Mapping[str, Any]
"""Numbers of one step, named as the columns of the run table; None where there is none."""

_POINTS: Final = 50  # that DVCLive gets of a run, beside held-out losses: each rewrites its files
_SHOWN: Final = ("loss", "accuracy", "held_out_loss")
_DRAWN: Final = (
    "loss",
    "accuracy",
    "first_loss",
    "last_loss",
    "held_out_loss",
    "grad_norm",
    "tokens_s",
    "frames_s",
    "mfu",
    "peak_bytes",
    "wall_s",
)


class Log(Protocol):
    """Somewhere that the steps of several runs go."""

    def log(self, run: str, step: int, values: Values) -> None: ...

    def close(self) -> None: ...


class Bars:
    """A progress bar for each run, one below the other."""

    def __init__(self, titles: Mapping[str, str], steps: int) -> None:
        self._titles, self._steps = titles, steps
        self._bars: dict[str, tqdm[Any]] = {}

    def log(self, run: str, step: int, values: Values) -> None:
        if not self._bars:
            self._bars = {
                name: tqdm(total=self._steps, desc=printable(title), unit="step", position=n, mininterval=0.5)
                for n, (name, title) in enumerate(self._titles.items())
            }
        bar = self._bars[run]
        bar.set_postfix_str(f"loss {values['loss']:.3f} top-1 {values['accuracy']:.3f}", refresh=False)
        bar.update(step - bar.n)

    def close(self) -> None:
        for bar in self._bars.values():
            bar.close()


class DvcLive:
    """FOLDER/metrics.json with the last values of every run, FOLDER/plots/metrics/RUN/NAME.tsv with their history.

    A run that goes on from a checkpoint drops what it said of later steps before. It writes neither dvc.yaml nor
    experiments: the stage that runs us says what its files are.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        self._folder, self._every = folder, max(1, steps // _POINTS)
        self._last = steps
        self._runs: set[str] = set()
        self._live: Any = None

    def log(self, run: str, step: int, values: Values) -> None:
        looked = values["held_out_loss"] is not None
        if step % self._every and step != self._last and not looked and run in self._runs:
            return
        if run not in self._runs:
            self._runs.add(run)
            self._forget_from(run, step)
        if self._live is None:
            self._live = self._open()
        self._live.step = step
        for name in _SHOWN:
            if values[name] is not None:
                self._live.log_metric(f"{run}/{name}", values[name])
        self._live.summary = dict(sorted(self._live.summary.items()))  # whichever run came first
        self._live.make_summary()

    def _open(self) -> Any:
        try:
            from dvclive import Live
            from scmrepo.exceptions import SCMError
        except ImportError as error:
            raise RcfamError("--live needs DVCLive: pip install 'rcfam[pipeline]'") from error
        summary = self._folder / "metrics.json"
        try:
            if summary.exists():
                json.loads(summary.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):  # a kill cut it short; every run writes its values anew
            summary.unlink()
        try:
            return Live(str(self._folder), resume=True, save_dvc_exp=False, dvcyaml=None)
        except SCMError as error:  # such as a repository without a commit
            raise RcfamError(f"--live: DVCLive does not start here: {error}") from error

    def _forget_from(self, run: str, step: int) -> None:
        """Keep the rows of earlier steps, in files that a kill may have left empty or cut in the middle of a row."""
        for path in sorted((self._folder / "plots" / "metrics" / run).glob("*.tsv")):
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]  # a whole one ends in a newline
            names = lines[0].split("\t") if lines else []
            if "step" not in names:
                path.unlink()
                continue
            at = names.index("step")
            rows = [row for row in (line.split("\t") for line in lines[1:]) if len(row) == len(names)]
            kept = ["\t".join(row) for row in rows if row[at].isdecimal() and int(row[at]) < step]
            with writing(path) as part:
                part.write_text("\n".join([lines[0], *kept, ""]), encoding="utf-8")

    def close(self) -> None:
        if self._live is not None:
            self._live.end()


class TensorBoard:
    """FOLDER/RUN/events.out.tfevents...: every step. A run that goes on adds a file, a new one drops the old."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}

    def log(self, run: str, step: int, values: Values) -> None:
        if run not in self._writers:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                raise RcfamError("--tensorboard needs TensorBoard: pip install 'rcfam[tensorboard]'") from error
            if step == 1:
                for path in (self._folder / run).glob("events.out.tfevents.*"):
                    path.unlink()
            self._writers[run] = SummaryWriter(str(self._folder / run), purge_step=step)
        for name in _DRAWN:
            if values[name] is not None:
                self._writers[run].add_scalar(name, values[name], step)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()


class Logs:
    """Steps of the runs of one length -> everywhere they are shown. A context: leaving it closes all."""

    def __init__(self, runs: list[str], logs: Iterable[Log]) -> None:
        self._names, self._logs = runs, list(logs)
        self._seen: set[str] = set()

    def __enter__(self) -> "Logs":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._logs:
            each.close()

    def report(self, number: int, step: Step) -> None:
        """One step of run number `number`."""
        run = self._names[number]
        self._seen.add(run)
        values = step._asdict() | {"wall_s": step.progress.wall_s}
        for each in self._logs:
            each.log(run, step.progress.step, values)

    def finish(self, table_of: Callable[[int], pl.DataFrame]) -> None:
        """Runs that had ended before and said nothing are told from their tables."""
        for number, run in enumerate(self._names):
            if run not in self._seen:
                table = table_of(number)
                for row in table.filter(table["loss"].is_finite()).iter_rows(named=True):
                    for each in self._logs:
                        each.log(run, row["step"], row)
