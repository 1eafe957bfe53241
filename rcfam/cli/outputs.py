"""`rcfam check`: is an output folder still what was written?"""

from pathlib import Path
from typing import Annotated

import typer

from rcfam.outputs import MARK, Kind, OutputError, check, read_mark
from rcfam.printable import say


def verify_folder(
    folder: Annotated[Path, typer.Argument(help="What render, tokenize, dataset, evaluate, fit or report wrote.")],
) -> None:
    """Compare every file of an output folder with its size and SHA-256 in the folder's list, .rcfam.json."""
    mark = read_mark(folder)
    if mark is None or mark.files is None:
        raise OutputError(f"{folder}: no list of files ({MARK}); nothing to compare")
    check(folder, Kind(mark.kind, ()), hashes=True)
    size = sum(each.bytes for each in mark.files.values())
    say(f"{folder}: {mark.kind}, {len(mark.files):,} files, {size:,} bytes, all as they were written")
