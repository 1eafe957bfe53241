"""`rcfam code`: what DVC's stages depend on instead of source files."""

from pathlib import Path
from typing import Annotated

import typer

from rcfam import source_hash
from rcfam.errors import RcfamError
from rcfam.kinds import CODE
from rcfam.outputs import adding
from rcfam.printable import say


def code(
    source: Annotated[Path, typer.Argument(help="The folder of the package.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the hashes go, in a tree like the package's.")],
) -> None:
    """Write a hash of every source file that comments, docstrings and formatting do not change.

    The stages of dvc.yaml depend on these files, so that only a change of what the code does makes a stage stale.
    """
    found = source_hash.files(source)
    if not found:
        raise RcfamError(f"{source}: no files")
    hashes = {out / f"{path.relative_to(source)}.sha256": _digest(path) for path in found}
    with adding(out, CODE, [source]):
        for old in set(out.rglob("*.sha256")) - hashes.keys():
            old.unlink()
        for place, digest in hashes.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(digest + "\n", encoding="utf-8")
    say(f"{out}: {len(found)} hashes of {source}")


def _digest(path: Path) -> str:
    try:
        return source_hash.digest(path)
    except SyntaxError as error:
        raise RcfamError(f"{path}, line {error.lineno}: {error.msg}") from error
