"""What is looked at before libgit2 opens a folder: it reads files that are files, and objects that end.

A pipe or a device in the place of a file would be waited for; a link, an `include` or an `alternates` file would lead
out of the repository; a loose object that was cut short lets libgit2 read it for ever.
"""

import os
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

import pygit2

from rcfam.history.errors import HistoryError
from rcfam.history.limits import MAX_READ_BYTES
from rcfam.history.packs import check_pack

# Until then a loose object without its end is read for ever (libgit2 pull request 7346). Once pyproject.toml demands
# this version, `_check_loose` and what it calls can go.
_LOOSE_OBJECTS_END_SINCE = (1, 10, 0)

_MAX_BYTES = {"config": 1 << 20, "packed-refs": 1 << 26, "index": 1 << 30}
_MAX_SMALL_BYTES = 1 << 16  # of HEAD, a reference and all others
_MAX_LOG_BYTES = 1 << 28
_MAX_REFS = 1_000_000
_MAX_ALL_LOOSE_BYTES = 1 << 32
_INCLUDE = re.compile(rb"\[\s*include(if)?[\s\].]", re.IGNORECASE)
_PIECE = 1 << 16
_HEAD = re.compile(rb"(commit|tree|blob|tag) (\d{1,18})\0")
_MAX_HEAD = 32


def git_folder(path: Path) -> Path | None:
    """The folder that holds the repository which `path` lies in, checked; None where there is none.

    Raises HistoryError where something in it must not be opened.
    """
    absolute = path.absolute()
    for folder in (absolute, *absolute.parents):
        inner = folder / ".git"
        if inner.is_dir():
            _check(inner, inner)
            return folder
        if os.path.lexists(inner):
            _check_linked(inner)
            return folder
        if (folder / "objects").is_dir() and (folder / "refs").is_dir() and os.path.lexists(folder / "HEAD"):
            _check(folder, folder)
            return folder
    return None


def _check_linked(file: Path) -> None:
    """A `.git` that is a file: it names the folder of a worktree or a submodule."""
    named = _small(file).removeprefix(b"gitdir:").strip()
    inner = file.parent / os.fsdecode(named)
    if not named or b"\0" in named or not inner.is_dir():
        raise HistoryError(f"{file} names no git folder")
    common = inner / "commondir"
    shared = inner
    if os.path.lexists(common):
        shared = inner / os.fsdecode(_small(common).strip().replace(b"\0", b""))
    _check(inner.resolve(), shared.resolve())


def _check(own: Path, shared: Path) -> None:
    for name in ("HEAD", "index", "config.worktree", "commondir", "gitdir", "shallow", "info/attributes"):
        _plain(own, own / name, _MAX_BYTES.get(name, _MAX_SMALL_BYTES))
    for name in ("config", "packed-refs", "shallow"):
        _plain(shared, shared / name, _MAX_BYTES.get(name, _MAX_SMALL_BYTES))
    for name in ("objects", "refs"):
        if (shared / name).is_symlink():
            _linked(shared, shared / name)
    for name, instead in (
        ("objects/info/alternates", "`git repack -a -d` makes it whole, then remove that file"),
        ("info/grafts", "`git filter-repo` makes them real; then remove that file"),
    ):
        file = shared / name
        if _plain(shared, file, _MAX_SMALL_BYTES):
            raise HistoryError(f"{file}: what a repository borrows from elsewhere is not followed; {instead}")
    for config in (shared / "config", own / "config.worktree"):
        if config.exists() and _INCLUDE.search(config.read_bytes()):
            raise HistoryError(f"{config} includes another file, which is not followed; write its lines out")
    for root in {own, shared}:
        for name in ("refs", "logs"):
            _check_references(root, root / name)
    _check_objects(shared)


def _plain(root: Path, file: Path, most: int | None = None) -> int:
    """The size of a file that libgit2 will read, 0 where it is not there.

    Raises HistoryError unless it is a plain file within `root` of at most `most` bytes.
    """
    try:
        found = file.lstat()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise HistoryError(f"cannot look at {file}: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        found = _linked(root, file)
    if not stat.S_ISREG(found.st_mode):
        raise HistoryError(f"{file} is not a file: it is not opened")
    if most is not None and found.st_size > most:
        raise HistoryError(f"{file} holds {found.st_size:,} bytes, more than {most:,}")
    return found.st_size


def _linked(root: Path, file: Path) -> os.stat_result:
    """What a link within a repository leads to."""
    try:
        target = file.resolve(strict=True)
        if target.is_relative_to(root.resolve()):
            return target.stat()
    except (OSError, RuntimeError) as error:
        raise HistoryError(f"{file} is a link that leads nowhere") from error
    raise HistoryError(f"{file} is a link that leads out of the repository; it is not followed")


def _small(file: Path) -> bytes:
    _plain(file.parent, file, _MAX_SMALL_BYTES)
    try:
        return file.read_bytes()
    except OSError as error:
        raise HistoryError(f"cannot read {file}: {error.strerror}") from error


def _check_references(root: Path, folder: Path) -> None:
    for number, entry in enumerate(_below(folder)):
        _plain(root, Path(entry.path), _MAX_LOG_BYTES if folder.name == "logs" else _MAX_SMALL_BYTES)
        if number >= _MAX_REFS:
            raise HistoryError(f"{folder} holds more than {_MAX_REFS:,} files")


def _below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every entry below a folder that is no folder itself; links to folders are not followed."""
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry
        except FileNotFoundError:
            continue
        except OSError as error:
            raise HistoryError(f"cannot look into {error.filename}: {error.strerror}") from error


def _check_objects(root: Path) -> None:
    """Packs and loose objects are plain files, every loose object ends, and every delta leads to an end."""
    left = _MAX_ALL_LOOSE_BYTES if _version() < _LOOSE_OBJECTS_END_SINCE else None
    for entry in _below(root / "objects"):
        file = Path(entry.path)
        _plain(root, file)
        if file.suffix == ".pack":
            check_pack(file)
        if left is not None and len(file.name) == 38 and len(file.parent.name) == 2:
            left -= _check_loose(file)
            if left < 0:
                raise HistoryError(f"{root}: loose objects hold more than {_MAX_ALL_LOOSE_BYTES:,} bytes; run `git gc`")


def _version() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", pygit2.LIBGIT2_VERSION)[:3])


def _check_loose(file: Path) -> int:
    """Raise HistoryError unless a loose object is whole; returns its bytes, 0 for one too large ever to be read."""
    inflate = zlib.decompressobj()
    try:
        with file.open("rb") as stream:
            data = inflate.decompress(stream.read(_PIECE), _MAX_HEAD)
            head = _HEAD.match(data)
            if head is None:
                raise HistoryError(f"{file} is damaged: not the head of a git object")
            expected, size = head.end() + int(head[2]), len(data)
            if expected > MAX_READ_BYTES:
                return 0
            while not inflate.eof and size <= expected:
                feed = inflate.unconsumed_tail or stream.read(_PIECE)
                data = inflate.decompress(feed, _PIECE)
                if not (feed or data):
                    break
                size += len(data)
    except (OSError, zlib.error) as error:
        raise HistoryError(f"{file} is damaged: {error}") from error
    if not inflate.eof or size != expected:
        raise HistoryError(f"{file} is damaged: it should hold {expected:,} bytes")
    return size
