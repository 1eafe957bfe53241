"""The only git access: clone, walk, changes, trees and line differences.

Nothing in a repository is executed or followed: no hooks, filters, links or submodules.
"""

from rcfam.history.address import is_remote, shown, source_folder
from rcfam.history.changes import Change, Commit, Kind, Reason
from rcfam.history.clone import clone, mirrors
from rcfam.history.errors import HistoryError
from rcfam.history.hunks import Hunk, hunks, patch
from rcfam.history.ledger import Ledger
from rcfam.history.limits import HistoryLimits, TransferLimits
from rcfam.history.repository import Repository, Selection
from rcfam.history.transfer import Transfers
from rcfam.history.trees import TreeHash, blob_id, tree_id

__all__ = [
    "Change",
    "Commit",
    "HistoryError",
    "HistoryLimits",
    "Hunk",
    "Kind",
    "Ledger",
    "Reason",
    "Repository",
    "Selection",
    "TransferLimits",
    "Transfers",
    "TreeHash",
    "blob_id",
    "clone",
    "hunks",
    "is_remote",
    "mirrors",
    "patch",
    "shown",
    "source_folder",
    "tree_id",
]
