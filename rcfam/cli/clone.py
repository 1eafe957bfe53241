"""`rcfam clone`: mirrors of the listed repositories."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcfam import documents
from rcfam.atomic import alone, write_json
from rcfam.bounds import NAME
from rcfam.cli import mirrors
from rcfam.cli.params import Parameters, ParamsOption, SettingsOption
from rcfam.cli.progress import bar
from rcfam.errors import RcfamError
from rcfam.kinds import MIRRORS
from rcfam.outputs import adding
from rcfam.printable import say

if TYPE_CHECKING:
    from rcfam.history import Transfers

OutOption = Annotated[Path, typer.Option("-o", "--out", help="What to write.")]


def clone(
    out: OutOption,
    params_file: ParamsOption = None,
    settings: SettingsOption = None,
    repositories: Annotated[
        Path | None, typer.Option("--list", help="Repositories, one `NAME SOURCE` a line; else the parameter file's.")
    ] = None,
) -> None:
    """Mirror every repository of the list as OUT/NAME.git and write OUT/manifest.json with the commits to render."""
    from rcfam.history import Transfers, shown
    from rcfam.rendering import CloneParams

    chosen = Parameters(params_file, settings, "clone").section("clone", CloneParams)
    names = repositories or Path(chosen.repositories)
    listed = _read_list(names)
    unknown = sorted(set(chosen.revisions) - set(listed))
    if unknown and repositories is None:
        raise RcfamError(f"clone.revisions names repositories that are not in the list: {', '.join(unknown)}")
    with adding(out, MIRRORS, [names]), alone(out), Transfers(chosen.limits) as transfers:
        entries, failures = [], []
        for name, source in listed.items():
            try:
                commit = _mirror(name, source, out / f"{name}.git", chosen.revisions.get(name), transfers)
            except RcfamError as error:
                failures.append(f"{name}: {error}")
                continue
            address = shown(source)
            entries.append({"name": name, "source": address, "revision": chosen.revisions.get(name), "commit": commit})
            say(f"{name}: {commit[:12]} of {address}")
        if failures:  # what is mirrored stays: the next time it is only updated
            raise RcfamError("; ".join(failures))
        write_json(out / mirrors.MANIFEST, {"version": 1, "repositories": entries})


def _mirror(name: str, source: str, folder: Path, revision: str | None, transfers: "Transfers") -> str:
    """Make or update one mirror; the commit that is to be rendered.

    Where the source cannot be reached, a pinned commit that an earlier mirror holds is enough.
    """
    from rcfam.history import HistoryError, Repository
    from rcfam.history import clone as mirror
    from rcfam.history import mirrors as is_mirror

    try:
        with bar(name, "object") as show:
            repository = mirror(source, folder, show, transfers=transfers)
    except HistoryError as error:
        if revision is None or not mirrors.COMMIT_ID.matches(revision) or not is_mirror(folder, source):
            raise
        commit = Repository(folder).resolve(revision)
        say(f"{name}: {error}; the mirror holds the pinned commit", file=sys.stderr)
        return commit
    return repository.resolve(revision or "HEAD")


def _read_list(path: Path) -> dict[str, str]:
    """name -> source. Relative paths are seen from the current directory."""
    lines = documents.text(path).splitlines()
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split() if not line.lstrip().startswith("#") else []
        if not words:
            continue
        if len(words) != 2 or not NAME.matches(words[0]):
            raise RcfamError(f"{path}, line {number}: expected `NAME SOURCE`, found {len(words)} words")
        if words[0] in found:
            raise RcfamError(f"{path}, line {number}: the name {words[0]!r} stands there twice")
        found[words[0]] = words[1]
    if not found:
        raise RcfamError(f"{path} names no repository")
    return found
