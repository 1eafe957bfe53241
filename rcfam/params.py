"""params.yaml -> the rooms' dataclasses, and everything that writes or changes such a file.

Defaults and documentation live in the dataclasses (schema.py). A preset is a file of `section.key` -> value over the
defaults or over another preset. `overridden` is the one function that puts values over a parameter file: presets,
studies, searches, tasks and `-S key=value` all use it. What is unknown, missing, mistyped or out of bounds is named.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import yaml

from rcfam import documents, schema
from rcfam.bounds import nearest
from rcfam.documents import DocumentError, build

T = TypeVar("T")

PRESETS: Final = Path(str(resources.files("rcfam") / "presets"))
_WIDTH: Final = 120  # characters of a line with its comment
_MOST_PARENTS: Final = 8
_EXPONENT: Final = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d{1,3}")


class Setting(NamedTuple):
    """A value for one key: what `-S key=value` says."""

    key: str
    value: Any


@dataclass(frozen=True)
class Preset:
    """A preset file."""

    about: str = ""
    """What it is for, and what it assumes; the comment at the head of a written parameter file."""
    parent: str | None = None
    """The preset that it changes; null: the defaults."""
    values: dict[str, Any] = field(default_factory=dict)
    """`section.key` -> value, where it differs from the parent's."""


def load(path: Path, section: str, kind: type[T]) -> T:
    """Read one section of a parameter file into the frozen dataclass `kind`; every field must stand in the file."""
    document = read(path)
    if section not in document:
        raise DocumentError(f"{path}: section '{section}' is missing")
    return build(kind, document[section], f"{path}: {section}")


def read(path: Path) -> dict[str, Any]:
    """The whole parameter file as a mapping of sections. Raises DocumentError."""
    if not path.exists():
        raise DocumentError(f"{path}: No such file or directory; `rcfam preset default` writes a params.yaml")
    document = documents.load_yaml(path)
    if not isinstance(document, dict):
        raise DocumentError(f"{path}: expected sections, found {type(document).__name__}")
    return document


def setting(text: str) -> Setting:
    """`key=value`, the value as YAML reads it: `train.batch=8`, `study.lengths=[2, 4]`. Raises DocumentError.

    Unlike in YAML, 1e-3 is a number too.
    """
    key, equals, source = text.partition("=")
    if not equals or not key.strip():
        raise DocumentError(f"-S {text}: expected KEY=VALUE, such as train.batch=8")
    value = documents.yaml_value(source, f"-S {key.strip()}")
    plain_number = value == source.strip() and _EXPONENT.fullmatch(source.strip())
    return Setting(key.strip(), float(source) if plain_number else value)


def overridden(document: Mapping[str, Any], values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A copy of a document with dotted key -> value put in; `where` begins every message.

    Raises DocumentError for a key that the document does not have, and names the nearest one that it has. Whether the
    values are valid is said by `build`.
    """
    out = copy.deepcopy(dict(document))
    for name, value in values.items():
        *path, last = name.split(".")
        place: Any = out
        for step in path:
            place = place.get(step) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last not in place:
            raise DocumentError(f"{where}: {name}: unknown key{nearest(name, _names(out))}")
        place[last] = copy.deepcopy(value)
    return out


def replaced(instance: T, values: Mapping[str, Any], where: str) -> T:
    """A copy of a parameter dataclass with dotted key -> value put in, checked as a file is. Raises DocumentError."""
    return build(type(instance), overridden(schema.plain(instance), values, where), where, complete=False)


def defaults(kind: type) -> dict[str, Any]:
    """A dataclass's defaults as a section of a parameter file."""
    tag = documents.tag(kind)
    return ({} if tag is None else {"kind": tag}) | {key.name: key.default for key in schema.keys(kind)}


def presets(folder: Path = PRESETS) -> list[str]:
    """The names of all presets in a folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def preset(name: str, kinds: Mapping[str, type], folder: Path = PRESETS) -> dict[str, Any]:
    """The sections `kinds` of a preset as a whole parameter file holds them. Raises DocumentError."""
    document = {section: defaults(kind) for section, kind in kinds.items()}
    for path, found in reversed(list(_lineage(name, folder))):
        known = {key: value for key, value in found.values.items() if key.partition(".")[0] in kinds}
        document = overridden(document, known, f"{path}: values")
        for section, kind in kinds.items():  # a mapping of another kind may leave out what has a default
            document[section] = schema.plain(build(kind, document[section], f"{path}: {section}", complete=False))
    return document


def about(name: str, folder: Path = PRESETS) -> str:
    """What a preset is for."""
    return _preset_file(name, folder).about


def text(document: dict[str, Any]) -> str:
    """A whole parameter file that `read` reads back, without comments."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=_WIDTH)


def commented(document: Mapping[str, Any], kinds: Mapping[str, type], head: str = "") -> str:
    """A whole parameter file that `read` reads back, with the first sentence of every key's documentation."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    for section, kind in kinds.items():
        lines += ["", *_line(f"{section}:", schema.summary(kind), 0)]
        lines += _lines(kind, document[section], 2)
    return "\n".join(lines).lstrip("\n") + "\n"


def _lines(kind: type, values: Mapping[str, Any], indent: int) -> Iterator[str]:
    if (tag := documents.tag(kind)) is not None:
        yield from _line(f"kind: {tag}", schema.summary(kind), indent)
    for key in schema.keys(kind):
        value = values[key.name]
        if isinstance(value, dict) and (inner := _kind_of(key.hint, value)) is not None:
            yield from _line(f"{key.name}:", _comment(key, value), indent)
            yield from _lines(inner, value, indent + 2)
        else:
            yield from _line(f"{key.name}: {flow(value)}", _comment(key, value), indent)


def _line(words: str, comment: str, indent: int) -> list[str]:
    """A key with its comment at the end, or above it where the line would be too long."""
    line = f"{' ' * indent}{words}"
    if not comment:
        return [line]
    whole = f"{line} # {comment}"
    return [whole] if len(whole) <= _WIDTH else [f"{' ' * indent}# {comment}", line]


def _comment(key: schema.Key, value: Any) -> str:
    parts = [key.summary]
    if some := schema.choices(key.hint):
        parts.append(f"One of {', '.join(some)}")
    if some := schema.kinds(key.hint):
        parts.append(f"Kinds: {', '.join(some)}")
    if value is None and (inner := schema.dataclasses_in(key.hint)):
        parts.append(f"Not null: {flow(defaults(inner[0]))}")
    return ". ".join(part for part in parts if part)


def _kind_of(hint: Any, value: Mapping[str, Any]) -> type | None:
    """The dataclass that a mapping is of."""
    some = schema.dataclasses_in(hint)
    return next((kind for kind in some if documents.tag(kind) in (None, value.get("kind"))), None)


def flow(value: Any) -> str:
    """A value as YAML writes it in one line."""
    shown = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=2**20)
    return shown.removesuffix("...\n").strip()


def _names(document: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Every dotted key of a document."""
    found = []
    for key, value in document.items():
        found.append(f"{prefix}{key}")
        if isinstance(value, Mapping):
            found += _names(value, f"{prefix}{key}.")
    return found


def _lineage(name: str, folder: Path) -> Iterator[tuple[Path, Preset]]:
    """A preset, its parent, its parent's parent, to the one that changes the defaults."""
    seen: list[str] = []
    while True:
        found = _preset_file(name, folder)
        yield folder / f"{name}.yaml", found
        seen.append(name)
        if found.parent is None:
            return
        if found.parent in seen or len(seen) > _MOST_PARENTS:
            raise DocumentError(f"{folder / name}.yaml: parent: '{found.parent}' is a preset of its own line")
        name = found.parent


def _preset_file(name: str, folder: Path) -> Preset:
    known = presets(folder)
    if name not in known:
        raise DocumentError(f"no preset '{name}'; known: {', '.join(known)}{nearest(name, known)}")
    path = folder / f"{name}.yaml"
    return build(Preset, documents.load_yaml(path), f"{path}:", complete=False)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """True: a value that stands in two places is written out in both."""
        return True
