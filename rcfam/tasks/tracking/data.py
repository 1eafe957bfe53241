"""A task's data set: training, validation and test examples, what is to be known of them, and their folder."""

# N examples, D blocks, M moves

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rcfam import documents
from rcfam.atomic import writing
from rcfam.tasks.tracking import frjt, maze
from rcfam.tasks.tracking.errors import TaskError
from rcfam.tasks.tracking.examples import Examples, read, read_table, write
from rcfam.tasks.tracking.frjt import FrjtParams
from rcfam.tasks.tracking.maze import MazeParams

VERSIONS: Final = {"frjt": 1, "maze": 1, "maze-unwithheld": 2}  # a new one where the same seed gives other examples
PARTS: Final = ("train", "validation", "test", "beyond")
_BEYOND_AT_MOST: Final = 8  # depths past the trained one that are tested
TaskParams = FrjtParams | MazeParams


@dataclass(frozen=True)
class DataSpec:
    """All that decides a data set."""

    task: TaskParams
    seed: int = 0

    @property
    def name(self) -> str:
        """frjt, maze or maze-unwithheld."""
        if isinstance(self.task, FrjtParams):
            return "frjt"
        return "maze" if self.task.withheld else "maze-unwithheld"

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return self.task.vocabulary if isinstance(self.task, FrjtParams) else maze.VOCABULARY

    def described(self) -> dict[str, Any]:
        """Everything that a stored data set must agree with."""
        return {"version": VERSIONS[self.name], "task": self.name, "seed": self.seed, **dataclasses.asdict(self.task)}


class Data(NamedTuple):
    """A data set. `beyond` holds test examples deeper than any other part does."""

    train: Examples
    validation: Examples
    test: Examples
    beyond: Examples
    facts: pl.DataFrame
    """One row a part and depth; see `generate`."""


def open_data(folder: Path, source: DataSpec) -> Data:
    """Read the data set in `folder`, or make it where there is none.

    Raises TaskError where the folder holds another one, or one that is damaged.
    """
    description = folder / "data.json"
    if not description.exists():
        made = generate(source)
        for part in PARTS:
            write(folder / f"{part}.parquet", getattr(made, part))
        with writing(folder / "facts.parquet") as path:
            made.facts.write_parquet(path)
        with writing(description) as path:
            path.write_text(json.dumps(source.described(), indent=1) + "\n", encoding="utf-8")
        return made
    found, wanted = described(description), source.described()
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            raise TaskError(
                f"{description}: {key} is {found.get(key)!r}, wanted {wanted.get(key)!r}; take another folder"
            )
    parts = {part: read(folder / f"{part}.parquet") for part in PARTS}
    return Data(**parts, facts=read_table(folder / "facts.parquet"))


def described(path: Path) -> dict[str, Any]:
    """What a data.json holds. Raises TaskError where it is damaged."""
    found = documents.load_json(path)
    if not isinstance(found, dict) or not {"task", "seed", "depth"} <= found.keys():
        raise TaskError(f"{path}: not the description of a data set")
    return found


def depths(source: DataSpec) -> dict[str, list[int]]:
    """The depths of each part."""
    deepest = source.task.depth
    last = int(deepest * source.task.beyond)
    if isinstance(source.task, MazeParams):
        return {"train": [deepest], "validation": [deepest], "test": [deepest], "beyond": [last][: last - deepest]}
    whole = list(range(1, deepest + 1))
    steps = min(_BEYOND_AT_MOST, last - deepest)
    further = sorted({int(depth) for depth in np.linspace(deepest, last, steps + 1)[1:].round()})
    return {"train": whole, "validation": whole, "test": whole, "beyond": further}


def generate(source: DataSpec) -> Data:
    """Make the data set.

    Facts of programs: coverage (share of blocks executed), true_depth (blocks executed, mean and largest), halts_b,
    seen (share that training holds too). Facts of walks: blocked (share of moves that a wall stops), true_depth (moves
    withheld before the last answer), seen.
    """
    parts: dict[str, Examples] = {part: [] for part in PARTS}
    facts: list[dict[str, Any]] = []
    known: dict[int, set[bytes]] = {}
    for number, (part, some) in enumerate(depths(source).items()):
        for depth in some:
            seed = (source.seed, number, depth)
            task = source.task
            if isinstance(task, FrjtParams):
                count = task.programs if part == "train" else task.held_out
                group, ran_ND = frjt.group(task, depth, count, seed)
                fact = _program_facts(group.answers_NPK, ran_ND)
            else:
                group = maze.group(task, depth, task.walks if part == "train" else task.held_out, seed)
                fact = _walk_facts(group.tokens_NT)
            rows = [row.tobytes() for row in group.tokens_NT]
            if part == "train":
                known[depth] = set(rows)
            seen = known.get(depth, set())
            same = float(np.mean([row in seen for row in rows])) if part != "train" else None
            facts.append({"part": part, "depth": depth, "examples": len(rows), **fact, "seen": same})
            parts[part].append(group)
    return Data(**parts, facts=pl.DataFrame(facts, infer_schema_length=None))


def _program_facts(answers_NPK: NDArray[np.int16], ran_ND: NDArray[np.uint8]) -> dict[str, float]:
    chain_N = ran_ND.sum(axis=1)
    return {
        "coverage": float(ran_ND.mean()),
        "true_depth": float(chain_N.mean()),
        "true_depth_most": float(chain_N.max()),
        "halts_b": float(answers_NPK.mean()),
    }


def _walk_facts(tokens_NT: NDArray[np.uint8]) -> dict[str, float]:
    seen_NM = tokens_NT[:, 1::2]
    shown_NM = seen_NM != maze.WITHHELD
    withheld_N = (~shown_NM).sum(axis=1)
    return {
        "blocked": float((seen_NM == maze.UNCHANGED).sum() / max(shown_NM.sum(), 1)),
        "true_depth": float(withheld_N.mean()),
        "true_depth_most": float(withheld_N.max()),
    }
