"""The only git access: clone, walk, changes, trees and line differences.

Nothing in a repository is executed or followed: no hooks, filters, links or submodules.
"""

from rcfam.history.changes import Change, Commit, Kind, Reason
from rcfam.history.clone import clone, is_remote, mirrors
from rcfam.history.errors import HistoryError
from rcfam.history.hunks import Hunk, hunks, patch
from rcfam.history.ledger import Ledger
from rcfam.history.repository import Repository, Selection
from rcfam.history.trees import TreeHash, blob_id, tree_id

__all__ = [
    "Change",
    "Commit",
    "HistoryError",
    "Hunk",
    "Kind",
    "Ledger",
    "Reason",
    "Repository",
    "Selection",
    "TreeHash",
    "blob_id",
    "clone",
    "hunks",
    "is_remote",
    "mirrors",
    "patch",
    "tree_id",
]
