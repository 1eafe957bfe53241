"""The type of a named tuple's address, for the tested Numba: see `rcfam.reference`."""

from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import AttributeTemplate
from numba.core.typing.typeof import typeof, typeof_impl
from numba.extending import NativeValue, infer_getattr, lower_getattr_generic, models, register_model, unbox


class Reference(types.Type):
    """The address of a named tuple's members."""

    def __init__(self, kind: Any, members: tuple[Any, ...]) -> None:
        self.kind, self.members = kind, members
        super().__init__(name=f"Reference({kind.__name__}{members})")

    def number(self, name: str) -> int:
        """Which member is called `name`."""
        found: int = self.kind._fields.index(name)
        return found


@register_model(Reference)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Reference) -> None:
        members = [manager.lookup(member).get_value_type() for member in kind.members]
        super().__init__(manager, kind, ir.LiteralStructType(members).as_pointer())


@infer_getattr
class _Attributes(AttributeTemplate):
    key = Reference

    def generic_resolve(self, kind: Reference, name: str) -> Any:  # type: ignore[override]
        """The type of a member, None where there is no such."""
        return kind.members[kind.number(name)] if name in kind.kind._fields else None


@lower_getattr_generic(Reference)
def _load(context: Any, builder: Any, kind: Reference, value: Any, name: str) -> Any:
    """A member. It is the same throughout the kernel, whatever is written in between."""
    number = kind.number(name)
    loaded = builder.load(cgutils.gep_inbounds(builder, value, 0, number))
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return impl_ret_borrowed(context, builder, kind.members[number], loaded)


@unbox(Reference)
def _unpack(kind: Reference, value: Any, c: Any) -> NativeValue:
    """Unpack the members on the stack of the function that Python calls, for as long as the kernel runs."""
    place = cgutils.alloca_once(c.builder, c.context.get_value_type(kind).pointee)
    failed = cgutils.false_bit
    cleanups = []
    for number, member in enumerate(kind.members):
        native = c.unbox(member, c.pyapi.tuple_getitem(value, number))
        c.builder.store(native.value, cgutils.gep_inbounds(c.builder, place, 0, number))
        failed = c.builder.or_(failed, native.is_error)
        if native.cleanup is not None:
            cleanups.append(native.cleanup)
        if c.context.enable_nrt and not isinstance(member, Reference):
            cleanups.append(partial(c.context.nrt.decref, c.builder, member, native.value))

    def cleanup() -> None:
        for clean in cleanups:
            clean()

    return NativeValue(place, is_error=failed, cleanup=cleanup)


def register(kind: Any) -> None:
    """Let kernels take the named tuple class `kind` by reference."""

    @typeof_impl.register(kind)
    def _typeof(value: Any, c: Any) -> Any:
        return Reference(kind, tuple(typeof(item, c.purpose) for item in value))
