"""The fitted law as Markdown, for people who look at a run."""

import json
from pathlib import Path
from typing import Any

LAW = Path("data/law/law.json")


def read_markdown(project: Path) -> str | None:
    """`data/law/law.json` of a project as Markdown; None where no law has been fitted yet."""
    try:
        document = json.loads((project / LAW).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return f"# Law\n\n`{LAW}` cannot be read: {error}\n"
    return markdown(document)


def markdown(document: Any) -> str:
    """Every number of a law document, however deep it stands, as a Markdown table of names and values."""
    rows = "".join(f"| {_cell(name)} | {_cell(value)} |\n" for name, value in _flat(document, ()))
    return f"# Law\n\n| | |\n|---|---|\n{rows}" if rows else "# Law\n\nNothing was fitted.\n"


def _flat(value: Any, path: tuple[str, ...]) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [row for name, inner in value.items() for row in _flat(inner, (*path, str(name)))]
    if isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        return [row for number, inner in enumerate(value, 1) for row in _flat(inner, (*path, str(number)))]
    name = " · ".join(path) or "value"
    if isinstance(value, list):
        return [(name, ", ".join(_text(inner) for inner in value))]
    return [(name, _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
