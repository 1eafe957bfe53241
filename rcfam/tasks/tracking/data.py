"""A task's data set: training, validation and test examples, what is to be known of them, and their folder."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from rcfam import documents
from rcfam.atomic import writing
from rcfam.tasks.tracking.errors import TaskError
from rcfam.tasks.tracking.examples import Examples, read, read_table, write
from rcfam.tasks.tracking.frjt import FrjtParams
from rcfam.tasks.tracking.maze import MazeParams

PARTS: Final = ("train", "validation", "test", "beyond")
TaskParams = FrjtParams | MazeParams
"""A task of its kind."""


@dataclass(frozen=True)
class DataSpec:
    """All that decides a data set."""

    task: TaskParams
    seed: int = 0

    @property
    def name(self) -> str:
        """frjt, maze or maze-unwithheld."""
        return self.task.name

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return self.task.vocabulary

    def described(self) -> dict[str, Any]:
        """Everything that a stored data set must agree with."""
        return {"version": self.task.version, "task": self.name, "seed": self.seed, **dataclasses.asdict(self.task)}


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


def generate(source: DataSpec) -> Data:
    """Make the data set. Its facts are those of the task, and `seen`: the share of examples that training holds too."""
    parts: dict[str, Examples] = {part: [] for part in PARTS}
    facts: list[dict[str, Any]] = []
    known: dict[int, set[bytes]] = {}
    for number, (part, some) in enumerate(source.task.depths().items()):
        for depth in some:
            group, fact = source.task.draw(part == "train", depth, (source.seed, number, depth))
            rows = [row.tobytes() for row in group.tokens_NT]
            if part == "train":
                known[depth] = set(rows)
            seen = known.get(depth, set())
            same = float(np.mean([row in seen for row in rows])) if part != "train" else None
            facts.append({"part": part, "depth": depth, "examples": len(rows), **fact, "seen": same})
            parts[part].append(group)
    return Data(**parts, facts=pl.DataFrame(facts, infer_schema_length=None))
