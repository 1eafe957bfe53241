"""The model's state, handed on from each window to the one that follows it in the same slot, without gradients.

Backpropagation through time that is cut at the windows' borders: what a model knows of the time before a window it
knows by its state alone. See `carried` in dataset/orders.py.
"""

# B streams

import numpy as np
import torch
from torch import Tensor

from rcfam.dataset.index import Batch
from rcfam.dataset.orders import follows
from rcfam.model.action import ActionModel
from rcfam.model.backbones import State


class Carry:
    """The state after each slot's last window, and which windows those were. Nothing before the first batch."""

    def __init__(self) -> None:
        self._ids_B2 = np.empty((0, 2), np.int64)
        self._state: State = ()

    def before(self, model: ActionModel, batch: Batch) -> State | None:
        """The state to begin with: the carried one where a window follows its slot's last, else the model's own.

        None where there is nothing to carry yet. Every part of the state has streams first.
        """
        if len(self._ids_B2) != len(batch.ids_B2):
            return None
        joined_B = torch.from_numpy(follows(self._ids_B2, batch.ids_B2, len(batch.targets_TB)))
        fresh = model.initial(len(joined_B))
        return tuple(
            torch.where(joined_B.to(new.device)[:, None], old.to(new.device), new)
            for old, new in zip(self._state, fresh, strict=True)
        )

    def after(self, batch: Batch, state: State) -> None:
        """Keep the state that the windows of a batch ended with."""
        self._ids_B2, self._state = batch.ids_B2, tuple(part.detach() for part in state)

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint has to hold."""
        parts = {f"part.{number}": part.cpu() for number, part in enumerate(self._state)}
        return {"ids": torch.from_numpy(self._ids_B2.copy()), **parts}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        self._ids_B2 = tensors["ids"].numpy().copy()
        self._state = tuple(tensors[f"part.{number}"] for number in range(len(tensors) - 1))
