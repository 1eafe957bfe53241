"""Folders that verbs read: recordings that are whole and as they were written."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcfam.errors import RcfamError
from rcfam.kinds import RECORDINGS
from rcfam.outputs import FolderMark, check
from rcfam.printable import say, whole

if TYPE_CHECKING:
    from rcfam.recording import Reader

VOCABULARY = "vocabulary.json"
Recordings = Annotated[Path, typer.Argument(help="The folder that `rcfam render` wrote.")]


def recordings_in(folder: Path) -> dict[str, Path]:
    """The recordings of a folder, by name; what its mark lists is there and as it was written."""
    say_unlisted(folder, check(folder, RECORDINGS, hashes=True))
    places = {place.stem: place for place in sorted(folder.glob("*.tsr"))}
    if not places:
        raise RcfamError(f"{folder}: no recordings (*.tsr)")
    return places


def say_unlisted(folder: Path, mark: FolderMark | None) -> None:
    if mark is None:
        say(f"{folder}: no list of what was written there; what lies there is taken as it is")


def open_whole(place: Path) -> "Reader":
    """A whole recording. One that is cut off or damaged would silently be a smaller dataset: it is refused."""
    from rcfam.recording import Reader

    reader = Reader(place)
    if reader.damage is not None:
        raise RcfamError(f"{place}: damaged, render it again: {reader.damage}")
    return reader


def repository_of(name: str, reader: "Reader") -> str:
    return whole(reader.provenance.get("name", name))
