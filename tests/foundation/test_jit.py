"""Kernels: what they compute, what Python may call, and what compiling them leaves behind."""

import gc
import sys
from typing import Any

import numpy as np
import pytest
from numba.core.compiler import Flags

from rcfam import linked_kernels
from rcfam.jit import bare_kernel, inner, kernel


@inner
def _countdown(numbers: Any, last: int) -> int:
    total = 0
    for place in range(last, -1, -1):
        total += numbers[place] * (2 if place % 2 else 1)
    return total


@inner
def _three(numbers: Any) -> int:
    return _countdown(numbers, 2)


@bare_kernel
def _weighted(numbers: Any) -> int:
    return _three(numbers) + _countdown(numbers, len(numbers) - 1)


@kernel
def _doubled(numbers: Any) -> Any:
    return np.append(numbers, numbers) * 2


def test_a_kernel_and_what_it_calls_compute_what_python_does() -> None:
    numbers = np.arange(1, 6)
    assert _weighted(numbers) == (1 + 4 + 3) + (1 + 4 + 3 + 8 + 5)
    assert _doubled(numbers).tolist() == [2, 4, 6, 8, 10] * 2


def test_an_inner_function_is_called_by_kernels_alone() -> None:
    with pytest.raises(TypeError, match="only be called by a kernel"):
        _countdown(np.arange(3), 2)


def test_compiling_leaves_the_collector_as_it_was() -> None:
    for numbers in (np.arange(3, dtype=np.int16), np.arange(3, dtype=np.float32)):
        _weighted(numbers)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_flags_are_equal_when_the_same_is_set() -> None:
    first: Any
    second: Any
    first, second = linked_kernels._Flags(Flags()), linked_kernels._Flags(Flags())
    assert first == second
    first.release_gil = True
    assert first != second
    second.release_gil = True
    assert first == second
    assert hash(first) == hash(second)


def test_a_call_with_room_is_a_call() -> None:
    def deep(left: int) -> int:
        return 1 + deep(left - 1) if left else 0

    assert linked_kernels._with_room(deep, sys.getrecursionlimit() // 2) == sys.getrecursionlimit() // 2
    with pytest.raises(ZeroDivisionError):
        linked_kernels._with_room(lambda: 1 // 0)
