"""All studies of the catalogue, one after another.

    python -m flows.scaling [--size tiny|full] [--jobs N] [--retries N] [--device cpu|cuda] [NAME ...]

Resumable like each of them (flows/study.py); in the end one line says what each study found.
"""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.study import carry_out, parser
from rcfam import documents
from rcfam.printable import say
from rcfam.studies import names


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 where a study failed, or 130 when interrupted."""
    made = parser("python -m flows.scaling", "Run the catalogue of studies.", names_too=False)
    made.add_argument("names", nargs="*", metavar="NAME", help="only these")
    options = made.parse_args(arguments)
    chosen = options.names or names()
    code = carry_out(chosen, options)
    for name in chosen:
        say(line(options.out / options.size / name))
    return code


def line(folder: Path) -> str:
    """What one study found, in a line."""
    path = folder / "summary.json"
    if not path.exists():
        return f"{folder.name:<18} no summary"
    try:
        values = documents.convert(dict[str, Any], documents.load_json(path), f"{path}:")
        wanted = {field.name: values[field.name] for field in dataclasses.fields(_Found) if field.name in values}
        found = documents.build(_Found, wanted, f"{path}:")
    except documents.DocumentError as error:
        return f"{folder.name:<18} no summary: {error}"
    done = f"{found.finished}/{found.planned} runs"
    return f"{folder.name:<18} {found.answer:<5} {done:<12} {found.says[0] if found.says else ''}"


@dataclass(frozen=True)
class _Found:
    """What a line needs of a study's summary."""

    answer: str
    finished: int
    planned: int
    says: tuple[str, ...]


if __name__ == "__main__":
    sys.exit(main())
