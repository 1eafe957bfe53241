"""Bounds that stand beside a dataclass's fields, as in `rows: Annotated[int, Range(2, 1_000)]`.

`check(self)` in `__post_init__` demands them of every value, wherever it comes from. A bound that is broken is one
line: key, value and bound.
"""

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

from rcfam.errors import RcfamError

_SHOWN: Final = 80  # characters of a value in a message


class BoundsError(RcfamError, ValueError):
    """A value out of bounds. The message begins with its key."""


@dataclass(frozen=True)
class Range:
    """A finite number's bounds: `least` and `most` belong to the range, `above` and `below` do not."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def check(self, value: Any, where: str) -> None:
        """Raise BoundsError for a number outside."""
        if not math.isfinite(value):
            raise BoundsError(f"{where}: {value} is not finite")
        broken = (
            (self.least is not None and value < self.least)
            or (self.most is not None and value > self.most)
            or (self.above is not None and value <= self.above)
            or (self.below is not None and value >= self.below)
        )
        if broken:
            raise BoundsError(f"{where}: {shown(value)} is not {self}")

    def __str__(self) -> str:
        told = {"at least": self.least, "above": self.above, "at most": self.most, "below": self.below}
        return " and ".join(f"{words} {bound}" for words, bound in told.items() if bound is not None)


@dataclass(frozen=True)
class Size:
    """How many characters a text, or how many items a tuple or mapping may have."""

    least: int = 0
    most: int = 1_000_000

    def check(self, value: Any, where: str) -> None:
        """Raise BoundsError for one that is too short or too long."""
        if not self.least <= len(value) <= self.most:
            what = "characters" if isinstance(value, str) else "items"
            raise BoundsError(f"{where}: {len(value)} {what}, must be {self.least} to {self.most}")

    def __str__(self) -> str:
        return f"{self.least:,} to {self.most:,} long"


@dataclass(frozen=True)
class Different:
    """No item of a tuple stands in it twice."""

    def check(self, value: Any, where: str) -> None:
        """Raise BoundsError that names the first item that is there twice."""
        seen = set()
        for item in value:
            if item in seen:
                raise BoundsError(f"{where}: {shown(item)} stands there twice")
            seen.add(item)

    def __str__(self) -> str:
        return "no item twice"


@dataclass(frozen=True)
class Pattern:
    """What a text as a whole must look like; `words` say it in a message."""

    regex: str
    words: str

    def matches(self, value: str) -> bool:
        """Whether the text looks like it."""
        return re.fullmatch(self.regex, value) is not None

    def check(self, value: Any, where: str) -> None:
        """Raise BoundsError for another text."""
        if not self.matches(value):
            raise BoundsError(f"{where}: {shown(value)} is not {self.words}")

    def __str__(self) -> str:
        return self.words


BOUNDS: Final = (Range, Size, Different, Pattern)

NAME: Final = Pattern(
    r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}",
    "a name: letters, digits, '.', '_' and '-', at most 100, the first one no '.' and no '-'",
)
"""Names of repositories and recordings. They become file names, so no name leads out of a folder."""
PATH: Final = Pattern(r"[^\0]{1,4000}", "a path")
SHA256: Final = Pattern(r"[0-9a-f]{64}", "a SHA-256 in hexadecimal digits")

Name = Annotated[str, NAME]
Sha256 = Annotated[str, SHA256]
Count = Annotated[int, Range(0)]
Positive = Annotated[int, Range(1)]
Seed = Annotated[int, Range(0, 2**63 - 1)]
Share = Annotated[float, Range(0, 1)]
"""0 to 1, both included."""


def check(instance: Any) -> None:
    """Demand of a dataclass's values the bounds of its fields. Raises BoundsError for the first that is broken."""
    for name, hint in hints(type(instance)).items():
        _check(hint, getattr(instance, name), name)


def hints(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields with their bounds, in order."""
    return _hints(kind)


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    assert isinstance(kind, type)
    found = typing.get_type_hints(kind, include_extras=True)
    return {field.name: found[field.name] for field in dataclasses.fields(kind)}


def shown(value: Any) -> str:
    """A value as a message shows it: one line, not too long, no control characters."""
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "a number of too many digits"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def nearest(name: object, known: Iterable[str]) -> str:
    """`; did you mean 'steps'?` for a name that is close to a known one, else an empty text."""
    close = difflib.get_close_matches(str(name)[:_SHOWN], known, 1, 0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _check(hint: Any, value: Any, where: str) -> None:
    """Bounds alone: that a value has the type of its field is demanded where documents are read."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if value is None or hint is Any:
        return
    if origin is Annotated:
        _check(arguments[0], value, where)
        for bound in arguments[1:]:
            if isinstance(bound, BOUNDS):
                bound.check(value, where)
    elif origin in (types.UnionType, typing.Union):
        _check(next(argument for argument in arguments if argument is not type(None)), value, where)
    elif origin is tuple:
        each: Iterable[Any] = (arguments[0] for _ in value) if arguments[-1] is ... else arguments
        for number, (kind, item) in enumerate(zip(each, value, strict=True)):
            _check(kind, item, f"{where}[{number}]")
    elif origin is dict:
        for key, item in value.items():
            _check(arguments[0], key, f"{where}: key")
            _check(arguments[1], item, f"{where}.{key}")
    elif hint is float:
        Range().check(value, where)
