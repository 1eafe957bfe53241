"""How much of the data a training sees: tokens that stand in at least one of the windows drawn."""

# S stretches, T tokens

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.dataset.split import DatasetError

LENGTHS: Final = (2, 16, 128, 512, 2048)
WINDOWS: Final = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)


def expected_coverage(tokens_S: NDArray[np.int64], length: int, windows: Sequence[int]) -> list[float]:
    """For each number of windows: the share of all tokens that is seen at least once, in the mean over seeds.

    Windows of `length` tokens are drawn as 'length' sampling draws them: every place once, before one comes again. A
    token far from the ends of its stretch stands in `length` of the windows that there are, one near an end in fewer.
    Raises DatasetError for numbers below 1, or where there is no token.
    """
    tokens_S = np.asarray(tokens_S, np.int64)
    tokens_S = tokens_S[tokens_S > 0]
    if length < 1 or not len(tokens_S) or min(windows, default=1) < 1:
        raise DatasetError(f"length {length}, {len(tokens_S)} stretches, windows {list(windows)}: all must be above 0")
    places_S = np.maximum(tokens_S - length + 1, 1)
    total = int(places_S.sum())
    tokens_C = _tokens_by_windows(tokens_S, np.minimum(places_S, length))
    found = []
    for drawn in windows:
        if drawn >= total:
            found.append(1.0)
            continue
        # Of c windows that hold a token none is among those drawn: a hypergeometric probability, factor by factor.
        others = np.arange(min(len(tokens_C) - 1, total - drawn))
        unseen = np.cumprod((total - drawn - others) / (total - others))
        unseen_C = np.zeros(len(tokens_C))
        unseen_C[0], unseen_C[1 : len(unseen) + 1] = 1.0, unseen
        found.append(float(1 - (tokens_C * unseen_C).sum() / tokens_C.sum()))
    return found


def _tokens_by_windows(tokens_S: NDArray[np.int64], most_S: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many tokens stand in exactly c windows, c = 0, 1, ...; most_S is the greatest c of each stretch.

    From both ends of a stretch inwards one token each stands in 1, 2, ... windows, up to the greatest number, in which
    all the others stand.
    """
    stretches_C = np.bincount(most_S)
    longer_C = len(tokens_S) - np.cumsum(stretches_C)
    inner_C = np.bincount(most_S, weights=tokens_S - 2 * (most_S - 1))
    found_C = inner_C + 2.0 * longer_C
    found_C[0] = 0.0
    return found_C
