"""How the terminal's own kernels are compiled: without the door that Python would call them by.

A kernel that only kernels call needs no wrapper and no cache entry of its own, no reference counts, and no copy of its
own for every constant that it is called with; leaving all that out halves the time that a fresh compile takes. Only
the doors in `kernels.py` are made by `rcfam.jit.kernel`.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba.core.types import unliteral


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` for other kernels to call."""
    compiler: Any = numba.njit
    compiled: Any = compiler(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    if compiled is not function:
        resolve = compiled.get_call_template

        def without_constants(arguments: Any, named: dict[str, Any]) -> Any:
            plain = {name: unliteral(kind) for name, kind in named.items()}
            return resolve([unliteral(kind) for kind in arguments], plain)

        compiled.get_call_template = without_constants
    kernel: Callable[..., Any] = compiled
    return kernel
