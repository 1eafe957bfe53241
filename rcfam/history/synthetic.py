"""A small repository made from texts, for what no real history offers. The same texts give the same commit ids."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import FileMode

from rcfam.history.errors import HistoryError

_START_S: Final = 1_577_836_800  # 2020-01-01
_APART_S: Final = 3600


def make_repository(folder: Path, commits: Iterable[tuple[str, Mapping[str, bytes]]]) -> str:
    """A bare repository in the new folder `folder`: for each commit its message and the files that it adds.

    Returns the last commit's id. Raises HistoryError where the folder exists or there is no commit.
    """
    if folder.exists():
        raise HistoryError(f"{folder}: exists already")
    repository = pygit2.init_repository(str(folder), bare=True, initial_head="main")
    index = pygit2.Index()
    parents: list[pygit2.Oid] = []
    for number, (message, files) in enumerate(commits):
        for path, data in files.items():
            index.add(pygit2.IndexEntry(path, repository.create_blob(data), FileMode.BLOB))
        author = pygit2.Signature("A Typist", "typist@example.org", _START_S + number * _APART_S, 0)
        tree = index.write_tree(repository)
        parents = [repository.create_commit("refs/heads/main", author, author, message, tree, parents)]
    if not parents:
        raise HistoryError(f"{folder}: no commits")
    return str(parents[0])
