"""Heads: distinct rows give what all rows give, every part of a cell counts, cells are embedded as a plain sum."""

import numpy as np
import pytest
import torch
from torch import Tensor

from rcfam.dataset.index import Batch
from rcfam.model.cell import COLOURS, DIRECT_GLYPHS, CellEmbedding, colour_bucket, glyph_bucket
from rcfam.model.conv import ConvHead, Down
from rcfam.model.frames import Frames, gather
from rcfam.model.paper import halve
from rcfam.terminal.cells import GLYPH_BITS, RGB
from tests.support.oracles import model as oracle
from tests.support.oracles.backpropagation import ATTRIBUTES, HEADS, shape, small_model, typed_windows


def written_out(batch: Batch) -> Frames:
    """Every row of every frame stands for itself."""
    steps, streams, rows, columns = batch.cells_TBRC.shape
    cursors = torch.from_numpy(batch.cursors_TB3.astype(np.int64))
    on_row = torch.arange(rows) == cursors[..., :1]
    return Frames(
        torch.from_numpy(batch.cells_TBRC.reshape(-1, columns).view(np.int32)),
        torch.where(on_row, cursors[..., 1:2], -1).flatten(),
        torch.arange(steps * streams * rows).view(steps, streams, rows),
        cursors,
    )


@pytest.mark.parametrize("head", list(HEADS))
def test_distinct_rows_give_what_all_rows_give(head: str) -> None:
    """Vectors and gradients."""
    model = small_model(head, "lstm").head
    batch = typed_windows(9, 2, seed=4)
    distinct = gather(batch.cells_TBRC, batch.cursors_TB3)
    assert len(distinct.rows_UC) < 0.6 * distinct.index_TBR.numel()
    found: list[tuple[Tensor, list[Tensor]]] = []
    for frames in (distinct, written_out(batch)):
        vectors = model(frames)
        slope = torch.randn(vectors.shape, dtype=vectors.dtype, generator=torch.Generator().manual_seed(0))
        found.append((vectors, list(torch.autograd.grad(vectors, list(model.parameters()), slope))))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=0, atol=1e-12)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=0, atol=1e-11)


def one_frame(change: str | None = None) -> Frames:
    """A screen of letters; `change` says what differs in one cell, or of the cursor."""
    where = shape()
    letters = np.arange(where.rows * where.columns, dtype=np.uint32).reshape(1, 1, where.rows, where.columns)
    cells = 33 + letters % 26 | np.uint32(1 << GLYPH_BITS)
    cursors = np.array([[[2, 3, 1]]], np.int32)
    if change == "glyph":
        cells[0, 0, 4, 9] += 1
    elif change == "attribute":
        cells[0, 0, 4, 9] = cells[0, 0, 4, 9] & (1 << GLYPH_BITS) - 1 | 2 << GLYPH_BITS
    elif change == "places":
        cells[0, 0, 4, [8, 9]] = cells[0, 0, 4, [9, 8]]
    elif change == "rows":
        cells[0, 0, [0, 4]] = cells[0, 0, [4, 0]]
    elif change == "cursor row":
        cursors[0, 0, 0] = 3
    elif change == "cursor column":
        cursors[0, 0, 1] = 4
    return gather(cells, cursors)


@pytest.mark.parametrize("change", ["glyph", "attribute", "places", "rows", "cursor row", "cursor column"])
@pytest.mark.parametrize("head", list(HEADS))
def test_every_part_of_a_frame_counts(head: str, change: str) -> None:
    model = small_model(head, "lstm").head
    with torch.no_grad():
        assert float((model(one_frame()) - model(one_frame(change))).abs().max()) > 1e-6


def test_cells_are_embedded_as_a_plain_sum() -> None:
    torch.manual_seed(0)
    module = CellEmbedding(5, 300, ATTRIBUTES).double()
    weights = {key: value.detach().numpy() for key, value in module.named_parameters()}
    cells = np.array([[97, 255 | 2 << GLYPH_BITS], [0x4E00 | 3 << GLYPH_BITS, 97 | 9 << GLYPH_BITS]], np.uint32)
    cursor = torch.tensor([[False, True], [False, False]])
    found = module(torch.from_numpy(cells.view(np.int32)), cursor).detach().numpy()
    for place in np.ndindex(2, 2):
        cell = int(cells[place])
        glyph = int(glyph_bucket(torch.tensor(cell & (1 << GLYPH_BITS) - 1), 300))
        look = ATTRIBUTES[min(cell >> GLYPH_BITS, len(ATTRIBUTES) - 1)]  # one past the table counts as its last
        rows = int(colour_bucket(look[0])), int(colour_bucket(look[1])), int(look[2])
        expected = oracle.cell_vector(glyph, rows, bool(cursor[place]), weights)
        np.testing.assert_allclose(found[place], expected, atol=1e-12)


def test_glyphs_have_a_row_of_their_own_or_share_one() -> None:
    glyphs = torch.arange(0x110000 + 64)
    found = glyph_bucket(glyphs, 320)
    assert torch.equal(found[:DIRECT_GLYPHS], glyphs[:DIRECT_GLYPHS])
    shared = torch.bincount(found[DIRECT_GLYPHS:], minlength=320)[DIRECT_GLYPHS:]
    assert int(found.max()) == 319
    assert float(shared.min() / shared.max()) > 0.9  # spread evenly


def test_colours_have_rows_within_the_table() -> None:
    palette = np.arange(257)
    np.testing.assert_array_equal(colour_bucket(palette), palette)
    true = np.random.default_rng(0).integers(0, 1 << 24, 1000) | RGB
    assert colour_bucket(true).min() >= 257
    assert colour_bucket(true).max() < COLOURS


@pytest.mark.parametrize(("head", "reduce"), [("conv", "mean"), ("conv_last", "last")])
def test_conv_ends_in_the_mean_or_the_last_position(head: str, reduce: str) -> None:
    model = small_model(head, "lstm").head
    assert isinstance(model, ConvHead)
    assert model.reduce == reduce
    frames = one_frame()
    kept: list[Tensor] = []
    model.blocks[-1].register_forward_hook(lambda _, __, out: kept.append(out))
    found = model(frames)
    one = kept[0].mean(1) if reduce == "mean" else kept[0][:, -1]
    torch.testing.assert_close(found[0], model.out(model.norm(one)))


def test_down_samplers_halve_and_round_up() -> None:
    """A constant image stays constant inside; a part of a square at the edge is a mean of its own."""
    down = Down(3, 4)
    torch.nn.init.dirac_(down.conv.weight)
    x = torch.ones(2, 5, 7, 3)
    y = down(x)
    assert y.shape == (2, 3, 4, 4)
    expected = torch.nn.functional.gelu(torch.tensor(1.0))
    torch.testing.assert_close(y[..., :3], expected.expand(2, 3, 4, 3), rtol=0, atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_halving_means_pairs_and_keeps_an_odd_one(length: int) -> None:
    x = torch.arange(length, dtype=torch.float32)[None, :, None]
    expected = [(2 * i + 2 * i + 1) / 2 for i in range(length // 2)] + [length - 1] * (length % 2)
    assert halve(x)[0, :, 0].tolist() == expected
