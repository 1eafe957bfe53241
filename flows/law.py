"""The fitted law as Markdown, for people who look at a run."""

from pathlib import Path
from typing import Any

from rcfam import documents

LAW = Path("data/law/law.json")
NOTHING = "-"  # what too few runs left unsaid


def read_markdown(project: Path) -> str | None:
    """`data/law/law.json` of a project as Markdown; None where no law has been fitted yet."""
    path = project / LAW
    if not path.exists():
        return None
    try:
        return markdown(documents.load_json(path))
    except documents.DocumentError as error:
        return f"# Law\n\n`{LAW}` cannot be read: {_cell(str(error))}\n"


def markdown(document: Any) -> str:
    """A law document as Markdown: the law in a sentence where it has one, and every number, however deep it stands.

    `alpha`, `alpha_low` and `alpha_high` become one row; so does every other number with its bounds. What is null is
    left out.
    """
    values = dict(_flat(document, ()))
    rows = ""
    for name in values:
        if values[name] != NOTHING and (_bounded(name) == name or _bounded(name) not in values):
            rows += f"| {_cell(name)} | {_cell(_with_bounds(name, values))} |\n"
    table = f"| | |\n|---|---|\n{rows}" if rows else "Nothing was fitted.\n"
    return f"# Law\n\n{_sentence(values)}{table}"


def _sentence(values: dict[str, str]) -> str:
    if "alpha" not in values or "amplitude" not in values:
        return ""
    said = f"**loss = {values['amplitude']} · L^-alpha, alpha = {_with_bounds('alpha', values)}**"
    fit = f", R² = {values['r2']} on logs" if "r2" in values else ""
    return _cell(f"{said}{fit}") + "\n\n"


def _bounded(name: str) -> str:
    """The number whose bound `name` is, if it is one."""
    return name.removesuffix("_low") if name.endswith("_low") else name.removesuffix("_high")


def _with_bounds(name: str, values: dict[str, str]) -> str:
    low, high = values.get(f"{name}_low"), values.get(f"{name}_high")
    return values[name] if low in (None, NOTHING) or high in (None, NOTHING) else f"{values[name]} ({low} to {high})"


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
    return NOTHING if value is None else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
