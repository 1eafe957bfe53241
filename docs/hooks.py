"""Pages that are generated when the site is built: they cannot fall behind the code.

A line `<!-- generated: NAME -->` is replaced: `parameters` and `cli` by tables from the dataclasses and the commands,
`file PATH` by a Markdown file of the repository.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer

ROOT = Path(__file__).parent.parent
_GENERATED = re.compile(r"^<!-- generated: (\w+) ?(\S*) -->$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)[^)]*\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with its generated parts."""
    return _GENERATED.sub(lambda found: _part(found[1], found[2]), markdown)


def _part(name: str, argument: str) -> str:
    if name == "parameters":
        return parameters()
    if name == "cli":
        return "\n".join(commands())
    text = (ROOT / argument).read_text(encoding="utf-8")
    return _LINK.sub(r"\1", text.partition("\n")[2])  # the page has a title of its own


def parameters() -> str:
    """The default parameter file: every key, its default, and what it means."""
    return f"```yaml\n{(ROOT / 'params.yaml').read_text(encoding='utf-8')}```"


def commands() -> Iterator[str]:
    """Every verb with its help, arguments and options."""
    from rcfam.cli import app

    yield from _command(typer.main.get_command(app), "rcfam")


def _command(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group) or hasattr(command, "commands"):
        for name in sorted(command.commands):  # type: ignore[union-attr]
            yield from _command(command.commands[name], f"{path} {name}")  # type: ignore[union-attr]
        return
    yield f"## {path}\n\n{_escaped(command.help or '')}\n"
    rows = [row for each in command.params if (row := _row(each))]
    if rows:
        yield "| parameter | default | meaning |\n|---|---|---|"
        yield "\n".join(rows) + "\n"


def _row(parameter: Any) -> str | None:
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return None
    names = ", ".join(f"`{name}`" for name in parameter.opts) if parameter.param_type_name == "option" else ""
    names = names or f"`{(parameter.metavar or parameter.name or '').upper()}`"
    default = parameter.default
    shown = "" if parameter.required or default is None or callable(default) else f"`{default}`"
    return f"| {names} | {shown} | {_escaped(getattr(parameter, 'help', None) or '')} |"


def _escaped(text: str) -> str:
    return text.replace("\b", "").replace("|", "\\|").replace("<", "&lt;")
