"""How the terminal's own kernels are compiled: without the door that Python would call them by.

A kernel that only kernels call needs no wrapper and no cache entry of its own; leaving both out halves the time that
a fresh compile takes. Only the doors in `kernels.py` are made by `rcfam.jit.kernel`.
"""

from collections.abc import Callable
from typing import Any

import numba


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` for other kernels to call."""
    compiler: Any = numba.njit
    compiled: Callable[..., Any] = compiler(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(
        function
    )
    return compiled
