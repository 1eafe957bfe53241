"""The states between chunks, written forwards and read backwards."""

# n states

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from rcfam.model.backbones import State


class SavedStates:
    """A stack of states.

    States of one shape lie in one block of memory for each part, so that they leave no holes between what a sweep takes
    and frees. With `page` the blocks are the host's, locked for CUDA: states are copied on a stream of their own,
    beside the work, and each is fetched one turn before it is asked for. A state that grows with time (attention's)
    shares its tensors with the one before: such states are kept as they are, and not paged.
    """

    def __init__(self, count: int, page: bool = False, growing: bool = False) -> None:
        """`count` states at most; `growing` for those that do not keep their shape."""
        self._count, self._page, self._grows = count, page, growing
        self._blocks: list[Tensor] = []
        self._growing: list[State] = []
        self._length = 0
        self._device = torch.device("cpu")
        self._beside: torch.cuda.Stream | None = None
        self._fetched: State | None = None

    def push(self, state: State) -> None:
        """Put a state on top; it is copied."""
        if self._grows:
            self._growing.append(tuple(part.detach() for part in state))
        else:
            if not self._blocks:
                self._reserve(state)
            with self._aside():
                for block, part in zip(self._blocks, state, strict=True):
                    block[self._length].copy_(part.detach(), non_blocking=True)
                    if self._beside is not None:
                        part.record_stream(self._beside)
        self._length += 1
        self._fetched = None

    def pop(self) -> State:
        """Take the state on top: tensors on the device, without a graph."""
        if not self._length:
            raise IndexError("no states left")
        self._length -= 1
        if self._grows:
            return self._growing.pop()
        if not self._page:
            return tuple(block[self._length] for block in self._blocks)
        state = self._fetched if self._fetched is not None else self._fetch(self._length)
        if self._beside is not None:
            torch.cuda.current_stream(self._device).wait_stream(self._beside)
            for part in state:
                part.record_stream(torch.cuda.current_stream(self._device))
        self._fetched = self._fetch(self._length - 1) if self._length else None
        return state

    def _fetch(self, number: int) -> State:
        with self._aside():
            return tuple(block[number].to(self._device, non_blocking=True, copy=True) for block in self._blocks)

    def _aside(self) -> AbstractContextManager[object]:
        """Work for the stream beside, after what has been asked of the device so far."""
        if self._beside is None:
            return nullcontext()
        self._beside.wait_stream(torch.cuda.current_stream(self._device))
        return torch.cuda.stream(self._beside)

    def _reserve(self, state: State) -> None:
        """Blocks for states like this one."""
        self._device = state[0].device
        cuda = self._device.type == "cuda"
        if self._page and cuda:
            self._beside = torch.cuda.Stream(self._device)
        for part in state:
            shape, where = (self._count, *part.shape), "cpu" if self._page else self._device
            self._blocks.append(torch.empty(shape, dtype=part.dtype, device=where, pin_memory=self._page and cuda))
