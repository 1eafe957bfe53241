"""What each head and each backbone can learn: to copy what a frame shows, to remember what it showed earlier."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import measure
from rcfam.model.action import ActionModel, DataShape, ModelParams, build
from rcfam.model.backbones import AttentionParams, LstmParams, SumParams
from rcfam.model.conv import ConvParams
from rcfam.model.paper import PaperParams
from rcfam.model.rows import RowsParams
from rcfam.training.optimiser import Optimiser, OptimiserParams
from rcfam.training.streaming import gradients
from tests.support.oracles.backpropagation import typed_windows

torch.set_num_threads(1)  # models this small only wait for threads

# T steps, B streams, R rows, C columns

SYMBOLS, ROWS, COLUMNS, WIDTH = 4, 3, 8, 16
SHAPE = DataShape(ROWS, COLUMNS, SYMBOLS, np.zeros((1, 3), np.uint32))
ROWS_HEAD = RowsParams(cell=8, patch=4, row=16, row_blocks=0, frame_blocks=0, heads=2, before=2, after=2)
CONV_HEAD = ConvParams(cell=8, width=16, downs=1, blocks=1, heads=2, mlp_ratio=2, reduce="mean")
MODEL = ModelParams(head=ROWS_HEAD, width=WIDTH, layers=1, mlp_ratio=2, glyphs=300)
HEADS = {
    "rows": MODEL,
    "rows_deep": replace(MODEL, head=replace(ROWS_HEAD, row_blocks=1, frame_blocks=1)),
    "conv": replace(MODEL, head=CONV_HEAD),
    "conv_last": replace(MODEL, head=replace(CONV_HEAD, reduce="last")),
    "paper": replace(MODEL, head=PaperParams(width=16, pools=1, blocks=1, heads=2, mlp_ratio=2)),
}
BACKBONES = {
    "lstm": MODEL,
    "lstm from zero": replace(MODEL, backbone=LstmParams(state="zero")),
    "attention": replace(MODEL, backbone=AttentionParams(heads=2, positions=32)),
    "sum": replace(MODEL, backbone=SumParams()),
}
OPTIMISER = OptimiserParams(
    matrix_rate=0.02,
    other_rate=0.01,
    momentum=0.95,
    newton_schulz=5,
    beta1=0.9,
    beta2=0.95,
    weight_decay=0.0,
    gates="split",
    matrices="inner",
    warmup=10,
    schedule="cosine",
    clip=1.0,
)
Task = Callable[[int], Batch]


def frames(targets_TB: np.ndarray, cells_TBRC: np.ndarray, cursors_TB3: np.ndarray) -> Batch:
    streams = targets_TB.shape[1]
    mask = np.ones(targets_TB.shape, np.bool_)
    return Batch(
        cells_TBRC.astype(np.uint32), cursors_TB3.astype(np.int32), targets_TB, mask, np.zeros((streams, 2), np.int64)
    )


def noise(rng: np.random.Generator, steps: int, streams: int) -> tuple[np.ndarray, np.ndarray]:
    """Screens of symbols A B C D and a cursor anywhere."""
    cells = rng.integers(65, 65 + SYMBOLS, (steps, streams, ROWS, COLUMNS))
    cursors = np.stack([rng.integers(n, size=(steps, streams)) for n in (ROWS, COLUMNS)], axis=-1)
    return cells, np.concatenate([cursors, np.ones((steps, streams, 1), np.int64)], axis=-1)


def at_the_cursor(seed: int) -> Batch:
    """The token is the symbol under the cursor."""
    cells, cursors = noise(np.random.default_rng(seed), 1, 64)
    row, column = cursors[0, :, 0], cursors[0, :, 1]
    return frames(cells[:, np.arange(64), row, column] - 65, cells, cursors)


def elsewhere(seed: int) -> Batch:
    """The token is the symbol in the middle of the top row, wherever the cursor is."""
    cells, cursors = noise(np.random.default_rng(seed), 1, 64)
    return frames(cells[:, :, 0, COLUMNS // 2] - 65, cells, cursors)


def earlier(seed: int, distance: int = 3, steps: int = 12) -> Batch:
    """The token is the symbol that stood at the cursor `distance` frames ago; the first frames are not scored."""
    rng = np.random.default_rng(seed)
    shown = rng.integers(SYMBOLS, size=(steps, 32))
    cells = np.full((steps, 32, ROWS, COLUMNS), 32)
    cells[:, :, 1, 2] = 65 + shown
    cursors = np.broadcast_to(np.array([1, 2, 1]), (steps, 32, 3))
    batch = frames(np.roll(shown, distance, axis=0), cells, cursors)
    return batch._replace(mask_TB=np.arange(steps)[:, None].repeat(32, 1) >= distance)


def seen(seed: int, steps: int = 12) -> Batch:
    """The token says whether A has been shown so far: no order is needed for it."""
    rng = np.random.default_rng(seed)
    shown = rng.integers(10, size=(steps, 32))
    cells = np.full((steps, 32, ROWS, COLUMNS), 32)
    cells[:, :, 1, 2] = 65 + shown
    cursors = np.broadcast_to(np.array([1, 2, 1]), (steps, 32, 3))
    return frames((np.cumsum(shown == 0, axis=0) > 0).astype(np.int64), cells, cursors)


def accuracy_after(params: ModelParams, task: Task, steps: int) -> float:
    """Train on fresh batches, then count hits on one more."""
    model = build(params, SHAPE, 0)
    train(model, task, steps)
    batch = task(10**6)
    return float(measure(model, batch, 64).correct_TB.sum()) / int(batch.mask_TB.sum())


def train(model: ActionModel, task: Task, steps: int) -> None:
    optimiser = Optimiser(model, OPTIMISER)
    for number in range(1, steps + 1):
        gradients(model, task(number), 64)
        optimiser.step(number, steps, optimiser.norm())


@pytest.mark.parametrize("task", [at_the_cursor, elsewhere])
@pytest.mark.parametrize("head", list(HEADS))
def test_each_head_copies_what_a_frame_shows(head: str, task: Task) -> None:
    assert accuracy_after(HEADS[head], task, 300) > 0.95


@pytest.mark.parametrize("backbone", ["lstm", "lstm from zero", "attention"])
def test_backbones_remember_three_frames_back(backbone: str) -> None:
    assert accuracy_after(BACKBONES[backbone], earlier, 300) > 0.95


def test_a_sum_does_not_know_the_order() -> None:
    """One layer guesses, right in a quarter of all cases and where few symbols were shown; a second layer, which sums
    what the first one knew at every step, would learn some of it.
    """
    assert accuracy_after(BACKBONES["sum"], earlier, 300) < 0.6
    model, batch = build(BACKBONES["sum"], SHAPE, 0), earlier(0)
    order = [3, 1, 0, 2, *range(4, len(batch.targets_TB))]
    loss, other = (
        measure(model, b, 64).loss_TB
        for b in (batch, batch._replace(cells_TBRC=batch.cells_TBRC[order], cursors_TB3=batch.cursors_TB3[order]))
    )
    torch.testing.assert_close(loss[5:], other[5:], rtol=0, atol=1e-5)


@pytest.mark.parametrize("backbone", list(BACKBONES))
def test_each_backbone_knows_what_it_has_seen(backbone: str) -> None:
    assert accuracy_after(BACKBONES[backbone], seen, 200) > 0.95


@pytest.mark.parametrize("head", list(HEADS))
def test_a_fixed_batch_is_learnt_by_heart(head: str) -> None:
    """Random tokens for random frames: below 0.05 nats."""
    batch = typed_windows(8, 4, seed=3, where=SHAPE)
    model = build(HEADS[head], SHAPE, 0)
    train(model, lambda _: batch, 150)
    assert float(measure(model, batch, 8).loss_TB.mean()) < 0.05
