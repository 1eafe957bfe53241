"""Smoothing by a trailing window, and what runs have in common."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcfam.scaling import Run, ScalingError
from rcfam.scaling.curves import common_step, mean_curves, points_at, seconds_a_step, smoothed, step_grid
from tests.support.oracles import scaling as oracle


def run(steps: list[int], losses: list[float], length: int = 2, seed: int = 0) -> Run:
    return Run("r", length, seed, np.array(steps), np.array(losses), np.array(steps) * 0.5)


@given(st.data(), st.integers(1, 30))
def test_smoothing_equals_the_oracle(data: st.DataObject, window: int) -> None:
    steps = sorted(data.draw(st.sets(st.integers(1, 60), min_size=1, max_size=40)))
    losses = data.draw(st.lists(st.floats(0.1, 10), min_size=len(steps), max_size=len(steps)))
    at = data.draw(st.integers(steps[0], steps[-1]))
    got = smoothed(run(steps, losses), np.array([at]), window)[0]
    assert got == pytest.approx(oracle.smoothed(steps, losses, at, window))


def test_a_step_out_of_reach_is_named() -> None:
    for step in (1, 9):
        with pytest.raises(ScalingError, match=f"steps 2 to 8, step {step} is asked for"):
            smoothed(run([2, 8], [1.0, 0.5]), np.array([step]), 3)


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ScalingError, match="window 0"):
        smoothed(run([1], [1.0]), np.array([1]), 0)


def test_the_common_step_is_the_shortest_runs_last() -> None:
    some = (run([1, 2, 3], [3.0, 2.0, 1.0]), run([1, 2], [3.0, 2.0], seed=1))
    assert common_step(some) == 2
    assert points_at(some, 2, 1).loss_P.tolist() == [2.0, 2.0]
    assert step_grid(some, 10).tolist() == [1, 2]


def test_means_over_seeds_are_geometric() -> None:
    some = (run([1], [1.0]), run([1], [4.0], seed=1), run([1], [3.0], length=4))
    lengths, loss = mean_curves(some, np.array([1]), 1)
    assert lengths.tolist() == [2, 4]
    np.testing.assert_allclose(loss, [[2.0], [3.0]])


def test_seconds_a_step_is_the_median_of_steps() -> None:
    slow = Run("r", 8, 0, np.array([1, 2, 3, 5]), np.ones(4), np.array([9.0, 10.0, 11.0, 19.0]))
    assert seconds_a_step((slow, run([1, 3], [1.0, 1.0]))) == {8: 1.0, 2: 0.5}
