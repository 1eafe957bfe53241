"""Intervals hold the planted exponent as often as they say."""

import numpy as np
import pytest

from rcfam.scaling.bootstrap import irreducible_over_points, over_points, over_seeds
from rcfam.scaling.curves import Points
from rcfam.scaling.laws import fit_irreducible, fit_pure, means

LENGTHS = 2 ** np.arange(1, 9)
ALPHA = 0.31
DRAWS = 600


def drawn(rng: np.random.Generator, seeds: int, noise: float, floor: float = 0.0) -> Points:
    lengths = np.repeat(LENGTHS, seeds)
    loss = (floor + 5.0 * lengths**-ALPHA) * np.exp(noise * rng.standard_normal(len(lengths)))
    return Points(1, lengths, np.tile(np.arange(seeds), len(LENGTHS)), loss)


@pytest.mark.parametrize(("seeds", "noise"), [(2, 0.03), (3, 0.1), (1, 0.03)])
def test_intervals_of_the_pure_law_hold_the_truth(seeds: int, noise: float) -> None:
    rng = np.random.default_rng(11)
    held: dict[str, list[bool]] = {"t": [], "points": [], "seeds": []}
    for _ in range(DRAWS):
        points = drawn(rng, seeds, noise)
        data = means(points)
        intervals = {
            "t": fit_pure(data).interval,
            "points": over_points(data, 300, 0.95, rng),
            "seeds": over_seeds(points, 300, 0.95, rng),
        }
        for name, interval in intervals.items():
            if interval is not None:
                held[name].append(interval.holds(ALPHA))
    assert bool(held["seeds"]) == (seeds > 1)
    for name, some in held.items():
        assert not some or 0.90 <= np.mean(some) <= 0.98, f"{name}: {np.mean(some):.3f}"


@pytest.mark.slow
def test_the_profile_interval_of_the_irreducible_law_holds_the_truth() -> None:
    rng = np.random.default_rng(12)
    held = []
    for _ in range(500):
        law = fit_irreducible(means(drawn(rng, 1, 0.02, floor=0.5)))
        assert law is not None and law.interval is not None
        held.append(law.interval.holds(ALPHA))
    assert 0.90 <= np.mean(held) <= 0.98, f"{np.mean(held):.3f}"


def test_the_bootstrap_of_the_irreducible_law_stands_around_its_exponent() -> None:
    rng = np.random.default_rng(13)
    data = means(drawn(rng, 2, 0.02, floor=0.8))
    law = fit_irreducible(data)
    assert law is not None and law.interval is not None
    found = irreducible_over_points(data, law, 200, 0.95, rng)
    assert found is not None and found.holds(law.alpha)
    assert 0.3 < (found.high - found.low) / (law.interval.high - law.interval.low) < 3


def test_lack_of_fit_widens_the_interval_over_points_alone() -> None:
    rng = np.random.default_rng(14)
    straight = drawn(rng, 3, 0.01)
    bent = Points(1, straight.lengths_P, straight.seeds_P, straight.loss_P + 0.8)

    def widths(points: Points) -> tuple[float, float]:
        over_all, over_luck = over_points(means(points), 500, 0.95, rng), over_seeds(points, 500, 0.95, rng)
        assert over_all is not None and over_luck is not None
        return over_all.high - over_all.low, over_luck.high - over_luck.low

    assert widths(bent)[0] > 3 * widths(straight)[0]
    assert widths(bent)[1] < 2 * widths(straight)[1]


def test_no_interval_is_made_up() -> None:
    rng = np.random.default_rng(15)
    points = drawn(rng, 1, 0.02)
    assert over_seeds(points, 100, 0.95, rng) is None
    few = means(points)
    while len(few.lengths_N) > 3:
        few = few.without(-1)
    assert over_points(few, 100, 0.95, rng) is None
