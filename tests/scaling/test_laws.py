"""Laws on planted truths and on the paper's published tables."""

import numpy as np
import pytest
from scipy import stats

from rcfam.scaling import ScalingError
from rcfam.scaling.curves import Points
from rcfam.scaling.laws import (
    Means,
    bend,
    fit_irreducible,
    fit_pure,
    fit_pure_huber,
    local_slopes,
    means,
    ols,
)
from rcfam.scaling.published import COMPILERS, EXCELLENCE, EXCELLENCE_1024

LENGTHS = 2 ** np.arange(1, 11)


def data(loss: np.ndarray, lengths: np.ndarray = LENGTHS) -> Means:
    return Means(lengths, np.log(loss), np.ones_like(lengths))


def test_ols_equals_scipy_on_many_lines_at_once() -> None:
    rng = np.random.default_rng(0)
    x, many = np.log(LENGTHS), rng.standard_normal((5, 10))
    slope, level, error, rss = ols(x, many)
    for k, y in enumerate(many):
        known = stats.linregress(x, y)
        assert slope[k] == pytest.approx(known.slope)
        assert level[k] == pytest.approx(known.intercept)
        assert error[k] == pytest.approx(known.stderr)
        assert rss[k] == pytest.approx(np.sum((y - known.intercept - known.slope * x) ** 2))


def test_the_excellence_table_gives_the_refit_of_the_paper() -> None:
    law = fit_pure(EXCELLENCE.means())
    assert law.alpha == pytest.approx(0.315, abs=5e-4)
    assert law.amplitude == pytest.approx(5.00, abs=5e-3)
    assert law.r2_log == pytest.approx(0.985, abs=5e-4)
    assert law.interval is not None
    assert (law.interval.low, law.interval.high) == pytest.approx((0.260, 0.369), abs=5e-4)


def test_without_the_shortest_length_it_gives_another_exponent() -> None:
    law = fit_pure(EXCELLENCE.means().without(0))
    assert law.alpha == pytest.approx(0.288, abs=5e-4)
    assert law.r2_log == pytest.approx(0.996, abs=5e-4)


def test_with_an_irreducible_term_the_table_gives_a_third() -> None:
    law = fit_irreducible(EXCELLENCE.means())
    assert law is not None
    assert (law.alpha, law.irreducible) == pytest.approx((0.475, 0.420), abs=5e-4)


def test_the_excellence_table_bends() -> None:
    found = bend(EXCELLENCE.means())
    assert found.slopes_fall and found.curvature > 0
    assert found.p_value is not None and found.p_value < 0.05
    np.testing.assert_allclose(local_slopes(EXCELLENCE.means()), [0.64, 0.34, 0.30, 0.25, 0.22], atol=5e-3)


@pytest.mark.parametrize(("table", "alpha", "r2"), [(EXCELLENCE_1024, 0.391, None), (COMPILERS, 0.537, 0.964)])
def test_the_other_tables(table: object, alpha: float, r2: float | None) -> None:
    law = fit_pure(table.means())  # type: ignore[attr-defined]
    assert law.alpha == pytest.approx(alpha, abs=5e-4)
    if r2 is not None:
        assert law.r2_log == pytest.approx(r2, abs=5e-4)


def test_exact_data_give_back_the_truth() -> None:
    pure = fit_pure(data(5.0 * LENGTHS**-0.3))
    assert (pure.alpha, pure.amplitude, pure.r2_log) == pytest.approx((0.3, 5.0, 1.0))
    floor = fit_irreducible(data(0.4 + 5.0 * LENGTHS**-0.6))
    assert floor is not None
    assert (floor.alpha, floor.amplitude, floor.irreducible) == pytest.approx((0.6, 5.0, 0.4), rel=1e-4)


@pytest.mark.parametrize("truth", [(0.05, 2.0, 0.3), (0.4, 5.0, 0.6), (1.5, 3.0, 1.2), (0.0, 4.0, 0.25)])
@pytest.mark.parametrize("robust", [False, True])
def test_the_irreducible_fit_finds_far_apart_truths(truth: tuple[float, float, float], robust: bool) -> None:
    floor, amplitude, alpha = truth
    law = fit_irreducible(data(floor + amplitude * LENGTHS**-alpha), robust)
    assert law is not None
    assert law.alpha == pytest.approx(alpha, rel=2e-2)
    assert law.irreducible == pytest.approx(floor, abs=2e-2)


def test_one_strange_length_moves_the_robust_fit_less() -> None:
    loss = 5.0 * LENGTHS**-0.3 * np.exp(0.01 * np.cos(7 * np.arange(10)))
    loss[-1] *= 1.5
    plain, robust = fit_pure(data(loss)).alpha, fit_pure_huber(data(loss)).alpha
    assert abs(robust - 0.3) < 0.25 * abs(plain - 0.3)


def test_criteria_choose_the_law_that_was_planted() -> None:
    noise = np.exp(0.01 * np.random.default_rng(5).standard_normal(10))
    for floor, better in ((0.0, "pure"), (0.5, "irreducible")):
        loss = data((floor + 5.0 * LENGTHS**-0.5) * noise)
        pure, other = fit_pure(loss), fit_irreducible(loss)
        assert other is not None and pure.aicc is not None and other.aicc is not None
        assert ("pure" if pure.aicc < other.aicc else "irreducible") == better


def test_seeds_enter_as_geometric_means() -> None:
    points = Points(1, np.array([2, 2, 8, 8]), np.array([0, 1, 0, 1]), np.array([1.0, 4.0, 1.0, 1.0]))
    found = means(points)
    np.testing.assert_allclose(np.exp(found.log_loss_N), [2.0, 1.0])
    assert fit_pure(found).alpha == pytest.approx(0.5)


def test_too_few_lengths_are_said() -> None:
    with pytest.raises(ScalingError, match="at least 2 lengths, found 1"):
        means(Points(1, np.array([2, 2]), np.array([0, 1]), np.array([1.0, 2.0])))
    two, three = data(np.array([2.0, 1.0]), LENGTHS[:2]), data(np.array([2.0, 1.5, 1.1]), LENGTHS[:3])
    assert fit_pure(two).interval is None
    assert fit_irreducible(three) is None
    assert bend(three).p_value is None
