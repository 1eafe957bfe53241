"""Crossovers and the exponent over steps on planted tables."""

import numpy as np
import pytest
from scipy import stats

from rcfam.scaling import Run, runs
from rcfam.scaling.crossovers import crossovers, measure, wall_curve
from rcfam.scaling.curves import mean_curves, middles, step_grid
from rcfam.scaling.evolution import evolution, saturate
from tests.support.oracles import planted


def analysed(truth: planted.Planted, lengths: tuple[int, ...], steps: int = 300, window: int = 1):
    some = runs(planted.table(truth, lengths, seeds=2, steps=steps))
    steps_G = step_grid(some, 48)
    lengths_N, loss_NG = mean_curves(some, steps_G, window)
    found = evolution(lengths_N, loss_NG, middles(some[0], steps_G, window), 0.95)
    return some, found, saturate(found, lengths_N, loss_NG, 50, 0.95, np.random.default_rng(0))


def test_noiseless_crossovers_stand_where_they_were_planted() -> None:
    truth = planted.Planted(step_noise=0.0, seed_noise=0.0)
    lengths = (2, 8, 32, 256)
    some, found, saturation = analysed(truth, lengths)
    rows = crossovers(some, 1, found, saturation)
    assert [(row.short, row.long) for row in rows] == [(2, 8), (2, 32), (2, 256), (8, 32), (8, 256), (32, 256)]
    for row in rows:
        known = truth.crossover(row.short, row.long, 300)
        if known is None:
            assert (row.measured, row.measured_s, row.pairs_crossed) == ("not reached", None, 0)
            later = truth.crossover(row.short, row.long, 30_000)
            assert row.predicted == "extrapolated" and row.predicted_s == pytest.approx(later, rel=0.1)
        else:
            assert row.measured == "crossed" and row.measured_s == pytest.approx(known, rel=0.03)
            assert row.predicted_s == pytest.approx(known, rel=0.03)
            assert row.interval is not None and row.interval.low == pytest.approx(row.interval.high)
    assert {row.measured for row in rows} == {"crossed", "not reached"}


def test_noisy_crossovers_lie_near_the_planted_ones() -> None:
    truth = planted.Planted()
    some, found, saturation = analysed(truth, planted.LENGTHS, window=20)
    near = [
        (row.measured_s, truth.crossover(row.short, row.long, 300))
        for row in crossovers(some, 20, found, saturation)
        if row.measured == "crossed" and row.long >= 4 * row.short and row.measured_s is not None and row.measured_s > 1
    ]
    assert len(near) >= 7
    for got, known in near:
        assert got == pytest.approx(known, rel=0.25)


def curve(wall: list[float], loss: list[float], length: int = 2) -> Run:
    return Run("r", length, 0, np.arange(1, len(wall) + 1), np.array(loss), np.array(wall))


def test_the_last_crossing_counts() -> None:
    short = wall_curve(curve([1, 2, 3, 4, 5], [5.0, 5.0, 5.0, 5.0, 5.0]), 1)
    long = wall_curve(curve([1, 2, 3, 4, 5], [6.0, 4.0, 6.0, 4.0, 4.0]), 1)
    state, moment, common = measure([short], [long])
    assert (state, common) == ("crossed", 5.0)
    assert moment is not None and 3.0 < moment < 4.0


def test_states_are_said_plainly() -> None:
    short = wall_curve(curve([1, 2, 3], [3.0, 2.0, 1.0]), 1)
    assert measure([short], [wall_curve(curve([1, 2, 3], [2.0, 1.0, 0.5]), 1)])[0] == "from the start"
    assert measure([short], [wall_curve(curve([1, 2, 3], [2.0, 1.5, 1.2]), 1)])[:2] == ("not reached", None)
    assert measure([short], [wall_curve(curve([4, 5], [1.0, 0.5]), 1)])[:2] == ("no common time", None)


def test_without_wall_times_there_are_no_crossovers() -> None:
    some, found, saturation = analysed(planted.Planted(), (2, 8, 32))
    bare = tuple(Run(r.name, r.length, r.seed, r.steps_S, r.loss_S, None) for r in some)
    assert crossovers(bare, 1, found, saturation) == ()


def test_the_exponent_over_steps_follows_the_planted_one() -> None:
    truth = planted.Planted(step_noise=0.005, seed_noise=0.002)
    _, found, saturation = analysed(truth, planted.LENGTHS)
    for step, alpha, low, high in zip(found.steps_G, found.alpha_G, found.low_G, found.high_G, strict=True):
        assert alpha == pytest.approx(truth.alpha(step), abs=0.01)
        assert low <= alpha <= high
    assert saturation is not None and saturation.seen
    assert saturation.plateau == pytest.approx(truth.plateau, rel=0.03)
    assert saturation.steps == pytest.approx(truth.tau, rel=0.08)
    assert saturation.plateau_interval is not None and saturation.plateau_interval.holds(saturation.plateau)


def test_bands_of_the_amplitude_are_those_of_a_known_regression() -> None:
    some, found, _ = analysed(planted.Planted(), planted.LENGTHS)
    lengths_N, loss_NG = mean_curves(some, np.array([300]), 1)
    known = stats.linregress(np.log(lengths_N), np.log(loss_NG[:, 0]))
    reach = stats.t.ppf(0.975, 6) * known.intercept_stderr
    assert np.log(found.amplitude_high_G[-1]) == pytest.approx(known.intercept + reach)
    assert np.log(found.amplitude_low_G[-1]) == pytest.approx(known.intercept - reach)


def test_a_plateau_out_of_sight_is_not_claimed() -> None:
    _, _, saturation = analysed(planted.Planted(tau=400.0), planted.LENGTHS)
    assert saturation is not None and not saturation.seen
