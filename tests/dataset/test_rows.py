"""Distinct rows: exact reconstruction, and the same set as the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.dataset.rows import distinct_rows
from tests.support.oracles import rows as oracle


def check(cells: np.ndarray, cursors: np.ndarray) -> int:
    rows, columns, index = distinct_rows(cells, cursors)
    np.testing.assert_array_equal(rows[index], cells)
    for t, b in np.ndindex(cells.shape[:2]):
        expected = np.full(cells.shape[2], -1)
        if 0 <= cursors[t, b, 0] < cells.shape[2]:
            expected[cursors[t, b, 0]] = cursors[t, b, 1]
        np.testing.assert_array_equal(columns[index[t, b]], expected)
    found = [(int(c), *row) for c, row in zip(columns, rows.tolist(), strict=True)]
    assert len(set(found)) == len(found)
    assert set(found) == oracle.distinct_rows(cells, cursors)
    assert rows.dtype == np.uint32
    return len(found)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 4), st.integers(1, 3), st.integers(1, 5), st.integers(1, 9), st.integers(0, 2**32))
def test_rows_equal_the_oracle(steps: int, streams: int, rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.choice(np.array([32, 97, 2**32 - 1], np.uint32), (steps, streams, rows, columns))
    cursors = rng.integers(-1, 5, (steps, streams, 3)).astype(np.int32)
    check(cells, cursors)


@pytest.mark.parametrize("columns", [79, 80, 160])
def test_typing_shares_most_rows(columns: int) -> None:
    cells = np.full((64, 2, 24, columns), 32, np.uint32)
    cursors = np.zeros((64, 2, 3), np.int32)
    for t in range(64):
        cells[t:, :, 5, t] = 97 + t % 26
        cursors[t] = 5, t, 1
    assert check(cells, cursors) == 1 + 64


def test_views_that_are_not_contiguous() -> None:
    cells = np.arange(2 * 3 * 4 * 10, dtype=np.uint32).reshape(2, 3, 4, 10)[:, ::2, :, ::3]
    check(cells, np.zeros((2, 2, 3), np.int32))
