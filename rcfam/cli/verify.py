"""`rcfam verify`: a recording against the repository that it was rendered from."""

from pathlib import Path
from typing import Annotated

import typer

from rcfam.cli.progress import bar
from rcfam.errors import RcfamError
from rcfam.printable import say


def verify(
    recording: Annotated[Path, typer.Argument(help="A .tsr file.")],
    repo: Annotated[Path, typer.Option(help="The repository that it was rendered from.")],
    frames: Annotated[bool, typer.Option(help="Compare every frame too, not only the files.")] = False,
) -> None:
    """Replay a recording's keystrokes; after every commit the files must equal the commit's tree, by git object id."""
    from rcfam import verifying
    from rcfam.history import Repository
    from rcfam.recording import Reader
    from rcfam.rendering import COMMIT_MARK

    with Reader(recording) as reader, bar(recording.name, "commit") as show:
        if reader.damage:
            raise RcfamError(f"{recording}: {reader.damage}")
        total = sum(mark.kind == COMMIT_MARK for mark in reader.marks)
        found = verifying.verify(reader, Repository(repo), frames, lambda done, _: show(done, total))
    compared = f", {found.frames:,} frames equal" if frames else ""
    said = f"{recording}: {found.commits:,} commits and {found.keystrokes:,} keystrokes verified{compared}"
    if not found.whole:
        said += (
            f"; a prefix: the recording was stopped, {found.commits:,} of {found.selected:,} commits are whole, "
            f"and {found.rest:,} keystrokes after them belong to none"
        )
    say(said)
