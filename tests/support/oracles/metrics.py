"""Evaluation metrics by loops over positions."""

import math


def sustained(correct: list[list[bool]], mask: list[list[bool]]) -> float:
    """Windows as lists over time: the mean run of right frames that begins at each unmasked position."""
    runs = []
    for window, known in zip(correct, mask, strict=True):
        for start in range(len(window)):
            if known[start]:
                run = 0
                while start + run < len(window) and known[start + run] and window[start + run]:
                    run += 1
                runs.append(run)
    return sum(runs) / len(runs) if runs else math.nan
