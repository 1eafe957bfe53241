"""Text on both sides of the split is found, and what only looks alike is not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.dataset.duplicates import CHANGES, SAMPLES, SHINGLE, Known, rate, shingles
from rcfam.terminal import keys
from tests.oracles import duplicates as oracle


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 300), st.sampled_from([1, 2, 5]))
def test_shingles_equal_the_oracle(seed: int, size: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    stroke = rng.choice(np.array([0, 97, 98, keys.UP, 2**32 - 1], np.uint32)[:kinds], size)
    hashes, places = shingles(stroke, 1)
    expected = oracle.shingles(stroke.tolist(), SHINGLE, CHANGES)
    assert places.tolist() == list(expected)
    by_hash = dict(zip(hashes.tolist(), expected.values(), strict=True))
    assert all(by_hash[h] == e for h, e in zip(hashes.tolist(), expected.values(), strict=True))
    assert len(by_hash) == len(set(expected.values()))


def test_the_sample_is_of_the_size_asked_for_and_the_same_on_both_sides() -> None:
    stroke = np.random.default_rng(1).integers(0, 99, 200_000).astype(np.uint32)
    hashes, _ = shingles(stroke, 50)
    assert abs(len(hashes) - 4000) < 300
    assert set(shingles(stroke[1234:], 50)[0].tolist()) <= set(hashes.tolist())
    assert rate(10) == 4
    assert rate(100 * SAMPLES) == 100


def test_copied_pieces_are_found_and_new_ones_are_not() -> None:
    rng = np.random.default_rng(2)
    old, new = (rng.integers(32, 127, 5000).astype(np.uint32) for _ in range(2))
    arrows = np.full(3000, keys.DOWN, np.uint32)
    known = Known(4)
    known.add(old)
    known.add(arrows)
    held = np.concatenate([new[:2000], old[1000:3000], arrows, new[2000:]])
    seen, shared = known.count(held, np.array([0, 2000, 4000, 7000]))
    assert shared[0] == shared[2] == shared[3] == 0
    assert seen[0] > 300
    assert seen[2] < 20
    assert shared[1] >= 0.95 * seen[1] > 300


def test_nothing_to_compare() -> None:
    known = Known(4)
    assert known.count(np.zeros(0, np.uint32), np.zeros(1, np.int64)).tolist() == [[0], [0]]
    assert known.count(np.arange(500, dtype=np.uint32), np.array([100]))[1].tolist() == [0]
