"""The manifest of a folder of mirrors: what `rcfam clone` writes and `rcfam render` reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from rcfam import documents
from rcfam.bounds import Name, Pattern, Size, check
from rcfam.errors import RcfamError

MANIFEST: Final = "manifest.json"
MOST_REPOSITORIES: Final = 1_000_000
COMMIT_ID: Final = Pattern(r"[0-9a-f]{40}", "a commit id of 40 hexadecimal digits")


@dataclass(frozen=True)
class Mirror:
    """One repository, mirrored as NAME.git, and the commit that is to be rendered."""

    name: Name
    commit: Annotated[str, COMMIT_ID]
    source: Annotated[str, Size(1, 10_000)] | None = None
    """Where it came from."""
    revision: Annotated[str, Size(1, 1_000)] | None = None
    """The commit, tag or branch that was asked for."""


@dataclass(frozen=True)
class Mirrors:
    """The whole manifest."""

    version: Literal[1]
    repositories: Annotated[tuple[Mirror, ...], Size(0, MOST_REPOSITORIES)]

    def __post_init__(self) -> None:
        check(self)
        seen: set[str] = set()
        for mirror in self.repositories:
            if mirror.name in seen:
                raise ValueError(f"repositories: the name '{mirror.name}' stands there twice")
            seen.add(mirror.name)


def read(folder: Path) -> Mirrors:
    """The manifest of a folder. Raises DocumentError."""
    path = folder / MANIFEST
    found = documents.load(path, Mirrors)
    if not found.repositories:
        raise RcfamError(f"{path}: names no repository")
    return found
