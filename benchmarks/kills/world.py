"""A small history and its parameters, small enough that every stage runs in seconds."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import yaml

from rcfam import params
from rcfam.cli.params import sections
from rcfam.history.synthetic import make_repository

CHECKOUT: Final = Path(__file__).parent.parent.parent
LENGTHS: Final = (2, 4, 8)

STAGES: Final = {
    "clone": ("data/mirrors", "clone -o data/mirrors"),
    "render": ("data/recordings", "render data/mirrors -o data/recordings"),
    "tokenize": ("data/tokens", "tokenize data/recordings -o data/tokens"),
    "dataset": ("data/dataset", "dataset data/recordings data/tokens -o data/dataset"),
    "train": ("data/runs/length-4", "train data/dataset --length 4 -o data/runs/length-4 --live data/live/4 --restart"),
    "evaluate": ("data/evaluation", "evaluate data/runs data/dataset -o data/evaluation"),
    "rollout": ("data/rollout", "rollout data/runs -o data/rollout"),
    "fit": ("data/law", "fit data/runs -o data/law"),
    "report": ("data/report", "report -o data/report"),
}
"""Stage -> what it writes, and its arguments."""


def make_world(folder: Path) -> None:
    """A folder with a history of eight commits, its parameters, and nothing run yet."""
    text = [b"def f%d(x):\n    return x + %d\n\n\n" % (n, n) for n in range(12)]
    commits = []
    for n in range(8):
        changed = [line.replace(b"x + ", b"%d * x - " % n) if i % 3 == n % 3 else line for i, line in enumerate(text)]
        commits.append((f"Change number {n}", {"a.py": b"".join(changed[: 5 + n]), f"n{n}.py": b"print(%d)\n" % n}))
    folder.mkdir(parents=True)
    make_repository(folder / "source.git", commits)
    make_repository(folder / "second.git", [(f"{m}, again", files) for m, files in commits[:5]])
    (folder / "data" / "repositories").mkdir(parents=True)
    listed = "".join(f"{name} {folder / name}.git\n" for name in ("source", "second"))
    (folder / "data" / "repositories" / "default.txt").write_text(listed)
    document = params.preset("tiny", sections())
    document["clone"]["revisions"] = {}
    document["tokenize"] |= {"size": 300, "min_count": 2}
    document["study"] |= {"lengths": list(LENGTHS), "seeds": [0, 1]}
    document["train"] |= {"steps": 12, "checkpoint_every": 3, "validate_every": 4, "validate_frames": 64}
    document["evaluate"] |= {"length": 16, "windows": 4, "batch": 4, "edge": 4}
    document["rollout"] |= {"commits": 2, "before": [8], "context": 4, "steps": 8, "batch": 2}
    document["fit"] |= {"bootstrap": 100, "grid": 12, "window": 3}
    (folder / "params.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def make_project(folder: Path) -> None:
    """A clone of this checkout with the small history and its parameters, nothing run yet."""
    subprocess.run(["git", "clone", "-q", str(CHECKOUT), str(folder)], check=True)
    make_world(folder / "world")
    for name in ("params.yaml", "data/repositories/default.txt"):
        shutil.copyfile(folder / "world" / name, folder / name)
    (folder / "dvc.lock").unlink()


def command_of(stage: str, length: int = 4) -> list[str]:
    """The stage as a command line of this checkout."""
    words = STAGES[stage][1].replace("length 4", f"length {length}").replace("length-4", f"length-{length}")
    return [sys.executable, "-m", "rcfam", *words.replace("live/4", f"live/{length}").split()]
