"""A dataset and a model -> rollouts from held-out commits, by the model and by what it is measured beside."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import polars as pl
import torch

from rcfam import tables
from rcfam.atomic import writing
from rcfam.bounds import Different, Range, Seed, Size, check
from rcfam.dataset import tokens as token_files
from rcfam.dataset.dataset_tables import COMMITS
from rcfam.dataset.index import Dataset, renumbering
from rcfam.dataset.split import TRAIN
from rcfam.dataset.tokens import Tokens
from rcfam.evaluation.rollout import policies, results
from rcfam.evaluation.rollout.closed_loop import Session, play
from rcfam.evaluation.rollout.start_points import StartPoint, choose
from rcfam.evaluation.rollout.starts import Start, starts
from rcfam.evaluation.rollout.unfinished import Unfinished
from rcfam.history import Repository
from rcfam.model.action import ActionModel
from rcfam.recording import Reader
from rcfam.tokenizer import Tokenizer

_MOST_PAIRS = 10_000_000
"""Training tokens that the bigram baseline is fitted to, at most."""


@dataclass(frozen=True)
class RolloutParams:
    """Held-out commits that a model is to finish by itself."""

    commits: Annotated[int, Range(1, 10**6)] = 8
    """Held-out commits in which rollouts begin."""
    before: Annotated[tuple[Annotated[int, Range(1, 10**6)], ...], Size(1, 100), Different()] = (8, 32, 128)
    """Keystrokes between the start of a rollout and the end of an editor session, and of the commit."""
    context: Annotated[int, Range(1, 2**24)] = 64
    """Recorded tokens that the model sees before it takes over."""
    steps: Annotated[int, Range(1, 10**6)] = 128
    """Tokens of a rollout at most."""
    seconds: Annotated[float, Range(above=0, most=86_400)] = 10.0
    """Seconds of processor time for one rollout's terminal. Then it ends as `timeout`. The terminal's own limits are
    reached long before, and they are the same on every machine.
    """
    batch: Annotated[int, Range(1, 4_096)] = 64
    """Terminals side by side."""
    temperatures: Annotated[tuple[Annotated[float, Range(0, 1_000_000)], ...], Size(1, 100)] = (0.0, 0.7)
    """Sampling temperatures; the model types once at each. At 0 it takes the likeliest token."""
    top_p: Annotated[float, Range(above=0, most=1)] = 0.95
    """Tokens are drawn from the likeliest ones that have this share together, at temperatures above 0."""
    seed: Seed = 0
    """Seed of the choice of commits, of the sampled tokens and of the wrong keys."""

    def __post_init__(self) -> None:
        check(self)
        if max(self.before) > self.steps:
            raise ValueError(f"steps: {self.steps} do not suffice for {max(self.before)} keystrokes before the end")
        if len({_how(t) for t in self.temperatures}) < len(self.temperatures):
            raise ValueError(f"temperatures: {list(self.temperatures)} holds one twice")


Progress = Callable[[Literal["history", "rollout"], int, int, str], None]
"""Told what is being done, how much of it is done, how much there is in all (frames, then terminals), and who types
which step.
"""


class Folders(NamedTuple):
    """Where recordings, their tokens, the dataset's tables and the mirrors NAME.git lie."""

    recordings: Path
    tokens: Path
    dataset: Path
    mirrors: Path


class Rollouts(NamedTuple):
    """One row a rollout (telling.ROLLOUTS), and one a rollout and step (telling.CURVES)."""

    rollouts: pl.DataFrame
    curves: pl.DataFrame


def rollouts(
    model: ActionModel,
    dataset: Dataset,
    folders: Folders,
    params: RolloutParams,
    parts: Unfinished,
    device: torch.device | str = "cpu",
    progress: Progress = lambda what, done, total, note: None,
) -> Rollouts:
    """Let the model and the baselines type from every start; each rollout becomes a recording POLICY/NUMBER.tsr in
    `parts`, and what `parts` holds already is not done again.

    Empty tables where no held-out commit is long enough. What comes of odd keys and odd weights is told in the tables.
    Raises what stands in the way of reading dataset, recordings and mirrors.
    """
    tokenizer = Tokenizer.load(folders.tokens / "vocabulary.json")
    with ExitStack() as stack:
        opened: dict[str, tuple[Reader, Tokens]] = {}

        def recording(name: str) -> tuple[Reader, Tokens]:
            if name not in opened:
                reader = stack.enter_context(Reader(folders.recordings / f"{name}.tsr"))
                opened[name] = reader, token_files.load(folders.tokens / f"{name}{token_files.SUFFIX}")
            return opened[name]

        commits = _commits(folders.dataset / "commits.parquet")
        places = choose(commits, recording, params.commits, params.before, params.context, params.seed)
        begun = list(_starts(places, recording, folders.mirrors, progress))
        parts.take_up()
        if not begun:
            return Rollouts(pl.DataFrame(schema=results.ROLLOUTS), pl.DataFrame(schema=results.CURVES))
        attributes = begun[0].terminal.attributes
        numbers = renumbering(attributes, dataset.attributes_A3)
        players = _players(model, tokenizer, _pairs(dataset, folders.tokens, tokenizer), params, numbers, device)
        tables = []
        done, total = 0, len(players) * len(begun)
        progress("rollout", done, total, "")
        for name, policy in players.items():
            for first in range(0, len(begun), params.batch):
                group = begun[first : first + params.batch]

                def typed(step: int, ended: int, name: str = name, done: int = done) -> None:
                    progress("rollout", done + ended, total, f"{name}, step {step} of {params.steps}")

                table = parts.finished(name, first)
                if table is None:
                    ids = [(dataset.names.to_list().index(s.place.recording), s.place.context) for s in group]
                    context = dataset.read(ids, params.context)
                    sessions = play(group, context, policy, params.steps, params.seconds, typed)
                    table = _written(name, sessions, recording, parts.recordings)
                    parts.keep(name, first, table)
                tables.append(table)
                done += len(group)
                progress("rollout", done, total, "")
    table = pl.concat(tables)
    return Rollouts(table.drop("distances"), results.curves(table, params.steps))


def _commits(path: Path) -> pl.DataFrame:
    return tables.read(path, COMMITS)


def _written(
    policy: str, sessions: list[Session], recording: Callable[[str], tuple[Reader, Tokens]], folder: Path
) -> pl.DataFrame:
    """The rollouts as telling.KEPT has them, after their recordings."""
    rows = []
    for session in sessions:
        reader, tokens = recording(session.start.place.recording)
        file = f"{policy.replace(' ', '-')}/{session.start.number:04d}.tsr"
        with writing(folder / file) as part, part.open("wb") as stream:
            results.record(stream, session, reader, policy, int(tokens.starts_N[session.start.place.context]))
        rows.append(results.row(policy, session, file))
    return pl.DataFrame(rows, results.KEPT)


def _starts(
    places: list[StartPoint], recording: Callable[[str], tuple[Reader, Tokens]], mirrors: Path, progress: Progress
) -> Iterator[Start]:
    last: dict[str, int] = {}
    for place in places:
        last[place.recording] = max(last.get(place.recording, 0), place.stop)
    before, total = 0, sum(last.values())
    for name, stop in last.items():
        reader, tokens = recording(name)

        def replayed(frames: int, before: int = before, name: str = name) -> None:
            progress("history", before + frames, total, name)

        replayed(0)
        yield from starts(places, name, reader, tokens, Repository(mirrors / f"{name}.git"), replayed)
        before += stop


def _pairs(dataset: Dataset, folder: Path, tokenizer: Tokenizer) -> policies.Pairs:
    def streams() -> Iterator[token_files.NDArray]:
        left = _MOST_PAIRS
        for recording, first, size in zip(*(part.tolist() for part in dataset.stretches(TRAIN)), strict=True):
            tokens_N = token_files.load(folder / f"{dataset.names[recording]}{token_files.SUFFIX}").tokens_N
            yield tokens_N[first : first + min(size, left)]
            left -= min(size, left)
            if not left:
                return

    return policies.Pairs(streams(), tokenizer.size)


def _players(
    model: ActionModel,
    tokenizer: Tokenizer,
    pairs: policies.Pairs,
    params: RolloutParams,
    numbers: policies.NDArray | None,
    device: torch.device | str,
) -> dict[str, policies.Policy]:
    """Who types, by name."""

    def sampling(temperature: float) -> policies.Sampling:
        return policies.Sampling(temperature, params.top_p, params.seed)

    def ours(temperature: float) -> policies.Model:
        return policies.Model(model, tokenizer, sampling(temperature), numbers, device)

    found: dict[str, policies.Policy] = {"typist": policies.Teacher()}
    found |= {f"model {_how(t)}": ours(t) for t in params.temperatures}
    first = params.temperatures[0]
    found[f"model {_how(first)} after a wrong key"] = policies.WrongFirst(ours(first), params.seed)
    found["typist blind after a wrong key"] = policies.WrongFirst(policies.Teacher(late=1), params.seed)
    found |= {f"bigram {_how(t)}": policies.Bigram(pairs, tokenizer, sampling(t)) for t in params.temperatures}
    found["repeat"] = policies.Repeat()
    return found


def _how(temperature: float) -> str:
    return "greedy" if temperature == 0 else f"at {temperature:g}"
