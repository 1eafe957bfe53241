"""Text on both sides of the split is found, and what only looks alike is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.dataset.duplicates import CHANGES, NOWHERE, SAMPLES, SHINGLE, UNKNOWN, Known, inside, rate, shingles
from rcfam.terminal import keys
from tests.support.oracles import duplicates as oracle


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


def test_copied_pieces_are_found_with_their_file_and_new_ones_are_not() -> None:
    rng = np.random.default_rng(2)
    old, new = (rng.integers(32, 127, 5000).astype(np.uint32) for _ in range(2))
    arrows = np.full(3000, keys.DOWN, np.uint32)
    known = Known()
    for stroke, file in ((old[:2500], 7), (old, 8), (arrows, NOWHERE)):
        hashes, _ = shingles(stroke, 4)
        known.add(hashes, np.full(len(hashes), file))
    held = np.concatenate([new[:2000], old[1000:3000], arrows, new[2000:]])
    hashes, places = shingles(held, 4)
    files = known.find(hashes)
    piece = inside(places, np.array([0, 2000, 4000, 7000]), np.array([2000, 4000, 7000, len(held)]))
    for number in (0, 3):
        assert (piece == number).sum() > 300
        assert (files[piece == number] == UNKNOWN).all()
    assert (piece == 2).sum() == 0
    assert (piece == 1).sum() > 300
    assert set(files[piece == 1].tolist()) == {7, 8}
    assert (files[piece == 1] == 7).mean() == pytest.approx(0.75, abs=0.05)


def test_a_shingle_belongs_to_a_piece_only_as_a_whole() -> None:
    places = np.array([0, 9, 10, 52, 53, 100])
    assert inside(places, np.array([10, 101]), np.array([100, 200])).tolist() == [-1, -1, 0, 0, -1, -1]
    assert inside(places, np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == [-1] * 6


def test_nothing_to_compare() -> None:
    known = Known()
    assert known.find(np.zeros(0, np.uint64)).tolist() == []
    assert known.find(np.arange(3, dtype=np.uint64)).tolist() == [UNKNOWN] * 3
