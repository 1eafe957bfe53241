"""What the editor's services in Python ask of the terminal that runs it. The editor imports no terminal."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal.limits import Limits
from rcfam.terminal.state import State


class Host(Protocol):
    """A terminal as the editor sees it."""

    state: State
    """replaced when its arrays grow: read it again after `press` and `reserve`"""
    limits: Limits

    def press(self, keys: NDArray[np.uint32]) -> None:
        """Press keys, one after another."""

    def reserve(self, characters: int, lines: int) -> None:
        """Make room for one more key, and so many characters and lines besides."""
