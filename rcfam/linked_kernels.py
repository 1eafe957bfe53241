"""How kernels of the tested Numba compile: what a kernel calls is linked into it, and all of it is optimised once.

Numba optimises each function, and makes machine code of it, again for every function that calls it. Here the garbage
collector is held back besides, passes that no kernel needs are left out, and the interpreter's stack has room: a fresh
compile takes a quarter of the time. All of this reaches into Numba's insides, so `rcfam.jit` imports this file only for
the versions that it was tested with.
"""

import gc
from collections.abc import Callable
from typing import Any, Final

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, Flags
from numba.core.typed_passes import InlineOverloads, NopythonRewrites
from numba.core.types import unliteral
from numba.core.untyped_passes import InlineClosureLikes

_FUNCTIONS_BETWEEN_COLLECTIONS: Final = 64
_UNNEEDED: Final = (InlineClosureLikes, InlineOverloads, NopythonRewrites)
_STACK_SLOTS: Final = 700_000


class _Part(JITCodeLibrary):
    """The code of an inner function: linked into kernels as it is, never optimised, compiled or run by itself."""

    @property
    def codegen(self) -> Any:
        """Stands in for the code generator, which wants to be told the environment of a compiled function."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """There is no compiled function."""

    def get_pointer_to_function(self, name: str) -> int:
        """There is none."""
        self._ensure_finalized()
        return 0

    def finalize(self) -> None:
        """Leave the code as it is."""
        self._finalized = True


class _Whole(JITCodeLibrary):
    """The code of a kernel and of all that it calls, directly or not."""

    def finalize(self) -> None:
        """Link, optimise and compile."""
        libraries = dict.fromkeys(self._linking_libraries)
        waiting = list(libraries)
        while waiting:
            library = waiting.pop()
            if isinstance(library, _Part):
                new = [part for part in library._linking_libraries if part not in libraries]
                libraries |= dict.fromkeys(new)
                waiting += new
        self._linking_libraries = list(libraries)
        super().finalize()


class _Flags(Flags):
    """Compared by what was set: Numba's own ask for every default, and are compared a hundred thousand times."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Flags) and self._values == other._values

    def __hash__(self) -> int:
        return hash(frozenset(self._values))


class _PartCompiler(Compiler):
    _library: type[JITCodeLibrary] = _Part
    _compiled = 0

    def compile_extra(self, function: Callable[..., Any]) -> Any:
        """Numba's own, with flags of our kind."""
        self.state.flags = _Flags(self.state.flags)
        return super().compile_extra(function)

    def define_pipelines(self) -> Any:
        """Numba's own without what is not needed, into a library of our kind."""
        self.state.library = self._library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        _PartCompiler._compiled += 1
        if not gc.isenabled() and _PartCompiler._compiled % _FUNCTIONS_BETWEEN_COLLECTIONS == 0:
            gc.collect()
            gc.freeze()
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.passes = [step for step in pipeline.passes if step[0] not in _UNNEEDED]
        return pipelines


def _with_room(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call, with megabytes of the interpreter's stack in one piece.

    It grows by 16 KiB and shrinks again at every call across an edge: typing 300 functions, each inside another, maps
    and unmaps such a piece 700,000 times. A frame that claims to be large gets a larger piece; nothing touches it.
    """
    return call(*arguments)


_with_room.__code__ = _with_room.__code__.replace(co_stacksize=_STACK_SLOTS)


class WholeCompiler(_PartCompiler):
    _library = _Whole

    def compile_extra(self, function: Callable[..., Any]) -> Any:
        """Numba's own, with the garbage collector held back: the trees that it would walk again and again live on.

        What a collection has left is frozen, so that the next looks only at what came since.
        """
        collecting = gc.isenabled()
        gc.disable()
        try:
            return _with_room(super().compile_extra, function)
        finally:
            if collecting:
                gc.unfreeze()
                gc.enable()


def _refuse(*arguments: Any, **named: Any) -> Any:
    raise TypeError("an inner function can only be called by a kernel")


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` for kernels to call, as `rcfam.jit.inner` says.

    It has no door from Python, no cache, reference counts, or copy of its own for every constant that it is called
    with: each of them costs much of a fresh compile.
    """
    compiler: Any = numba.njit
    options = {"nogil": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Any = compiler(pipeline_class=_PartCompiler, **options)(function)
    if compiled is not function:  # with NUMBA_DISABLE_JIT=1 it is
        compiled._insert = lambda *entry: None  # nothing that Python could call
        compiled._compile_for_args = _refuse
        resolve = compiled.get_call_template

        def without_constants(arguments: Any, named: dict[str, Any]) -> Any:
            plain = {name: unliteral(kind) for name, kind in named.items()}
            return resolve([unliteral(kind) for kind in arguments], plain)

        compiled.get_call_template = without_constants
    made: Callable[..., Any] = compiled
    return made
