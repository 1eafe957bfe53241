"""Outcomes of a long benchmark, kept one a line, so that a run that was stopped goes on where it was."""

import json
from pathlib import Path
from typing import Any


class Kept:
    """Outcomes by name in a file of JSON lines. A last line that a kill cut short is dropped."""

    def __init__(self, path: Path, anew: bool = False) -> None:
        """Read what is there; `anew` forgets it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = "" if anew or not path.exists() else path.read_text()
        whole = whole[: whole.rfind("\n") + 1]
        path.write_text(whole)
        self.path = path
        self.known: dict[str, Any] = dict(json.loads(line) for line in whole.splitlines())

    def note(self, name: str, outcome: Any) -> None:
        """Keep one more outcome, a value that JSON holds."""
        self.known[name] = outcome
        with self.path.open("a") as file:
            file.write(json.dumps([name, outcome]) + "\n")
