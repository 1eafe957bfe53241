"""Optuna search over trainings with a fixed budget for each trial.

    python -m flows.tune --trials 24 --seconds 30                                   batch against sequence length
    python -m flows.tune --trials 40 --flops 1e12 --matrix-rate 0.003 0.1 --width 64 256
    python -m flows.tune --trials 40 --objectives loss,step_seconds,memory --length 2 256 --chunk 8 128
    python -m flows.tune --trial 17 --write-back                                    its values into params.yaml

Two numbers after a dimension search it, one fixes it; the rest is as in params.yaml. A trial trains for `--seconds`, or
for as many steps as `--flops` pay by formula, and is judged by its loss in the last tenth of that. With one objective,
a trial that is worse than the median of the others at the same moment is cut short; several objectives give a Pareto
front, without pruning.

The search lives in a journal, or in a database that several machines share (`--storage URL`): started again, or started
several times at once, it goes on until `--trials` trials have been judged. A trial that was interrupted or killed is
queued again; it is never counted.
"""

import argparse
import functools
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import optuna
from tqdm import tqdm

from flows import interrupts
from flows.search import TuneError, results
from flows.search.setup import FOLDER, SECONDS, Asked, prepare, study_name
from flows.search.space import DIMENSIONS
from flows.search.store import POINT, load_study, shown
from flows.search.trials import OBJECTIVES, SAMPLERS, Search, judged, run, run_one
from flows.search.writing import write_back
from rcfam.errors import RcfamError
from rcfam.printable import printable, say

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:g} trials [{elapsed}<{remaining}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 with one line on standard error, or 130 when interrupted."""
    options = _parser().parse_args(arguments)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    asked = _asked(options)

    interrupts.heed()
    try:
        if options.trials:
            study, search = prepare(asked)
            results.check(options.output or FOLDER / study.study_name)
            _search(study, search, options.trials)
        else:
            study = load_study(asked.storage, study_name(asked))
        say(results.table(study))
        folder = options.output or FOLDER / study.study_name
        say(f"written: {', '.join(str(path) for path in results.save(study, folder))}")
        if options.write_back is not None:
            _write_back(study, options.trial, Path(options.write_back or asked.params))
    except KeyboardInterrupt:
        say(f"interrupted; the same command goes on from {shown(asked.storage)}", file=sys.stderr)
        return 130
    except RcfamError as error:
        say(f"error: {printable(error)}", file=sys.stderr)
        return 1
    say(f"in a browser (extra `dashboard`, see README): python -m flows.dashboard {shlex.quote(shown(asked.storage))}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flows.tune", description="Search the parameters of a training under a budget for each trial."
    )
    parser.add_argument("--trials", type=int, default=0, metavar="N", help="go on until N are judged; 0 only shows (0)")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--seconds", type=float, metavar="S", help=f"training time of a trial ({SECONDS:g})")
    budget.add_argument("--flops", type=float, metavar="F", help="FLOPs of a trial, such as 1e12")
    for dimension in DIMENSIONS:
        option = f"--{dimension.name.replace('_', '-')}"
        parser.add_argument(
            option, type=float, nargs="+", metavar="X", help=f"LOW HIGH, or one value: {dimension.says}"
        )
    parser.add_argument("--objectives", default="loss", metavar="A,B", help=f"of {', '.join(OBJECTIVES)} (loss)")
    parser.add_argument("--sampler", choices=SAMPLERS, default="tpe", help="(tpe)")
    parser.add_argument("--storage", default=Asked.storage, help="journal file, or URL of a database")
    parser.add_argument("--study", help="name of the study in the storage (what is searched, joined)")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="for trials.csv and front.csv (optuna/STUDY)")
    parser.add_argument("--dataset", type=Path, default=Asked.dataset, help="what `rcfam dataset` wrote")
    parser.add_argument("--params", type=Path, default=Asked.params, help="sections model, train and study")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda (cpu)")
    parser.add_argument("--limit", type=float, metavar="S", help="a trial that takes longer is killed")
    parser.add_argument("--seed", type=int, default=0, help="of the search (0)")
    parser.add_argument("--write-back", nargs="?", const="", metavar="FILE", help="put the best into FILE (--params)")
    parser.add_argument("--trial", type=int, metavar="N", help="write back this one instead of the best")
    return parser


def _asked(options: argparse.Namespace) -> Asked:
    found = {dimension.name: getattr(options, dimension.name) for dimension in DIMENSIONS}
    return Asked(
        ranges={name: values for name, values in found.items() if values is not None},
        seconds=options.seconds,
        flops=options.flops,
        objectives=tuple(options.objectives.split(",")),
        sampler=options.sampler,
        storage=options.storage,
        study=options.study,
        dataset=options.dataset,
        params=options.params,
        device=options.device,
        limit_s=options.limit,
        seed=options.seed,
    )


def _search(study: optuna.Study, search: Search, trials: int) -> None:
    with tqdm(total=trials, initial=min(trials, judged(study)), desc="search", bar_format=_BAR) as bar:

        def progress(over: float) -> None:
            bar.update(max(0.0, min(trials, over) - bar.n))

        bar.write(printable(results.header(study)), file=sys.stderr)
        for trial in run(functools.partial(run_one, study, search, trials, progress)):
            bar.write(printable(results.line(study, trial)), file=sys.stderr)


def _write_back(study: optuna.Study, number: int | None, path: Path) -> None:
    """Put a trial into the parameter file and say what that changes. Raises TuneError."""
    if number is None:
        chosen = results.best(study)
        if not chosen:
            raise TuneError("no trial is complete: nothing to write back")
        if len(study.directions) > 1:
            raise TuneError("several objectives have no best: choose one of the front with --trial N")
        trial = chosen[0]
    else:
        trials = study.get_trials(deepcopy=False)
        if not 0 <= number < len(trials) or POINT not in trials[number].user_attrs:
            raise TuneError(f"there is no trial {number}")
        trial = trials[number]
    said = write_back(path, trial.user_attrs[POINT])
    say(f"{path}, trial {trial.number}: {'; '.join(said) or 'nothing to change'}")
    if said:
        say("`dvc repro` runs the stages anew that read them; the length is one of study.lengths, not a parameter")


if __name__ == "__main__":
    sys.exit(main())
