"""What a parameter dataclass says of itself: its keys with types, bounds, defaults and documentation.

A field's documentation is the docstring under it. Its first sentence is the comment in a parameter file; all of it is
what `rcfam params --explain` prints.
"""

import ast
import dataclasses
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

from rcfam.bounds import BOUNDS, hints
from rcfam.documents import tag

_NAMES: dict[Any, str] = {int: "whole number", float: "number", str: "text", bool: "true or false"}


class Key(NamedTuple):
    """One key of a section, or of a mapping inside it."""

    name: str
    """With everything above it: `train.optimiser.clip`."""
    hint: Any
    default: Any
    """As a document holds it; `NO_DEFAULT` where there is none."""
    doc: str
    """Plain text; empty where the field has no docstring."""
    kind: str | None = None
    """What the dataclass is called where it is one of several: its keys are there for this kind alone."""

    @property
    def summary(self) -> str:
        """The first sentence of the documentation, without its full stop."""
        return re.split(r"(?<=\.)\s", self.doc, maxsplit=1)[0].rstrip(".")


class NoDefault:
    """The type of `NO_DEFAULT`."""


NO_DEFAULT = NoDefault()


def keys(kind: type, prefix: str = "") -> list[Key]:
    """The keys of a dataclass in order. `prefix` stands before each name, with a dot at its end."""
    docs, called = documentation(kind), tag(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    return [
        Key(f"{prefix}{name}", hint, default_of(fields[name]), docs.get(name, ""), called)
        for name, hint in hints(kind).items()
    ]


def all_keys(kinds: Mapping[str, type]) -> Iterator[Key]:
    """Every key of every section, those of inner dataclasses after the key that holds them."""
    waiting = [key for section, kind in kinds.items() for key in keys(kind, f"{section}.")]
    while waiting:
        key = waiting.pop(0)
        yield key
        waiting[:0] = [inner for kind in dataclasses_in(key.hint) for inner in keys(kind, f"{key.name}.")]


def default_of(field: "dataclasses.Field[Any]") -> Any:
    """A field's default as a document holds it, or `NO_DEFAULT`."""
    if field.default is not dataclasses.MISSING:
        return plain(field.default)
    if field.default_factory is not dataclasses.MISSING:
        return plain(field.default_factory())
    return NO_DEFAULT


def plain(value: Any) -> Any:
    """A dataclass as a document holds it: mappings, lists and plain values. `documents.build` is the way back."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = tag(type(value))
        inner = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return inner if kind is None else {"kind": kind, **inner}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def dataclasses_in(hint: Any) -> tuple[type, ...]:
    """The dataclasses that a value of this type can be: none, one, or those of a union."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return dataclasses_in(arguments[0])
    if origin in (types.UnionType, typing.Union):
        return tuple(kind for argument in arguments for kind in dataclasses_in(argument))
    return (hint,) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else ()


def kinds(hint: Any) -> tuple[str, ...]:
    """The kinds that a document chooses from; empty for other types."""
    some = [tag(kind) for kind in dataclasses_in(hint)]
    return tuple(kind for kind in some if kind is not None) if len(some) > 1 else ()


def choices(hint: Any) -> tuple[str, ...]:
    """The values of a Literal as a document writes them; empty for other types."""
    if typing.get_origin(hint) is Annotated:
        return choices(typing.get_args(hint)[0])
    return tuple(map(str, typing.get_args(hint))) if typing.get_origin(hint) is typing.Literal else ()


def described(hint: Any) -> str:
    """A type and its bounds in words: `whole number, at least 1 and at most 512`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        bounds = (str(bound) for bound in arguments[1:] if isinstance(bound, BOUNDS))
        return ", ".join([described(arguments[0]), *bounds])
    if origin in (types.UnionType, typing.Union):
        some = [argument for argument in arguments if argument is not type(None)]
        words = f"keys of a kind: {', '.join(tags)}" if (tags := kinds(hint)) else " or ".join(map(described, some))
        return f"{words}, or null" if len(some) < len(arguments) else words
    if origin is typing.Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin is tuple:
        inner = arguments[0] if arguments[-1] is ... else typing.Union[arguments]  # noqa: UP007 - of a tuple
        return f"list of ({described(inner)})"
    if origin is dict:
        return f"mapping of ({described(arguments[0])}) to ({described(arguments[1])})"
    return "keys" if dataclasses.is_dataclass(hint) else _NAMES.get(hint, "any value")


@cache
def documentation(kind: type) -> dict[str, str]:
    """Field -> the docstring under it, as one paragraph. Empty where the source of the class is not at hand."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return {}
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    found = {}
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def summary(kind: type) -> str:
    """The first sentence of a dataclass's own docstring, without its full stop."""
    return Key("", kind, None, " ".join((kind.__doc__ or "").split())).summary
