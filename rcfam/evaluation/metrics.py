"""What is said of a model from its losses and hits on held-out windows. Pure functions of arrays."""

# T steps, B windows

import math

import numpy as np
from numpy.typing import NDArray


def mean(values_TB: NDArray[np.floating], mask_TB: NDArray[np.bool_]) -> float:
    """Mean over unmasked positions; not a number where there are none."""
    count = int(mask_TB.sum())
    return float(values_TB[mask_TB].sum(dtype=np.float64)) / count if count else math.nan


def bits_per_keystroke(
    loss_TB: NDArray[np.floating], keystrokes_TB: NDArray[np.integer], mask_TB: NDArray[np.bool_]
) -> float:
    """Bits to write the targets down with the model's probabilities, over the keystrokes that they stand for.

    Unlike the loss a token it can be compared between tokenizers. `keystrokes_TB` is the number of keys in each target.
    """
    keystrokes = int(keystrokes_TB[mask_TB].sum())
    return float(loss_TB[mask_TB].sum(dtype=np.float64)) / math.log(2) / keystrokes if keystrokes else math.nan


def runs_ahead(correct_TB: NDArray[np.bool_], mask_TB: NDArray[np.bool_]) -> NDArray[np.int64]:
    """From each position on, how many frames in a row are right: (T, B). 0 where the position itself is wrong.

    A masked position ends a run, as the end of the window does.
    """
    ahead_TB = np.zeros(correct_TB.shape, dtype=np.int64)
    following_B = np.zeros(correct_TB.shape[1], dtype=np.int64)
    for step in range(len(correct_TB) - 1, -1, -1):
        following_B = np.where(correct_TB[step] & mask_TB[step], following_B + 1, 0)
        ahead_TB[step] = following_B
    return ahead_TB


def sustained(correct_TB: NDArray[np.bool_], mask_TB: NDArray[np.bool_]) -> float:
    """Sustained accuracy: the average number of correct frames in a row without interruption.

    The paper (section 10.4.1) says no more than that, "as per top-1 sampling on a held-out validation set". Here:
    stand at any unmasked position of any held-out window and count the frames from there on whose top-1 token is
    right, up to the first wrong one; the mean over all positions. A wrong position counts 0, so the value may lie
    below 1, as the paper's 0.35 does. Every frame is the recorded one, whatever the model would have typed. A run is
    cut where its window ends, so that the value depends on the window's length and is smaller than (T + 1) / 2.
    """
    return mean(runs_ahead(correct_TB, mask_TB).astype(np.float64), mask_TB)


def sustained_from_start(correct_TB: NDArray[np.bool_], mask_TB: NDArray[np.bool_]) -> float:
    """The same count from the first frame of each window alone: how far the model goes with nothing remembered."""
    first_B = mask_TB[0]
    return float(runs_ahead(correct_TB, mask_TB)[0][first_B].mean()) if first_B.any() else math.nan


def by_position(values_TB: NDArray[np.floating], mask_TB: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over windows at each step of time: (T,); not a number where every window is masked."""
    count_T = mask_TB.sum(axis=1)
    total_T = np.where(mask_TB, values_TB, 0.0).sum(axis=1, dtype=np.float64)
    return np.divide(total_T, count_T, out=np.full(len(count_T), math.nan), where=count_T > 0)
