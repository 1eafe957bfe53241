"""The progress bar of the verbs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rcfam.printable import printable


@contextmanager
def bar(name: str, unit: str, brief: bool = False) -> Iterator[Callable[..., None]]:
    """Yield `show(done, total, remark="")`. The bar is drawn at the first call, so that a refusal stays one line.

    A `brief` one is for work of seconds: it is drawn on a terminal alone, and only if the work takes longer than one.
    """
    from tqdm import tqdm

    drawn: list[tqdm[None]] = []

    def show(done: int, total: int, remark: str = "") -> None:
        if not drawn:
            look: dict[str, Any] = {"disable": None, "delay": 1} if brief else {}
            drawn.append(tqdm(desc=printable(name), unit=unit, total=total, dynamic_ncols=True, leave=False, **look))
        drawn[0].total = total
        if remark:
            drawn[0].set_postfix_str(remark, refresh=done == 0)
        drawn[0].update(done - drawn[0].n)

    try:
        yield show
    finally:
        for each in drawn:
            each.close()
