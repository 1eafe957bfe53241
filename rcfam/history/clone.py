"""Bare mirrors of repositories."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pygit2
from pygit2.enums import FetchPrune

from rcfam.history.errors import HistoryError
from rcfam.history.repository import Repository, one_line

_EVERYTHING = "+refs/*:refs/*"


class _Callbacks(pygit2.RemoteCallbacks):
    """Progress in received objects; keys come from a running ssh agent only, nothing is ever asked for."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        super().__init__()
        self._progress = progress

    def transfer_progress(self, stats: pygit2.remotes.TransferProgress) -> None:
        if self._progress is not None:
            self._progress(stats.received_objects, stats.total_objects)

    def credentials(
        self, url: str, username_from_url: str | None, allowed_types: pygit2.enums.CredentialType
    ) -> pygit2.KeypairFromAgent:
        if allowed_types & pygit2.enums.CredentialType.SSH_KEY:
            return pygit2.KeypairFromAgent(username_from_url or "git")
        raise HistoryError(f"{url} asks for a password; only public addresses and keys of an ssh agent are supported")


def clone(source: str, folder: Path, progress: Callable[[int, int], None] | None = None) -> Repository:
    """Make or update the bare mirror `folder` of `source` (a path, file://, https:// or ssh address).

    `progress(received, total)` counts objects. A new mirror appears whole or not at all; a mirror of another source is
    refused. Raises HistoryError.
    """
    address = _address(source)
    if folder.exists():
        return _update(address, folder, progress)
    temporary = folder.with_name(f".{folder.name}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        raw = pygit2.clone_repository(address, temporary, bare=True, remote=_mirror, callbacks=_Callbacks(progress))
        _set_head(raw)
        raw.free()
        temporary.rename(folder)
    except pygit2.GitError as error:
        raise HistoryError(f"cannot clone {source}: {one_line(error)}") from error
    except OSError as error:
        raise HistoryError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Repository(folder)


def is_remote(source: str) -> bool:
    """Whether `source` is an address to fetch from rather than a folder of this machine."""
    local = source.removeprefix("file://")
    return "://" in local or (":" in local and not Path(local).exists())


def mirrors(folder: Path, source: str) -> bool:
    """Whether `folder` is a mirror of `source`, be that there or not."""
    return folder.exists() and _origin(Repository(folder)) == _uri(source)


def _uri(source: str) -> str:
    """What libgit2 shall fetch: an address as it is, a path as file://, so that objects come packed, by reference."""
    if is_remote(source):
        return source
    return Path(source.removeprefix("file://")).expanduser().resolve().as_uri()


def _address(source: str) -> str:
    """The address of a source; a local one is checked first."""
    if not is_remote(source):
        Repository(Path(source.removeprefix("file://")).expanduser())
    return _uri(source)


def _origin(mirror: Repository) -> str | None:
    remotes = mirror.raw.remotes
    return remotes["origin"].url if "origin" in list(remotes.names()) else None


def _mirror(repository: pygit2.Repository, name: str, address: str) -> pygit2.Remote:
    repository.config[f"remote.{name}.mirror"] = True
    return repository.remotes.create(name, address, _EVERYTHING)


def _update(address: str, folder: Path, progress: Callable[[int, int], None] | None) -> Repository:
    mirror = Repository(folder)
    raw = mirror.raw
    if (origin := _origin(mirror)) != address:
        other = f" but of {origin}" if origin else ""
        raise HistoryError(f"{folder} is not a mirror of {address}{other}; remove it to make one")
    callbacks = _Callbacks(progress)
    try:
        remote = raw.remotes["origin"]
        remote.fetch(callbacks=callbacks, prune=FetchPrune.PRUNE)
        _set_head(raw)
    except (pygit2.GitError, KeyError) as error:
        raise HistoryError(f"cannot update {folder} from {address}: {one_line(error)}") from error
    return Repository(folder)


def _set_head(raw: pygit2.Repository) -> None:
    """Let the mirror's HEAD name what the source's names."""
    heads = raw.remotes["origin"].list_heads(callbacks=_Callbacks(None))
    head = next((head for head in heads if head.name == "HEAD"), None)
    if head is None or head.oid is None:
        raise HistoryError(f"{raw.remotes['origin'].url} is empty or its HEAD names no commit")
    raw.set_head(head.symref_target if head.symref_target else head.oid)
