"""params.yaml -> the rooms' dataclasses. An unknown, missing or mistyped key is an error that names it and the file."""

import dataclasses
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml

from rcfam.errors import RcfamError

T = TypeVar("T")


class ParamsError(RcfamError):
    """A parameter file that cannot be used; the message names file, section and key."""


def load(path: Path, section: str, kind: type[T]) -> T:
    """Read one section of a parameter file into the frozen dataclass `kind`; every field must stand in the file."""
    document = read(path)
    if section not in document:
        raise ParamsError(f"{path}: section '{section}' is missing")
    return build(kind, document[section], f"{path}: {section}")


def read(path: Path) -> dict[str, Any]:
    """The whole parameter file as a mapping of sections."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ParamsError(f"{path}: {error.strerror}; `rcfam preset default` writes a params.yaml") from error
    except OSError as error:
        raise ParamsError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise ParamsError(f"{path}: expected sections, found {type(document).__name__}")
    return document


def text(document: dict[str, Any]) -> str:
    """A whole parameter file that `read` reads back."""
    return yaml.safe_dump(document, sort_keys=False, width=120)


def build(kind: type[T], values: Any, where: str) -> T:
    """Make the dataclass `kind` from a mapping. Raises ParamsError for unknown, missing and mistyped keys."""
    if not isinstance(values, dict):
        raise ParamsError(f"{where}: expected keys and values, found {type(values).__name__}")
    fields = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise ParamsError(f"{where}.{key}: unknown parameter; known: {', '.join(sorted(fields))}")
    for name in sorted(fields):
        if name not in values:
            raise ParamsError(f"{where}.{name}: parameter is missing")
    hints = typing.get_type_hints(kind)
    converted = {name: _convert(hints[name], value, f"{where}.{name}") for name, value in values.items()}
    try:
        return kind(**converted)
    except ValueError as error:
        raise ParamsError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        return _convert(next(a for a in arguments if a is not type(None)), value, where)
    if origin is typing.Literal:
        if value not in arguments:
            raise ParamsError(f"{where}: {value!r} is not one of {', '.join(map(str, arguments))}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise ParamsError(f"{where}: expected a list, found {value!r}")
        return tuple(_convert(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise ParamsError(f"{where}: expected keys and values, found {value!r}")
        return {str(k): _convert(arguments[1], v, f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)  # type: ignore[arg-type]
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in (int, float, str, bool) and type(value) is hint:
        return value
    raise ParamsError(f"{where}: expected {getattr(hint, '__name__', hint)}, found {value!r}")
