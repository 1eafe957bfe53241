"""Named tuples of arrays that kernels receive as one pointer.

Numba hands a tuple of arrays to a function member by member: ten arrays are some eighty words, at every call. A class
that is registered here is unpacked once, where Python calls a kernel, and goes on as the address of what was unpacked:
the terminal and its encoder run half as fast again, and compile in four fifths of the time. In the plain way, for
versions of Numba that were not tested, tuples are handed over member by member.
"""

from typing import TypeVar

from rcfam.jit import PLAIN

Class = TypeVar("Class", bound=type)


def by_reference(kind: Class) -> Class:
    """Let kernels take this named tuple class, of arrays and of other such tuples, by reference."""
    if not PLAIN:
        from rcfam.kernel_references import register

        register(kind)
    return kind
