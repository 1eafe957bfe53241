"""What a run that was started through the web interface may touch: this checkout's data, and nothing else.

Who is let into the interface may start what prefect.yaml offers, and no more: the worker's environment says that its
runs are bounded (`BOUNDED`), and no request can take that away. A flow that is called on a shell is not bounded.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from flows import PROJECT
from rcfam.errors import RcfamError
from rcfam.history.address import parse

BOUNDED = "RCFAM_ALLOWED"  # in the environment of bounded runs: more folders that they may use, a colon between two
PLACES = ("data", "optuna", "recordings", "tokens", "dataset", "params.yaml")  # of the checkout
REPOSITORIES = ("source", "repo", "repositories")  # parameters of verbs that may name the checkout itself
PATH_PARAMETERS = ("clone.repositories",)  # keys of parameters that are paths
NOT_OFFERED = ("play",)  # it needs a terminal


class BoundsError(RcfamError):
    """A run asks for what it may not touch. The message is one line."""


def environment(allowed: Sequence[Path]) -> dict[str, str]:
    """For a worker: its runs are bounded to the places above and to the folders `allowed`."""
    return {BOUNDED: os.pathsep.join(str(folder.resolve()) for folder in allowed)}


def check(paths: Iterable[Path | str | None]) -> None:
    """Each path lies in a place that a run may use, with every link followed. Raises BoundsError."""
    if BOUNDED in os.environ:
        for path in paths:
            if path is not None:
                _check(path, [PROJECT / place for place in PLACES])


def check_project(project: Path) -> None:
    """A DVC project says which commands are run: it is this checkout, or in an allowed folder. Raises BoundsError."""
    if BOUNDED in os.environ and project.resolve() != PROJECT:
        _check(project, [])


def _check(path: Path | str, places: Sequence[Path]) -> None:
    if not str(path).isprintable():
        raise BoundsError(f"{str(path)!r}: no path")
    if ":" in str(path):  # of a database or a host; a folder's name that has one is no loss
        scheme, found, _ = str(path).partition("://")
        kind = f"{scheme}://" if found else "HOST:PATH"  # the rest may hold a password
        raise BoundsError(f"{kind}: an address is not taken from the web interface; use a shell")
    whole = (PROJECT / Path(path).expanduser()).resolve()
    allowed = [Path(folder) for folder in os.environ[BOUNDED].split(os.pathsep) if folder]
    if not any(whole.is_relative_to(place.resolve()) for place in [*places, *allowed]):
        known = ", ".join(place.name for place in places) or PROJECT
        raise BoundsError(
            f"{path}: the web interface's runs keep to {known} (and folders of `python -m flows.ui --allow`)"
        )


def check_words(words: Sequence[str]) -> None:
    """`rcfam WORDS` is a verb that exists, called as it can be, with paths within bounds. Raises BoundsError.

    The verb's own parser reads the words, and nothing is run: whatever it takes for a path is judged, wherever and
    however it is said.
    """
    from rcfam.cli import app

    command: Any = typer.main.get_command(app)
    rest, said = list(words), "rcfam"
    while commands := getattr(command, "commands", None):
        if not rest or rest[0] not in commands:
            raise BoundsError(f"No such command '{' '.join(rest[:1])}' of `{said}`; it has {', '.join(commands)}")
        said = f"{said} {rest[0]}"
        command, rest = commands[rest[0]], rest[1:]
    if command.name in NOT_OFFERED:
        raise BoundsError(f"`{said}` needs a terminal")
    try:
        context = command.make_context(said, rest)
    except typer.Exit:  # --help: the verb will say it, and no more
        return
    except typer.TyperException as error:
        raise BoundsError(f"{said}: {error.format_message()}") from error
    for name, value in context.params.items():
        if context.get_parameter_source(name).name != "DEFAULT":
            _check_value(name, value)


def _check_value(name: str, value: Any) -> None:
    if name == "settings":
        for setting in value:
            _check_setting(setting.key, setting.value)
        return
    for each in value if isinstance(value, list | tuple) else [value]:
        if name in REPOSITORIES and _repository(str(each)):
            continue
        if isinstance(each, Path) or name in REPOSITORIES:
            check([each])


def _check_setting(key: str, value: Any) -> None:
    """A value of `-S`: parameters that are paths keep to the bounds too, also where a whole section is set."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_setting(f"{key}.{name}", inner)
    elif key in PATH_PARAMETERS:
        check([Path(str(value))])


def _repository(source: str) -> bool:
    """Whether it is an address that anyone may ask, or the checkout itself, which is only read.

    Raises HistoryError or BoundsError for an address that holds what may be secret.
    """
    if not source.isprintable() or not source.startswith("https://"):
        return source.isprintable() and (PROJECT / source).resolve() == PROJECT
    address = parse(source)
    if address.user is not None or address.password is not None:
        raise BoundsError(
            f"{address.url}: give no user and no password here, where they are kept; SECURITY.md says how"
        )
    return True
