"""params.yaml -> the rooms' dataclasses. What is unknown, missing, mistyped or out of bounds is named with its file."""

from pathlib import Path
from typing import Any, TypeVar

import yaml

from rcfam import documents
from rcfam.documents import DocumentError, build

T = TypeVar("T")


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


def text(document: dict[str, Any]) -> str:
    """A whole parameter file that `read` reads back."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=120)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """True: a value that stands in two places is written out in both."""
        return True
