"""What differs between two outputs, measured times apart."""

import json
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import torch

from rcfam.outputs import MARK

TIMES: Final = {
    *("wall_s", "step_s", "peak_bytes", "tokens_s", "frames_s", "mfu", "cpu_s", "seconds", "timestamp", "time"),
    *("frames_per_s", "tokens_per_s", "wall_seconds", "steps_s", "samples_s"),
}
"""Columns and keys that hold measured times, rates or memory."""
_MADE: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+00:00")  # when a page was made
IGNORED: Final = {"FETCH_HEAD"}
"""Files that say what git did last, not what it has."""


def parts_left(folder: Path) -> list[str]:
    """Temporary names that stayed."""
    return [f"stayed: {path.relative_to(folder)}" for path in folder.rglob("*") if path.name.endswith(".part")]


def differences(ours: Path, theirs: Path) -> list[str]:
    """What differs between two folders, measured times apart."""
    names = {
        path.relative_to(root)
        for root in (ours, theirs)
        for path in root.rglob("*")
        if path.is_file() and path.name not in IGNORED
    }
    found = []
    for name in sorted(names):
        if not (ours / name).exists():
            found.append(f"missing: {name}")
        elif not (theirs / name).exists():
            found.append(f"not in the undisturbed run: {name}")
        elif not same(ours / name, theirs / name):
            found.append(f"differs: {name}")
    return found


def same(a: Path, b: Path) -> bool:
    """Whether two files say the same, measured times apart."""
    if a.read_bytes() == b.read_bytes():
        return True
    if a.suffix == ".parquet":
        one, two = (pl.read_parquet(path) for path in (a, b))
        kept = [name for name in one.columns if name not in TIMES]
        return set(one.columns) == set(two.columns) and one.select(kept).equals(two.select(kept))
    if a.name == MARK:  # the files on its list are compared themselves
        return bool(json.loads(a.read_text())["files"].keys() == json.loads(b.read_text())["files"].keys())
    if a.suffix == ".html":
        return _MADE.sub("", a.read_text()) == _MADE.sub("", b.read_text())
    if a.suffix == ".json":
        return bool(without_times(json.loads(a.read_text())) == without_times(json.loads(b.read_text())))
    if a.suffix == ".npz":
        with np.load(a) as one, np.load(b) as two:
            return set(one) == set(two) and all(np.array_equal(one[name], two[name]) for name in one)
    if a.suffix == ".pt":
        return same_tensors(torch.load(a, weights_only=True), torch.load(b, weights_only=True))
    return False


def same_tensors(a: Any, b: Any) -> bool:
    """Whether two nests of tensors are equal, bit by bit, measured times apart."""
    if isinstance(a, dict):
        return set(a) == set(b) and all(name in TIMES or same_tensors(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same_tensors, a, b))
    return bool(torch.equal(a, b)) if isinstance(a, torch.Tensor) else bool(a == b)


def without_times(value: Any) -> Any:
    """A JSON value without the keys that hold measured times."""
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if key not in TIMES}
    return [without_times(each) for each in value] if isinstance(value, list) else value
