"""Presets as tests read them: whole, or written as a parameter file."""

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from rcfam import documents, params
from rcfam.cli.params import sections, written

T = TypeVar("T")

PRESETS = params.presets()


@cache
def preset_text(name: str) -> str:
    """What `rcfam preset NAME` writes."""
    return written(name)


def write_preset(name: str, path: Path) -> Path:
    """Write a preset as a parameter file."""
    path.write_text(preset_text(name), encoding="utf-8")
    return path


def preset(name: str) -> dict[str, Any]:
    """A preset's sections as plain values."""
    return params.preset(name, sections())


def preset_section(name: str, section: str, kind: type[T]) -> T:
    """One section of a preset as its dataclass."""
    return documents.build(kind, params.preset(name, {section: kind})[section], f"preset '{name}': {section}")
