"""Several processes that train one model: who this one is, and one sum over all of them.

Every rank reads windows of its own. Together they do what one process with all their windows would do: gradients of
summed losses and the counts to divide by travel in one flat vector, in one all-reduce.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.rendezvous import rendezvous


class Ranks(NamedTuple):
    """This process among `world`; alone by default."""

    rank: int = 0
    world: int = 1
    attempt: int = 0
    """How often all ranks have begun again."""

    @property
    def first(self) -> bool:
        """The one that writes files and reports."""
        return self.rank == 0


ALONE: Final = Ranks()


@contextmanager
def joined(ranks: Ranks, address: str, backend: str) -> Iterator[None]:
    """Meet the other ranks at `address` (torch's init_method), and part from them at the end."""
    store, rank, world = next(rendezvous(address, ranks.rank, ranks.world))
    # torchrun keeps its store over restarts: without the prefix ranks would call at places that others have left.
    own = dist.PrefixStore(f"attempt-{ranks.attempt}", store)
    dist.init_process_group(backend, store=own, rank=rank, world_size=world)
    try:
        yield
    finally:
        dist.destroy_process_group()


def wait_for_all(ranks: Ranks) -> None:
    """Return when every rank has come here."""
    if ranks.world > 1:
        dist.barrier()


def add_up(ranks: Ranks, tensors: Sequence[Tensor]) -> int:
    """Replace every tensor by its sum over the ranks, in one all-reduce; returns the bytes that each rank sent."""
    if ranks.world == 1:
        return 0
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    dist.all_reduce(flat)
    for tensor, piece in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(piece.view_as(tensor))
    return flat.numel() * flat.element_size()
