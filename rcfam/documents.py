"""JSON and YAML files from outside -> plain values -> frozen dataclasses.

Every document is taken for a stranger's. Its file is a regular one of bounded size and UTF-8; its numbers are finite,
its keys stand once, its nesting is bounded, and YAML aliases are refused. Then `build` demands what a dataclass says:
its keys, their types (exact ones: true is no number, "1" neither), and the bounds of its fields (bounds.py). The first
thing that is wrong is one line with file, key, value and bound.
"""

import dataclasses
import io
import json
import math
import os
import stat
import types
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import yaml

from rcfam.bounds import BOUNDS, hints, nearest, shown
from rcfam.errors import RcfamError

T = TypeVar("T")

MOST_BYTES: Final = 16 << 20  # of a JSON document
MOST_YAML_BYTES: Final = 256 << 10
MOST_DEPTH: Final = 32
_MOST_DIGITS: Final = 40
_MOST_INT: Final = 2**63  # of a field without bounds of its own


class DocumentError(RcfamError):
    """A document that cannot be used; the message names file, key, value and bound."""


def load(path: Path, kind: type[T], most_bytes: int = MOST_BYTES) -> T:
    """A JSON file as the dataclass `kind`; what has a default may be missing."""
    return build(kind, load_json(path, most_bytes), f"{path}:", complete=False)


def load_json(path: Path, most_bytes: int = MOST_BYTES) -> Any:
    """The value of a JSON file."""
    return json_value(text(path, most_bytes), str(path))


def load_yaml(path: Path, most_bytes: int = MOST_YAML_BYTES) -> Any:
    """The value of a YAML file."""
    return yaml_value(text(path, most_bytes), str(path))


def regular(path: Path) -> io.BufferedReader:
    """A regular file opened to read. Never waits for a FIFO, never opens a device; raises DocumentError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DocumentError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise DocumentError(f"{path}: a {'folder' if stat.S_ISDIR(mode) else 'special file'}, expected a regular file")
    return os.fdopen(handle, "rb")


def content(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file of at most so many."""
    with regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most_bytes:
            raise DocumentError(f"{path}: {size:,} bytes, at most {most_bytes:,} are read")
        try:
            data = file.read(most_bytes + 1)
        except OSError as error:
            raise DocumentError(f"{path}: {error.strerror}") from error
    if len(data) > most_bytes:
        raise DocumentError(f"{path}: more than {most_bytes:,} bytes")
    return data


def text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """The text of a regular file: UTF-8, with or without a byte order mark."""
    try:
        return content(path, most_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: not UTF-8: byte {error.object[error.start]:#04x} at {error.start}") from error


def json_value(source: str | bytes, where: str) -> Any:
    """The value of a JSON text."""
    try:
        value = json.loads(source, object_pairs_hook=_once, parse_int=_whole)
    except RecursionError as error:
        raise DocumentError(f"{where}: nested more than {MOST_DEPTH} deep") from error
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError and what the hooks raise
        raise DocumentError(f"{where}: not valid JSON: {_one_line(error)}") from error
    _plain(value, where)
    return value


def yaml_value(source: str, where: str) -> Any:
    """The value of a YAML text; dates stay texts."""
    try:
        value = yaml.load(source, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError(f"{where}: not valid YAML: {_one_line(error)}") from error
    _plain(value, where)
    return value


def build(kind: type[T], values: Any, where: str, complete: bool = True) -> T:
    """Make the dataclass `kind` from a mapping.

    Raises DocumentError for unknown, missing, mistyped keys and for values out of bounds. `complete`: keys with a
    default must stand there too. `where` begins every message; with a colon at its end it is a file, whose keys follow.
    """
    if not isinstance(values, dict):
        raise DocumentError(f"{where.rstrip(':')}: expected keys and values, found {_kind(values)}")
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if tag(kind) is not None:
        values = _untagged(kind, values, where)
    for key in values:
        if key not in fields:
            if (moved := getattr(kind, "moved", {}).get(key)) is not None:
                raise DocumentError(f"{_at(where, key)}: {moved}")
            known = ", ".join(sorted(fields))
            raise DocumentError(f"{_at(where, key)}: unknown key; known: {known}{nearest(key, fields)}")
    for name, field in sorted(fields.items()):
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if name not in values and (complete or not optional):
            raise DocumentError(f"{_at(where, name)}: key is missing")
    kinds = hints(kind)
    converted = {name: _convert(kinds[name], value, _at(where, name), complete) for name, value in values.items()}
    try:
        return kind(**converted)
    except (ValueError, RcfamError) as error:  # what a dataclass says of fields that do not fit together
        raise DocumentError(f"{where.rstrip(':')}: {error}") from error


def tag(kind: type) -> str | None:
    """What a document calls this dataclass under `kind`, where it is one of several: its class variable `kind`."""
    found = vars(kind).get("kind")
    if not isinstance(found, str) or not dataclasses.is_dataclass(kind):
        return None
    return None if any(field.name == "kind" for field in dataclasses.fields(kind)) else found


def _untagged(kind: type, values: dict[str, Any], where: str) -> dict[str, Any]:
    """The values without their kind, which must be this dataclass's."""
    if values.get("kind") != tag(kind):
        raise DocumentError(f"{_at(where, 'kind')}: {shown(values.get('kind'))} is not {tag(kind)}")
    return {key: value for key, value in values.items() if key != "kind"}


def convert(hint: Any, value: Any, where: str) -> Any:
    """A plain value as what a type says, for documents that are no mapping. Raises DocumentError."""
    return _convert(hint, value, where, complete=False)


def _convert(hint: Any, value: Any, where: str, complete: bool) -> Any:
    if hint is Any:
        return value
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        converted = _convert(arguments[0], value, where, complete)
        for bound in arguments[1:]:
            if isinstance(bound, BOUNDS) and converted is not None:
                _demand(bound, converted, where)
        return converted
    if origin in (types.UnionType, typing.Union):
        return _convert_union(arguments, value, where, complete)
    if origin is typing.Literal:
        if not any(type(value) is type(argument) and value == argument for argument in arguments):
            raise DocumentError(f"{where}: {shown(value)} is not one of {', '.join(map(str, arguments))}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise DocumentError(f"{where.rstrip(':')}: expected a list, found {shown(value)}")
        if arguments[-1] is not ... and len(value) != len(arguments):
            raise DocumentError(f"{where}: expected {len(arguments)} values, found {len(value)}")
        each: Iterable[Any] = (arguments[0] for _ in value) if arguments[-1] is ... else arguments
        return tuple(
            _convert(kind, item, f"{where}[{i}]", complete)
            for i, (kind, item) in enumerate(zip(each, value, strict=True))
        )
    if origin is dict:
        if not isinstance(value, dict):
            raise DocumentError(f"{where.rstrip(':')}: expected keys and values, found {_kind(value)}")
        return {
            _convert(arguments[0], k, f"{where}: key", complete): _convert(arguments[1], v, _at(where, k), complete)
            for k, v in value.items()
        }
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where, complete)  # type: ignore[arg-type]
    return _convert_scalar(hint, value, where)


def _convert_union(alternatives: tuple[Any, ...], value: Any, where: str, complete: bool) -> Any:
    """As the first alternative that the value fits; the line is of the first that is not None."""
    if value is None and type(None) in alternatives:
        return None
    tagged = {tag(kind): kind for kind in alternatives if isinstance(kind, type) and tag(kind) is not None}
    if tagged:
        return _convert_tagged(tagged, value, where, complete)
    first: DocumentError | None = None
    for alternative in alternatives:
        if alternative is not type(None):
            try:
                return _convert(alternative, value, where, complete)
            except DocumentError as error:
                first = first or error
    assert first is not None
    raise first


def _convert_tagged(tagged: dict[str | None, type], value: Any, where: str, complete: bool) -> Any:
    """As the dataclass that `kind` names."""
    known = ", ".join(sorted(map(str, tagged)))
    if not isinstance(value, dict):
        raise DocumentError(f"{where.rstrip(':')}: expected {{kind: ..., ...}} of kind {known}; found {shown(value)}")
    if "kind" not in value:
        raise DocumentError(f"{_at(where, 'kind')}: key is missing; known: {known}")
    kind = value["kind"]
    if not isinstance(kind, str) or kind not in tagged:
        close = nearest(kind, map(str, tagged))
        raise DocumentError(f"{_at(where, 'kind')}: {shown(kind)} is not one of {known}{close}")
    return build(tagged[kind], value, where, complete)


def _convert_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and type(value) is int and abs(value) < _MOST_INT:
        return float(value)
    if hint not in (int, float, str, bool) or type(value) is not hint:
        cure = ""
        if hint in (int, float) and isinstance(value, str) and _number(value):
            cure = ", a text; YAML takes a number for text if it is in quotes, or if its exponent has no point before"
        raise DocumentError(
            f"{where.rstrip(':')}: expected {getattr(hint, '__name__', hint)}, found {shown(value)}{cure}"
        )
    if hint is int and not -_MOST_INT <= value < _MOST_INT:
        raise DocumentError(f"{where}: {shown(value)} is beyond 64 bits")
    return value


def _demand(bound: Any, value: Any, where: str) -> None:
    try:
        bound.check(value, where)
    except ValueError as error:
        raise DocumentError(str(error)) from error


def _plain(value: Any, where: str) -> None:
    """Demand bounded nesting, finite numbers and whole text, in everything that the value holds."""
    waiting: list[tuple[Any, str, int]] = [(value, f"{where}:", 0)]
    while waiting:
        item, at, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise DocumentError(f"{where}: nested more than {MOST_DEPTH} deep")
        if isinstance(item, dict):
            for key, inner in item.items():
                waiting += [(key, f"{at.rstrip(':')}: key", depth + 1), (inner, _at(at, key), depth + 1)]
        elif isinstance(item, list):
            waiting += [(inner, f"{at}[{number}]", depth + 1) for number, inner in enumerate(item)]
        elif isinstance(item, float) and not math.isfinite(item):
            raise DocumentError(f"{at.rstrip(':')}: {item} is not finite")
        elif isinstance(item, str) and not item.isascii() and any("\ud800" <= c <= "\udfff" for c in item):
            raise DocumentError(f"{at}: {shown(item)} holds half a character (a lone surrogate)")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {shown(twice)} stands there twice")
    return made


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits, at most {_MOST_DIGITS} are read")
    return int(digits)


def _number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    return {dict: "keys and values", list: "a list", type(None): "nothing"}.get(type(value)) or shown(value)


def _at(where: str, key: Any) -> str:
    """Where a key's value stands: `params.yaml: render.rows`."""
    return f"{where} {_key(key)}" if where.endswith(":") else f"{where}.{_key(key)}"


def _key(key: Any) -> str:
    plain = isinstance(key, str) and len(key) <= 100 and key.isprintable() and key != ""
    return key if plain else shown(key)


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 300 else f"{words[:297]}..."


class _Loader(yaml.SafeLoader):
    """YAML without aliases, tags, dates, keys that stand twice, deep nesting and huge numbers."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: [(tag, regex) for tag, regex in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self.depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            self._refuse(f"alias *{event.anchor}: aliases are not read; write the value out", event)
        if getattr(event, "tag", None) is not None:
            self._refuse(f"tag {event.tag}: tags are not read", event)
        if self.depth > MOST_DEPTH:
            self._refuse(f"nested more than {MOST_DEPTH} deep", event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith((":int", ":float")) and len(node.value) > 4096:
            self._refuse(f"a number of {len(node.value)} digits", node)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse("a list or mapping as a key", key_node)
            key = self.construct_object(key_node)
            if key in seen:
                self._refuse(f"key {shown(key)} stands there twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def _refuse(self, words: str, at: Any) -> typing.NoReturn:
        raise yaml.MarkedYAMLError(problem=words, problem_mark=at.start_mark)
