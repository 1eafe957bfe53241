"""Orders of frames: what follows what, what is shuffled, and that all of it is a pure function."""

from pathlib import Path

import numpy as np
import pytest

from rcfam.dataset import DatasetError, Windows, index, orders
from rcfam.dataset.orders import Following, Others, Shuffled, batches, follows
from tests.support.dataset_fakes import dataset

STRETCHES = [(1, "train", 0, 43), (2, "train", 0, 25), (2, "held_out", 25, 30), (5, "train", 0, 3)]
LENGTH = 8


@pytest.fixture
def small(tmp_path: Path) -> index.Dataset:
    return dataset(tmp_path, STRETCHES)


def test_following_windows_stand_side_by_side_and_cover_all(small: index.Dataset) -> None:
    windows = Following(small, LENGTH, 1, seed=3)
    assert windows.total == 43 // 8 + 25 // 8 + 1
    met = [tuple(windows.ids(step)[0].tolist()) for step in range(windows.total)]
    assert sorted(met) == [(0, 8 * n) for n in range(5)] + [(1, 8 * n) for n in range(3)] + [(2, 0)]
    steps = zip(met, met[1:] + met[:1], strict=True)
    joined = [bool(follows(np.array([a]), np.array([b]), LENGTH)[0]) for a, b in steps]
    assert joined.count(False) == 3  # one for each stretch that begins


def test_following_slots_and_ranks_stand_apart(small: index.Dataset) -> None:
    together = Following(small, LENGTH, 4, seed=0)
    first, second = (Following(small, LENGTH, 2, seed=0, world_size=2).ids(5, rank) for rank in (0, 1))
    np.testing.assert_array_equal(together.ids(5), np.concatenate([first, second]))
    assert len(np.unique(together.ids(5), axis=0)) == 4


def test_following_windows_hold_what_their_ids_say(small: index.Dataset) -> None:
    windows = batches(small, "carried", LENGTH, 2, 1)
    found = windows.batch(4)
    wanted = small.read(found.ids_B2, LENGTH)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_shuffled_windows_hold_the_same_pairs_in_another_order(small: index.Dataset) -> None:
    plain, shuffled = Windows(small, LENGTH, 6, 2), Shuffled(Windows(small, LENGTH, 6, 2), 2)
    moved = 0
    for step in range(4):
        a, b = plain.batch(step), shuffled.batch(step)
        np.testing.assert_array_equal(a.mask_TB, b.mask_TB)
        for slot, size in enumerate(a.mask_TB.sum(axis=0).tolist()):
            # Frame n of the fake holds n in its cells, and its target follows from n.
            frames_a, frames_b = (x.cells_TBRC[:size, slot, 1, 1].astype(int) for x in (a, b))
            assert sorted(frames_a) == sorted(frames_b)
            order = [frames_a.tolist().index(n) for n in frames_b.tolist()]
            np.testing.assert_array_equal(a.targets_TB[order, slot], b.targets_TB[:size, slot])
            np.testing.assert_array_equal(a.cursors_TB3[order, slot], b.cursors_TB3[:size, slot])
            moved += frames_a.tolist() != frames_b.tolist()
    assert moved > 10


def test_others_take_every_pair_from_a_place_of_its_own(small: index.Dataset) -> None:
    found = Others(small, LENGTH, 4, 0).batch(1)
    assert found.cells_TBRC.shape[:2] == found.targets_TB.shape == (LENGTH, 4)
    pairs = Windows(small, 1, LENGTH * 4, 0).batch(1)
    np.testing.assert_array_equal(found.targets_TB.ravel(), pairs.targets_TB[0])
    np.testing.assert_array_equal(found.cells_TBRC.reshape(pairs.cells_TBRC.shape), pairs.cells_TBRC)
    steps = np.diff(found.cells_TBRC[:, :, 1, 1].astype(int), axis=0)
    assert (steps == 3).mean() < 0.2  # neighbours in a recording are rare


@pytest.mark.parametrize("order", ["drawn", "following", "carried", "shuffled", "others"])
def test_every_order_is_a_pure_function(small: index.Dataset, order: orders.Order) -> None:
    one, other = batches(small, order, LENGTH, 3, 5), batches(small, order, LENGTH, 3, 5)
    other.batch(6)
    for a, b in zip(one.batch(2), other.batch(2), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_unknown_order_is_named(small: index.Dataset) -> None:
    with pytest.raises(DatasetError, match="order 'sorted' is not one of"):
        batches(small, "sorted", LENGTH, 1, 0)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="below 1"):
        Following(small, 0, 1, 0)
