"""Metrics against loops and against values worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rcfam.evaluation import metrics
from rcfam.evaluation.measuring import measure
from rcfam.evaluation.scoring import EvaluateParams, evaluate, measure_in_pieces
from tests.support.oracles import metrics as oracle
from tests.support.oracles.backpropagation import small_model, typed_windows

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 4))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_sustained_equals_the_oracle(data: st.DataObject) -> None:
    size = data.draw(SHAPES)
    correct, mask = (data.draw(arrays(np.bool_, size)) for _ in range(2))
    found = metrics.sustained(correct & mask, mask)
    expected = oracle.sustained(correct.T.tolist(), mask.T.tolist())
    assert found == pytest.approx(expected, nan_ok=True)


def test_sustained_by_hand() -> None:
    correct = np.array([[1, 1, 0, 1, 1, 1]], dtype=bool).T
    everywhere = np.ones_like(correct)
    assert metrics.sustained(correct, everywhere) == (2 + 1 + 0 + 3 + 2 + 1) / 6
    assert metrics.sustained_from_start(correct, everywhere) == 2
    assert metrics.sustained(np.zeros_like(correct), everywhere) == 0
    assert metrics.sustained(np.ones_like(correct), everywhere) == 3.5
    assert math.isnan(metrics.sustained(correct, ~everywhere))


def test_bits_per_keystroke_by_hand() -> None:
    """Two tokens of 1 and 3 keys at 2 and 4 bits, and a masked one: 6 bits for 4 keys."""
    loss = np.array([[2.0, 4.0, 100.0]]) * math.log(2)
    keys, mask = np.array([[1, 3, 7]]), np.array([[True, True, False]])
    assert metrics.bits_per_keystroke(loss, keys, mask) == pytest.approx(1.5)
    assert math.isnan(metrics.bits_per_keystroke(loss, keys * 0, mask))


def test_by_position_leaves_out_what_is_masked() -> None:
    values, mask = np.array([[1.0, 3.0], [5.0, 9.0], [2.0, 2.0]]), np.array([[1, 1], [1, 0], [0, 0]], dtype=bool)
    found = metrics.by_position(values, mask)
    assert found[:2].tolist() == [2.0, 5.0]
    assert math.isnan(found[2])


def test_scores_of_a_model_equal_those_worked_out_position_by_position() -> None:
    model = small_model("rows", "lstm")
    batches = [typed_windows(10, 3, seed, masked=0.2) for seed in (1, 2)]
    keystrokes = np.arange(13) % 4 + 1
    told: list[int] = []
    found = evaluate(model, batches, own_length=4, keystrokes_V=keystrokes, edge=3, chunk=4, progress=told.append)
    loss = np.concatenate([measure(model, b, 10).loss_TB.numpy() for b in batches], axis=1)
    mask = np.concatenate([b.mask_TB for b in batches], axis=1)
    targets = np.concatenate([b.targets_TB for b in batches], axis=1)
    assert told == [3, 6]
    assert found.scores.positions == mask.sum()
    assert found.scores.loss == pytest.approx(loss[mask].mean())
    assert found.scores.early_loss == pytest.approx(loss[:3][mask[:3]].mean())
    assert found.scores.late_loss == pytest.approx(loss[-3:][mask[-3:]].mean())
    bits = loss[mask].sum() / math.log(2) / keystrokes[targets[mask]].sum()
    assert found.scores.bits_per_keystroke == pytest.approx(bits)
    assert len(found.loss_T) == 10
    assert np.nansum(found.loss_T * mask.sum(axis=1)) == pytest.approx(loss[mask].sum())


def test_own_length_forgets_at_every_multiple() -> None:
    model = small_model("rows", "lstm")
    batch = typed_windows(10, 3, seed=3)
    pieces = measure_in_pieces(model, batch, 4, chunk=3).loss_TB
    whole = measure(model, batch, chunk=3).loss_TB
    assert np.allclose(pieces[:4], whole[:4], atol=1e-12)
    assert not np.allclose(pieces[4:], whole[4:], atol=1e-3)
    later = typed_windows(10, 3, seed=3)
    later = type(later)(*(part[8:] for part in later[:4]), later.ids_B2)
    assert np.allclose(pieces[8:], measure(model, later, chunk=1).loss_TB, atol=1e-12)
    assert np.array_equal(measure_in_pieces(model, batch, 100, chunk=3).loss_TB, whole)
    for chunk in (1, 8, 9, 50):  # pieces side by side
        assert np.allclose(measure_in_pieces(model, batch, 4, chunk).loss_TB, pieces, atol=1e-12)


def test_an_edge_longer_than_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="edge: 9 is longer than length 8"):
        EvaluateParams(length=8, windows=1, batch=1, edge=9)
