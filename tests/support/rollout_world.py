"""A small history, recorded and made a dataset of, and a model that knows it by heart."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rcfam.dataset import Dataset
from rcfam.dataset import tokens as token_files
from rcfam.evaluation.rollout import RolloutParams
from rcfam.evaluation.rollout.held_out import Folders
from rcfam.history import Repository
from rcfam.model.frames import Frames
from rcfam.recording import Reader
from rcfam.rendering import RenderParams, record
from tests.dataset.test_stages import run
from tests.support.oracles.git import Git

PARAMS = """
tokenize: {size: 300, min_count: 2, longest: 31}
dataset: {held_out: 0.5, seed: 0, sampling: length}
"""
SETTINGS = RolloutParams(
    commits=4,
    before=(4, 12, 40),
    context=3,
    steps=64,
    seconds=60.0,
    batch=5,
    temperatures=(0.0, 1.0),
    top_p=0.9,
    seed=0,
)


class World(NamedTuple):
    """The folders of a pipeline, and its dataset."""

    folders: Folders
    dataset: Dataset


def world(folder: Path, names: Sequence[str] = ("small",)) -> World:
    """Repositories of eight commits; of one half of the commits are held out, of several half of them. A picture that
    cannot be typed comes with one commit.
    """
    for name in ("mirrors", "recordings"):
        (folder / name).mkdir()
    for number, name in enumerate(names):
        mirror = folder / "mirrors" / f"{name}.git"
        history(folder / "source" / name, number).run("clone", "-q", "--bare", ".", str(mirror))
        with (folder / "recordings" / f"{name}.tsr").open("wb") as file:
            record(Repository(mirror), "HEAD", name, RenderParams(), file)
    recordings, tokens, dataset = (folder / name for name in ("recordings", "tokens", "dataset"))
    params = folder / "params.yaml"
    params.write_text(PARAMS)
    for line in (("tokenize", recordings, "-o", tokens), ("dataset", recordings, tokens, "-o", dataset)):
        result = run(*line, "--params", params)
        assert result.exit_code == 0, result.output
    return World(Folders(recordings, tokens, dataset, folder / "mirrors"), Dataset.open(dataset))


def history(folder: Path, day: int) -> Git:
    """The repository of one day: the same keys, other commit ids."""
    git = Git(folder)
    git.day = day
    text = [b"def f%d(x):\n    return x + %d\n\n\n" % (n, n) for n in range(12)]
    git.commit("Begin", {"a.py": b"".join(text[:6]), "b.py": b"x = 1\n"})
    for n in range(1, 8):
        changed = [line.replace(b"x + ", b"%d * x - " % n) if i % 3 == n % 3 else line for i, line in enumerate(text)]
        picture = {"picture": b"\0\1\2"} if n == 5 else {}
        git.commit(
            f"Change number {n}", {"a.py": b"".join(changed[: 6 + n]), f"n{n}.py": b"print('%d')\n" % n, **picture}
        )
    return git


class Memory:
    """It answers each frame of the recording as the typist did, and any other with token 32.

    What a frame alone does not tell it counts from the frames before: a model's state, carried along.
    """

    def __init__(self, world: World) -> None:
        self._vocabulary = world.dataset.vocabulary
        self._known: dict[bytes, int] = {}
        for path in sorted(world.folders.recordings.glob("*.tsr")):
            tokens = token_files.load(world.folders.tokens / f"{path.stem}.tokens.npz")
            with Reader(path) as reader:
                cells, cursors = reader.frames_at(tokens.starts_N)
            before = b""
            for n, token in enumerate(tokens.tokens_N.tolist()):
                now = cells[n].tobytes() + cursors[n].astype(np.int64).tobytes()
                self._known[before + now] = token
                before = now

    def initial(self, streams: int) -> tuple[Tensor, ...]:
        return (torch.zeros(streams, 0, dtype=torch.uint8),)

    def advance(self, frames: Frames, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self(frames, state)

    def __call__(self, frames: Frames, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        cells, cursors = frames.cells().numpy().view(np.uint32), frames.cursors_TB3.numpy()
        logits = torch.zeros(*cursors.shape[:2], self._vocabulary)
        before = [row.numpy().tobytes() for row in state[0]]
        for t in range(len(cursors)):
            now = [cell.tobytes() + cursor.tobytes() for cell, cursor in zip(cells[t], cursors[t], strict=True)]
            for b, key in enumerate(now):
                logits[t, b, self._known.get(before[b] + key, 32)] = 100.0
            before = now
        return logits, (torch.from_numpy(np.stack([np.frombuffer(key, np.uint8) for key in before]).copy()),)
