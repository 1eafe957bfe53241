"""Coverage of the data by windows: against counting, and against draws."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.dataset import DatasetError, Windows
from rcfam.dataset.coverage import expected_coverage
from tests.support.dataset_fakes import dataset


def counted(sizes: list[int], length: int, drawn: int) -> float:
    """The same by counting, for each token, the windows that hold it."""
    total = sum(max(size - length + 1, 1) for size in sizes)
    seen = 0.0
    for size in sizes:
        places = range(max(size - length + 1, 1))
        for token in range(size):
            held = sum(place <= token < place + length for place in places)
            unseen = 1.0
            for other in range(held):
                unseen *= max(total - drawn - other, 0) / (total - other)
            seen += 1 - unseen
    return seen / sum(sizes)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(1, 20), st.integers(1, 150))
def test_coverage_equals_counting(sizes: list[int], length: int, drawn: int) -> None:
    assert expected_coverage(np.array(sizes), length, [drawn]) == [pytest.approx(counted(sizes, length, drawn))]


def test_windows_drawn_cover_what_is_expected(tmp_path: Path) -> None:
    small = dataset(tmp_path, [(1, "train", 0, 300), (2, "train", 0, 90), (3, "train", 0, 5), (4, "held_out", 0, 9)])
    stretches = small.stretches("train")
    for length, steps in ((16, 5), (4, 12)):
        shares = []
        for seed in range(60):
            windows = Windows(small, length, 4, seed)
            seen = {
                (recording, token)
                for step in range(steps)
                for recording, first in windows.ids(step).tolist()
                for token in range(first, min(first + length, int(stretches.tokens_S[recording])))
            }
            shares.append(len(seen) / 395)
        expected = expected_coverage(stretches.tokens_S, length, [4 * steps])[0]
        assert np.mean(shares) == pytest.approx(expected, abs=4 * np.std(shares) / len(shares) ** 0.5)


def test_all_windows_see_all_tokens_and_one_sees_its_length() -> None:
    assert expected_coverage(np.array([1000, 0, 7]), 10, [1, 992, 10**9])[1:] == [1.0, 1.0]
    assert expected_coverage(np.array([10_000]), 100, [1]) == [pytest.approx(0.01)]


def test_nothing_to_cover_is_refused() -> None:
    for sizes, length, drawn in (([], 4, 1), ([0], 4, 1), ([5], 0, 1), ([5], 4, 0)):
        with pytest.raises(DatasetError, match="above 0"):
            expected_coverage(np.array(sizes), length, [drawn])
