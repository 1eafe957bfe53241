"""Rollouts that are done while others are not: what a killed run leaves, and the next one takes up.

FOLDER/identity.json        everything that the rollouts depend on; written first
FOLDER/recordings/...       their recordings
FOLDER/POLICY/0000.parquet  one policy's rollouts from the starts beside each other in one batch, by the first one's
                            place among all; written after their recordings
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Final

import polars as pl

from rcfam import kinds, outputs, tables
from rcfam.atomic import writing
from rcfam.errors import RcfamError
from rcfam.tables import Column

_HOLDS: Final = ("identity.json", "recordings/**", "*/[0-9]*.parquet")
_PACKAGE: Final = Path(__file__).parents[2]
_ROOMS: Final = ("terminal", "recording", "model", "evaluation", "evaluation/rollout")


class Unfinished:
    """A folder of finished parts of one identity."""

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        """`identity`: what can be written as JSON; the code that plays is added. Nothing is touched yet."""
        self.folder, self.recordings = folder, folder / "recordings"
        self._identity = json.dumps({**identity, "code": _code()}, indent=1, sort_keys=True) + "\n"

    def take_up(self) -> None:
        """Make the folder, and delete what another identity or a killed writer left there. Raises RcfamError."""
        path = self.folder / "identity.json"
        if not (path.exists() and path.read_bytes() == self._identity.encode()):
            outputs.clear(self.folder, _HOLDS)
            with writing(path) as part:
                part.write_text(self._identity, encoding="utf-8")
        outputs.sweep(self.folder)

    def finished(self, policy: str, first: int) -> pl.DataFrame | None:
        """What `keep` was given; None where it was not, where it is damaged, or where a recording is gone."""
        try:
            table = tables.read(self._path(policy, first), {"file": Column(str)}, others=True)
        except (RcfamError, OSError):
            return None
        return table if all((self.recordings / file).exists() for file in table["file"]) else None

    def keep(self, policy: str, first: int, table: pl.DataFrame) -> None:
        """Hold on to a part whose recordings are written."""
        with writing(self._path(policy, first)) as part:
            table.write_parquet(part)

    def close(self, recordings: Path) -> None:
        """Let `recordings` hold the recordings of these rollouts and nothing else, and delete the parts."""
        with outputs.replacing(recordings, kinds.ROLLED) as fresh:
            if self.recordings.exists():
                shutil.copytree(self.recordings, fresh, dirs_exist_ok=True)
        if self.folder.exists():
            (self.folder / "identity.json").unlink()  # whoever dies here leaves parts that nobody takes up
            outputs.clear(self.folder, _HOLDS)
            self.folder.rmdir()

    def _path(self, policy: str, first: int) -> Path:
        return self.folder / policy.replace(" ", "-") / f"{first:04d}.parquet"


def _code() -> str:
    digest = hashlib.sha256()
    for room in _ROOMS:
        for source in sorted((_PACKAGE / room).glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
