"""Slow, obvious counterparts of the scaling room's fast paths."""

from collections.abc import Sequence


def smoothed(steps: Sequence[int], losses: Sequence[float], step: int, window: int) -> float:
    """Mean of the losses within the last `window` steps up to `step`; else the last loss before."""
    within = [loss for s, loss in zip(steps, losses, strict=True) if step - window < s <= step]
    if within:
        return sum(within) / len(within)
    return [loss for s, loss in zip(steps, losses, strict=True) if s <= step][-1]
