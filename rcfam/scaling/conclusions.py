"""Which conclusions the data support, in plain sentences; what they do not show is said as well."""

from rcfam.scaling.analysis import Analysis
from rcfam.scaling.curves import averaged
from rcfam.scaling.laws import Interval, local_slopes

SETTLED = 4.0  # time constants after which a saturating exponential is within 2 % of its plateau
STRAIGHT = 3.0  # time constants beyond so many times the training leave a saturating exponential straight
MATTERS = 0.05  # share by which alpha must move to be worth a warning


def conclusions(found: Analysis) -> tuple[str, ...]:
    """One sentence a question, the most important first."""
    parts = (_effect, _straight, _shortest, _floor, _forecast, _robust, _plateau, _crossed, _noise)
    return tuple(sentence for part in parts if (sentence := part(found)))


def span(interval: Interval | None, digits: int = 3) -> str:
    """An interval for people."""
    return "no interval" if interval is None else f"{interval.low:.{digits}f} to {interval.high:.{digits}f}"


def _percent(found: Analysis) -> str:
    return f"{100 * found.params.confidence:g} %"


def _effect(found: Analysis) -> str:
    law, data = found.pure, found.means
    seeds = sorted(set(data.seeds_N.tolist()))
    fewest, most = averaged(found.runs, found.step, found.params.window)
    of = f"averaged over {fewest}" + (f" to {most} steps" if most > fewest else " steps")
    what = (
        f"At step {found.step} (loss {of if most > 1 else 'of that step alone'}), over {law.lengths} lengths "
        f"({data.lengths_N[0]} to {data.lengths_N[-1]}) and {' or '.join(map(str, seeds))} seed(s) each, "
    )
    if law.interval is None:
        return what + f"the line through two lengths has alpha = {law.alpha:.3f}; two points cannot test a law."
    stated = f"alpha = {law.alpha:.3f} ({_percent(found)} interval {span(law.interval)}, R2 {law.r2_log:.3f} on logs)"
    if law.interval.low > 0:
        drop = 100 * (1 - 2**-law.alpha)
        return what + f"loss falls with length: {stated}, {drop:.1f} % less loss for each doubling on average."
    if law.interval.high < 0:
        return what + f"loss RISES with length: {stated}. The paper's claim is not reproduced here."
    return what + f"no effect of length is shown: {stated}, and the interval holds 0."


def _straight(found: Analysis) -> str:
    slopes = local_slopes(found.means)
    if found.bend.p_value is None:
        return "Too few lengths to test whether the law is straight on logs." if len(slopes) < 3 else ""
    listed = f"local slopes {', '.join(f'{slope:.2f}' for slope in slopes)}"
    p_value = f"p = {found.bend.p_value:.2g}"
    if found.bend.p_value < 1 - found.params.confidence:
        way = "flattens" if found.bend.curvature > 0 else "steepens"
        return (
            f"The table bends: the law {way} with length ({listed}; curvature {p_value}). One exponent does not "
            "describe it, and alpha depends on which lengths are taken."
        )
    hint = ", though every local slope is smaller than the one before" if found.bend.slopes_fall else ""
    return f"No bend is shown ({listed}; curvature {p_value}){hint}."


def _shortest(found: Analysis) -> str:
    law = found.without_shortest
    if law is None:
        return ""
    moved = abs(law.alpha - found.pure.alpha) > MATTERS * abs(found.pure.alpha)
    length = found.means.lengths_N[0]
    change = f"{100 * (law.alpha / found.pure.alpha - 1):+.1f} %" if found.pure.alpha else "from 0"
    verdict = "the value leans on the shortest length" if moved else "the value does not lean on it"
    return f"Without L = {length}, alpha = {law.alpha:.3f} ({span(law.interval)}), a change of {change}: {verdict}."


def _floor(found: Analysis) -> str:
    law = found.irreducible
    if law is None:
        return "Too few lengths for a law with an irreducible term."
    smallest = float(found.points.loss_P.min())
    if law.irreducible < 1e-3 * smallest:
        return "A law with an irreducible term falls back to the pure one: the best irreducible term is 0."
    stated = f"With an irreducible term, E = {law.irreducible:.3f} and alpha = {law.alpha:.3f} ({span(law.interval)})"
    if law.aicc is None or found.pure.aicc is None:
        return f"{stated}; too few lengths to choose between the two laws by AICc."
    better = "pure" if found.pure.aicc < law.aicc else "irreducible"
    gap = abs(found.pure.aicc - law.aicc)
    other = "pure" if found.pure.bic < law.bic else "irreducible"
    few = law.lengths - 5 <= 2  # the correction grows past all differences of fit
    if other != better:
        why = ", the sample being too small for its correction" if few else ""
        return (
            f"{stated}. The choice is open: AICc is for the {better} law (by {gap:.1f}){why}, BIC for the {other} one."
        )
    strength = "clearly" if gap > 4 else "weakly"
    return f"{stated}; AICc chooses the {better} law {strength} (by {gap:.1f}), BIC agrees."


def _forecast(found: Analysis) -> str:
    if not found.forecasts:
        return ""
    pure = found.forecasts[0]
    words = [
        f"the {told.form} law foretells {told.predicted:.3f} ({100 * told.error:+.1f} %)" for told in found.forecasts
    ]
    judged = ""
    if pure.interval is not None:
        place = "within" if pure.interval.holds(pure.measured) else "OUTSIDE"
        judged = f"; the measured value lies {place} the pure law's prediction interval"
    return f"Fitted without L = {pure.length}, where {pure.measured:.3f} was measured, {' and '.join(words)}{judged}."


def _robust(found: Analysis) -> str:
    moved = abs(found.pure_huber.alpha - found.pure.alpha)
    if moved <= MATTERS * abs(found.pure.alpha):
        return ""
    return f"A robust fit gives alpha = {found.pure_huber.alpha:.3f}: single lengths pull on the plain one."


def _plateau(found: Analysis) -> str:
    curve = found.evolution
    if len(curve.steps_G) < 2:
        return ""
    ends = f"alpha goes from {curve.alpha_G[0]:.3f} to {curve.alpha_G[-1]:.3f}"
    moved = f"From step {curve.steps_G[0]:.0f} to {curve.steps_G[-1]:.0f} {ends}"
    fit = found.saturation
    if fit is None:
        return f"{moved}; no saturating exponential fits it."
    if fit.steps > STRAIGHT * curve.steps_G[-1]:
        return f"{moved}, almost in a straight line: these steps do not tell of a plateau."
    if fit.steps < curve.steps_G[0] / SETTLED:
        return f"{moved}; it stood at its plateau of {fit.plateau:.3f} before the first of these steps."
    if fit.seen:
        return f"{moved}; it saturates at {fit.plateau:.3f} with a time constant of {fit.steps:.0f} steps."
    return (
        f"{moved}; no plateau is reached: the saturating exponential's {fit.plateau:.3f} (time constant "
        f"{fit.steps:.0f} steps) is an extrapolation."
    )


def _crossed(found: Analysis) -> str:
    if not found.crossovers:
        return "The table has no wall times that overlap: nothing is said about crossovers."
    overtaken = sum(row.measured in ("crossed", "from the start") for row in found.crossovers)
    missing = sum(row.measured == "not reached" for row in found.crossovers)
    return (
        f"At equal wall time the longer window overtook the shorter in {overtaken} of {len(found.crossovers)} pairs; "
        f"in {missing} it had not by the end of the time that both were trained."
    )


def _noise(found: Analysis) -> str:
    if found.pure_over_seeds is None:
        return "With one seed a length, the noise between runs is not measured."
    return (
        f"Training the same lengths again would give alpha within {span(found.pure_over_seeds)} (bootstrap over seeds)."
    )
