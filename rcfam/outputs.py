"""Whose an output folder is. The program deletes only what it has written, by its own list.

An output folder holds a mark, `.rcfam.json`, that says which kind of output it is and what was written there. A folder
that is not empty and has no mark, or another kind's, is refused; so is a link, a mount point, a folder that holds its
own inputs, the home or the working directory or a git repository. There are two sorts:

- `replacing` makes a folder anew, beside the old one, and exchanges the two when the new one is complete. The mark
  lists every file with its size and SHA-256, and readers `check` it: what is missing, foreign or of another size is an
  error. What is foreign in the old folder is never carried over or deleted: the verb refuses, and names it.
- `adding` marks a folder that a verb adds to (checkpoints, mirrors, answers). The mark lists patterns. Foreign files
  stay as they are; `clear` deletes what its patterns name, and refuses where there is anything else.

A mark holds neither paths of the machine nor times: the same output is the same bytes.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, NamedTuple

from rcfam import atomic
from rcfam.errors import RcfamError

MARK: Final = ".rcfam.json"
FORMAT: Final = "rcfam output"
VERSION: Final = 1
_KEPT: Final = ".gitignore"  # DVC writes it; it is carried over
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NAMED: Final = 3  # files in one message
_LARGEST_MARK: Final = 1 << 28  # bytes: about two million files
_PACKAGE: Final = Path(__file__).parent


class OutputError(RcfamError):
    """A folder that is not ours to write, or that is not what was written there."""


class Kind(NamedTuple):
    """What one kind of output folder holds."""

    name: str
    """In the plural, for messages: recordings, tokens, runs."""
    holds: tuple[str, ...]
    """Patterns of its files: as many parts as the name has, each as of a shell; a last part `**` is anything below."""
    proofs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """A pattern of a file in it that no other program writes; of a JSON file also patterns of keys that it has.

    A folder without a mark is taken for ours if all its files are as `holds` says and one of the proofs is there.
    """


class File(NamedTuple):
    """One file of a folder as it was written."""

    bytes: int
    sha256: str


class FolderMark(NamedTuple):
    """What a folder says of itself."""

    kind: str
    files: dict[str, File] | None
    """By their names relative to the folder; None where the folder is added to."""


@contextmanager
def replacing(folder: Path, kind: Kind, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield a new folder beside `folder`; it takes its place when the block ends well, else it goes away.

    All of it happens or nothing does, also when the process is killed; the files are on the disk before the names
    change. Raises OutputError where the folder is not ours, BusyError where another process is at work at it.
    """
    check_place(folder, inputs)
    with _locked(folder):
        _sweep_folders(folder)
        _own(folder, kind)
        with atomic.io_errors(folder):
            part, handle = atomic.hold(folder, folder=True)
        try:
            with atomic.io_errors(folder, atomic.DISK):
                yield part
            with atomic.io_errors(folder):
                _finish(part, folder, kind)
                _own(folder, kind)  # nothing came meanwhile
                atomic.exchange(part, folder)
                atomic.sync(folder.parent)
        finally:
            _delete(part)
            os.close(handle)


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside `folder`, where nothing stands; it takes the name when the block ends well.

    Raises OSError where that cannot be.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep_folders(folder)
    part, handle = atomic.hold(folder, folder=True)
    try:
        yield part
        part.rename(folder)
        atomic.sync(folder.parent)
    finally:
        _delete(part)
        os.close(handle)


@contextmanager
def adding(folder: Path, kind: Kind, inputs: Iterable[Path] = ()) -> Iterator[None]:
    """Mark a folder that the block adds to, and delete dead parts in it before and after.

    It is made where there is none, and deleted again where nothing came into it. Others may add to it at the same time;
    who wants to be alone takes `atomic.alone`. Raises OutputError where the folder is not ours.
    """
    check_place(folder, inputs)
    made = _missing(folder)
    atomic.check_folder(folder)
    mark = read_mark(folder)
    if mark is None:
        _adopt(folder, kind, _entries(folder))
        with atomic.writing(folder / MARK, durable=True) as part:
            part.write_text(_text(kind.name, {"holds": list(kind.holds)}), encoding="utf-8")
    elif mark.kind != kind.name or mark.files is not None:
        raise OutputError(f"{folder}: holds {mark.kind}, not {kind.name}; take another folder")
    sweep(folder)
    try:
        yield
    finally:
        sweep(folder)
        if mark is None and not _entries(folder):
            (folder / MARK).unlink(missing_ok=True)
            _unmake(made)


def sweep(folder: Path) -> None:
    """Delete dead parts in a folder of ours and below it, but not inside of git repositories."""
    for place, folders, _ in os.walk(folder):
        for name in filter(atomic.is_part, folders):
            with atomic.if_dead(Path(place) / name) as dead:
                if dead:
                    _delete(Path(place) / name)
        folders[:] = [name for name in folders if not name.endswith(".git") and not atomic.is_part(name)]
        with suppress(FileNotFoundError):
            atomic.sweep(Path(place))


def clear(folder: Path, patterns: Sequence[str]) -> None:
    """Empty a folder all of whose files have one of the patterns; a mark stays. Raises OutputError otherwise."""
    if not folder.exists():
        return
    entries = _entries(folder)
    parts = {name for name in entries if atomic.is_part(name.rpartition("/")[2])}
    foreign = sorted(name for name in entries - parts if not _matches(name, patterns))
    if foreign:
        raise OutputError(f"{folder}: {_listed(foreign)} not what rcfam writes there; move it away")
    with atomic.io_errors(folder):
        for name in entries - parts:
            if not name.endswith("/"):
                (folder / name).unlink(missing_ok=True)
        sweep(folder)
        _drop_empty(folder)


def check(folder: Path, kind: Kind, hashes: bool = False) -> FolderMark | None:
    """A folder as it was written, which stays so: its mark, or None where it has none.

    Sizes are compared, with `hashes` also contents. Raises OutputError where a file is missing, foreign, of another
    size or half written, and BusyError where a process is writing the folder.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if atomic.lock(handle, shared=True) is False:
                raise atomic.BusyError(f"{folder}: another process is writing it; wait for it")
        finally:
            os.close(handle)
    mark = read_mark(folder)
    entries = _entries(folder)
    parts = [name for name in entries if atomic.is_part(name.rpartition("/")[2])]
    if parts:
        raise OutputError(
            f"{folder}: {_listed(parts)} half written; wait for its writer, or delete it if that was killed"
        )
    if mark is None:
        return None
    if mark.kind != kind.name:
        raise OutputError(f"{folder}: holds {mark.kind}, not {kind.name}")
    if mark.files is not None:
        _compare(folder, mark.files, entries, hashes)
    return mark


def read_mark(folder: Path) -> FolderMark | None:
    """A folder's mark, or None where it has none. Raises OutputError where it is damaged or of another version."""
    path = folder / MARK
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_MARK:
            raise ValueError("not a file of a mark's size")
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["version"] != VERSION:
            raise OutputError(f"{path}: {document['format']!r} {document['version']!r}, not {FORMAT!r} {VERSION}")
        kind, files = document["kind"], document.get("files")
        if files is not None:
            files = {name: File(each["bytes"], each["sha256"]) for name, each in files.items()}
            well = all(isinstance(each.bytes, int) and _SHA256.fullmatch(each.sha256) for each in files.values())
        else:
            well = all(isinstance(name, str) for name in document["holds"])
        if not isinstance(kind, str) or not well:
            raise ValueError("wrong types")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(f"{path}: damaged mark of an output folder: {type(error).__name__}") from error
    return FolderMark(kind, files)


def check_place(folder: Path, inputs: Iterable[Path] = ()) -> None:
    """Raise OutputError where no output folder may stand, whatever it holds."""
    if folder.name in ("", "..") or Path(os.path.normpath(folder)).name in ("", ".", ".."):
        raise OutputError(f"{folder}: an output folder needs a name of its own")
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFDIR
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror}") from error
    if stat.S_ISLNK(mode):
        raise OutputError(f"{folder}: a symbolic link; name the folder that it leads to")
    if not stat.S_ISDIR(mode):
        raise OutputError(f"cannot write into {folder}: it is not a folder")
    if os.path.ismount(folder):
        raise OutputError(f"{folder}: a mount point; take a folder below it")
    try:
        place = folder.resolve()
        guarded = {"the working directory": Path.cwd(), "the home directory": Path.home(), "this program": _PACKAGE}
    except (OSError, RuntimeError) as error:
        raise OutputError(f"{folder}: {error}") from error
    for what, path in guarded.items():
        if path.resolve().is_relative_to(place):
            raise OutputError(f"{folder}: {what} stands there; take another folder")
    if (place / ".git").exists() or ((place / "HEAD").exists() and (place / "objects").exists()):
        raise OutputError(f"{folder}: a git repository; take another folder")
    for path in inputs:
        source = path.resolve()
        if source.is_relative_to(place) or (source.is_dir() and place.is_relative_to(source)):
            raise OutputError(f"{folder}: overlaps the input {path}; take another folder")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; a folder that was made for it and is still empty is deleted in the end."""
    made = _missing(folder)
    try:
        with atomic.alone(folder):
            yield
    finally:
        _unmake(made)


def _missing(folder: Path) -> list[Path]:
    """The folder and the folders above it that are yet to be made, from below."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def _unmake(folders: Iterable[Path]) -> None:
    """Delete what was made and is empty."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _own(folder: Path, kind: Kind) -> None:
    """Raise OutputError where the folder is not ours to replace. One that is ours without a mark is given one."""
    mark = read_mark(folder)
    if mark is not None and mark.kind == kind.name:
        sweep(folder)
    entries = _entries(folder)
    if mark is None:
        if entries:
            _adopt(folder, kind, entries)
            _drop_empty(folder)
            _write_mark(folder, kind, entries)
        return
    if mark.kind != kind.name or mark.files is None:
        raise OutputError(f"{folder}: holds {mark.kind}, not {kind.name}; take another folder")
    if foreign := _foreign(entries, mark.files):
        raise OutputError(f"{folder}: {_listed(foreign)} not what rcfam wrote there; move it away")


def _adopt(folder: Path, kind: Kind, entries: set[str]) -> None:
    """Raise OutputError where a folder without a mark is not empty and not surely what the kind writes."""
    entries = {name for name in entries if not atomic.is_part(name.rpartition("/")[2])}
    if all(name.endswith("/") and _matches(name, kind.holds) for name in entries):
        return
    foreign = sorted(name for name in entries if not _matches(name, kind.holds))
    proven = any(
        _proves(folder / name, keys)
        for pattern, keys in kind.proofs
        for name in sorted(entries)
        if not foreign and not name.endswith("/") and _matches(name, (pattern,))
    )
    if foreign or not proven:
        told = f"{_listed(foreign)} not rcfam's" if foreign else "it is not empty"
        raise OutputError(f"{folder}: not marked as {kind.name} of rcfam, and {told}; take another folder, or empty it")


def _proves(path: Path, keys: tuple[str, ...]) -> bool:
    if not keys:
        return True
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and all(any(fnmatchcase(name, key) for name in document) for key in keys)


def _entries(folder: Path) -> set[str]:
    """Everything below a folder that is not a folder with something in it, by relative names; empty folders end in /.

    The mark and DVC's own file are left out. Nothing is followed.
    """
    found: set[str] = set()
    for place, folders, files in os.walk(folder, onerror=_raise):
        here = Path(place)
        linked = [name for name in folders if (here / name).is_symlink()]
        names = [str((here / name).relative_to(folder)) for name in (*files, *linked)]
        found.update(names)
        if not folders and not files and here != folder:
            found.add(f"{here.relative_to(folder)}/")
    return found - {MARK, _KEPT}


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise RcfamError(f"cannot read {error.filename}: {error.strerror}") from error


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a file has one of the patterns, or whether what an empty folder may hold has one."""
    parts = name.rstrip("/").split("/")
    for pattern in patterns:
        wanted = pattern.split("/")
        deep = wanted[-1] == "**"
        wanted = wanted[:-1] if deep else wanted
        fits = name.endswith("/") or (len(parts) > len(wanted) if deep else len(parts) == len(wanted))
        if fits and all(map(fnmatchcase, parts, wanted)):
            return True
    return False


def _foreign(entries: Iterable[str], files: Iterable[str]) -> list[str]:
    """What is not on a list; the empty folder of a listed file is."""
    listed = set(files)
    folders = {f"{place}/" for name in listed for place in map(str, Path(name).parents)}
    return sorted(set(entries) - listed - folders)


def _finish(part: Path, folder: Path, kind: Kind) -> None:
    """Bring a new folder to the disk, and mark it."""
    _drop_empty(part)
    if (folder / _KEPT).is_file():
        (part / _KEPT).write_bytes((folder / _KEPT).read_bytes())
    entries = _entries(part)
    for name in entries:
        atomic.sync(part / name)
    _write_mark(part, kind, entries)
    for place, _, _ in os.walk(part):
        atomic.sync(Path(place))
    part.chmod(stat.S_IMODE(folder.stat().st_mode))


def _drop_empty(folder: Path) -> None:
    """Delete folders below `folder` that hold no file."""
    for place, _, _ in os.walk(folder, topdown=False):
        if Path(place) != folder:
            with suppress(OSError):
                Path(place).rmdir()


def _write_mark(folder: Path, kind: Kind, entries: Iterable[str]) -> None:
    files = {name: file_of(folder / name) for name in sorted(entries) if not name.endswith("/")}
    listed = {name: each._asdict() for name, each in files.items()}
    with atomic.writing(folder / MARK, durable=True) as part:
        part.write_text(_text(kind.name, {"files": listed}), encoding="utf-8")


def _text(kind: str, rest: dict[str, Any]) -> str:
    return json.dumps({"format": FORMAT, "version": VERSION, "kind": kind, **rest}, indent=1) + "\n"


def file_of(path: Path) -> File:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return File(os.fstat(file.fileno()).st_size, digest)


def _compare(folder: Path, files: dict[str, File], entries: set[str], hashes: bool) -> None:
    entries = {name for name in entries if not name.endswith("/")}
    for told, names in (("missing", files.keys() - entries), ("not in its list", entries - files.keys())):
        if names:
            raise OutputError(f"{folder}: {_listed(sorted(names))} {told}; make the folder anew")
    for name, wanted in files.items():
        try:
            found = file_of(folder / name) if hashes else File((folder / name).stat().st_size, wanted.sha256)
        except OSError as error:
            raise OutputError(f"{folder / name}: {error.strerror}") from error
        if found.bytes != wanted.bytes:
            raise OutputError(f"{folder / name}: {found.bytes:,} bytes, {wanted.bytes:,} were written")
        if found.sha256 != wanted.sha256:
            raise OutputError(f"{folder / name}: contents differ from the SHA-256 of what was written")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} {'are' if len(names) > 1 else 'is'}"


def _sweep_folders(folder: Path) -> None:
    """Delete what killed processes left of `folder` beside it; an old folder that stands there alone is put back."""
    for path in folder.parent.iterdir():
        if atomic.is_part(path.name, folder.name) and path.is_dir() and not path.is_symlink():
            with atomic.if_dead(path) as dead:
                if dead and read_mark(path) is not None and not read_mark(folder) and not _entries(folder):
                    atomic.exchange(path, folder)
                if dead:
                    _delete(path)
    atomic.sweep(folder.parent, folder.name)


def _delete(part: Path) -> None:
    """Delete a part: an old folder by its list, what became of no output whole. What is not on the list stays."""
    if not part.exists():
        return
    mark, entries = read_mark(part), _entries(part)
    if mark is not None and mark.files is not None and (foreign := _foreign(entries, mark.files)):
        raise OutputError(f"{part}: {_listed(foreign)} not what rcfam wrote; it came while the folder was replaced")
    with atomic.io_errors(part):
        _delete_entries(part, entries)


def _delete_entries(folder: Path, entries: Iterable[str]) -> None:
    """Delete what is named, our own files in it, and folders that are empty then."""
    for name in (*entries, MARK, _KEPT):
        if not name.endswith("/"):
            (folder / name).unlink(missing_ok=True)
    for place, _, _ in os.walk(folder, topdown=False):
        Path(place).rmdir()
