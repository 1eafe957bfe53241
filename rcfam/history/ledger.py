"""Every change counted exactly once: rendered, or left out for a reason. So is a message that is typed in part."""

from collections import Counter

import polars as pl

from rcfam.history.changes import Commit, Kind, Reason
from rcfam.history.errors import HistoryError

SCHEMA = {
    "repository": pl.String,
    "commit": pl.String,
    "kind": pl.String,
    "path": pl.String,
    "left_out": pl.String,
}


class Ledger:
    """One row for each change of each commit that was walked."""

    def __init__(self, repository: str) -> None:
        self._repository = repository
        self._rows: list[tuple[str, str, str, str | None]] = []
        self._commits: set[str] = set()
        self._rendered = 0
        self._reasons: Counter[str] = Counter()

    def add(self, commit: Commit) -> None:
        """Count all changes of one commit. Raises HistoryError when the commit was counted before."""
        if commit.id in self._commits:
            raise HistoryError(f"commit {commit.id} is counted twice in the ledger of {self._repository}")
        self._commits.add(commit.id)
        for change in commit.changes:
            path = change.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            self._count(commit.id, change.kind, path, change.left_out)
        if commit.message_left_out:
            self._count(commit.id, "message", "", "message too long")

    def _count(self, commit: str, kind: Kind, path: str, left_out: Reason | None) -> None:
        self._rows.append((commit, kind, path, left_out))
        if left_out is None:
            self._rendered += 1
        else:
            self._reasons[left_out] += 1

    @property
    def commits(self) -> int:
        return len(self._commits)

    @property
    def changes(self) -> int:
        return len(self._rows)

    @property
    def rendered(self) -> int:
        return self._rendered

    @property
    def left_out(self) -> dict[str, int]:
        """Reason -> number of changes left out for it, the most frequent first."""
        return dict(self._reasons.most_common())

    def table(self) -> pl.DataFrame:
        """repository, commit, kind, path, left_out (null where the change was rendered): one row a change."""
        commits, kinds, paths, reasons = zip(*self._rows, strict=True) if self._rows else ((), (), (), ())
        columns = {"commit": commits, "kind": kinds, "path": paths, "left_out": reasons}
        return pl.DataFrame({"repository": [self._repository] * len(self._rows), **columns}, schema=SCHEMA, strict=True)
