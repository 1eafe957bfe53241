"""`rcfam clone`, `rcfam render`, `rcfam verify`: from the list of repositories to recordings."""

import json
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rcfam import documents
from rcfam.atomic import alone, writing
from rcfam.bounds import NAME
from rcfam.cli import mirrors
from rcfam.cli.options import Fields
from rcfam.cli.params import Parameters, ParamsOption, SettingsOption
from rcfam.errors import RcfamError
from rcfam.kinds import MIRRORS, RECORDINGS
from rcfam.outputs import adding, file_of, replacing
from rcfam.printable import printable, say

if TYPE_CHECKING:
    from rcfam.history import Transfers
    from rcfam.rendering import Rendered, RenderParams

_COMMIT = re.compile(r"[0-9a-f]{40}")


def _render_params() -> type:
    from rcfam.rendering import RenderParams

    return RenderParams


FIELDS = Fields("render", _render_params, called={"authors": "author", "paths": "path"})

OutOption = Annotated[Path, typer.Option("-o", "--out", help="What to write.")]


def clone(
    out: OutOption,
    params_file: ParamsOption = None,
    settings: SettingsOption = None,
    repositories: Annotated[
        Path | None, typer.Option("--list", help="Repositories, one `NAME SOURCE` a line; else the parameter file's.")
    ] = None,
) -> None:
    """Mirror every repository of the list as OUT/NAME.git and write OUT/manifest.json with the commits to render."""
    from rcfam.history import Transfers, shown
    from rcfam.rendering import CloneParams

    chosen = Parameters(params_file, settings, "clone").section("clone", CloneParams)
    names = repositories or Path(chosen.repositories)
    listed = _read_list(names)
    unknown = sorted(set(chosen.revisions) - set(listed))
    if unknown and repositories is None:
        raise RcfamError(f"clone.revisions names repositories that are not in the list: {', '.join(unknown)}")
    with adding(out, MIRRORS, [names]), alone(out), Transfers(chosen.limits) as transfers:
        entries, failures = [], []
        for name, source in listed.items():
            try:
                commit = _mirror(name, source, out / f"{name}.git", chosen.revisions.get(name), transfers)
            except RcfamError as error:
                failures.append(f"{name}: {error}")
                continue
            address = shown(source)
            entries.append({"name": name, "source": address, "revision": chosen.revisions.get(name), "commit": commit})
            say(f"{name}: {commit[:12]} of {address}")
        if failures:  # what is mirrored stays: the next time it is only updated
            raise RcfamError("; ".join(failures))
        _write_json(out / mirrors.MANIFEST, {"version": 1, "repositories": entries})


def _mirror(name: str, source: str, folder: Path, revision: str | None, transfers: "Transfers") -> str:
    """Make or update one mirror; the commit that is to be rendered.

    Where the source cannot be reached, a pinned commit that an earlier mirror holds is enough.
    """
    from rcfam.history import HistoryError, Repository
    from rcfam.history import clone as mirror
    from rcfam.history import mirrors as is_mirror

    try:
        with _bar(name, "object") as show:
            repository = mirror(source, folder, show, transfers=transfers)
    except HistoryError as error:
        if revision is None or not _COMMIT.fullmatch(revision) or not is_mirror(folder, source):
            raise
        commit = Repository(folder).resolve(revision)
        say(f"{name}: {error}; the mirror holds the pinned commit", file=sys.stderr)
        return commit
    return repository.resolve(revision or "HEAD")


def render(
    source: Annotated[str, typer.Argument(help="A repository or its address, or the folder that `rcfam clone` wrote.")],
    out: OutOption,
    params_file: ParamsOption = None,
    settings: SettingsOption = None,
    revision: Annotated[str, typer.Option(help="Branch, tag or commit of a single repository.")] = "HEAD",
    name: Annotated[
        str | None, typer.Option(help="Of a single repository, which splits go by; else its folder's name.")
    ] = None,
) -> None:
    """Type a repository's history into a simulated terminal and record every frame.

    OUT is a .tsr file for one repository; for a folder of mirrors it is a folder with NAME.tsr, ledger.parquet and
    manifest.json. What an https:// or ssh address names is mirrored beside OUT as NAME.git, and updated there.
    """
    from rcfam.history import is_remote, source_folder
    from rcfam.rendering import RenderParams

    if name is not None and not NAME.matches(name):
        raise RcfamError(f"--name {name}: a letter, digit or '_', then also '.' and '-'")
    parameters = Parameters(params_file, settings, "render", "clone")
    chosen = parameters.section("render", RenderParams)
    folder = _mirrored(source, out.parent, parameters) if is_remote(source) else source_folder(source)
    is_repository = (folder / ".git").exists() or (folder / "HEAD").exists()
    if (folder / mirrors.MANIFEST).exists() and not is_repository:
        _render_all(folder, out, chosen)
    else:
        _render_one(folder, revision, name or _plain_name(folder.resolve().name), out, chosen)


def verify(
    recording: Annotated[Path, typer.Argument(help="A .tsr file.")],
    repo: Annotated[Path, typer.Option(help="The repository that it was rendered from.")],
    frames: Annotated[bool, typer.Option(help="Compare every frame too, not only the files.")] = False,
) -> None:
    """Replay a recording's keystrokes; after every commit the files must equal the commit's tree, by git object id."""
    from rcfam import verifying
    from rcfam.history import Repository
    from rcfam.recording import Reader
    from rcfam.rendering import COMMIT_MARK

    with Reader(recording) as reader, _bar(recording.name, "commit") as show:
        if reader.damage:
            raise RcfamError(f"{recording}: {reader.damage}")
        total = sum(mark.kind == COMMIT_MARK for mark in reader.marks)
        found = verifying.verify(reader, Repository(repo), frames, lambda done, _: show(done, total))
    compared = f", {found.frames:,} frames equal" if frames else ""
    said = f"{recording}: {found.commits:,} commits and {found.keystrokes:,} keystrokes verified{compared}"
    if not found.whole:
        said += (
            f"; a prefix: the recording was stopped, {found.commits:,} of {found.selected:,} commits are whole, "
            f"and {found.rest:,} keystrokes after them belong to none"
        )
    say(said)


def _mirrored(address: str, folder: Path, parameters: Parameters) -> Path:
    from rcfam.history import clone as mirror
    from rcfam.history import shown
    from rcfam.rendering import CloneParams

    limits = parameters.section("clone", CloneParams).limits
    name = _plain_name(re.split(r"[/:]", shown(address).rstrip("/"))[-1])
    with _bar(name, "object") as show:
        mirror(address, folder / f"{name}.git", show, limits)
    return folder / f"{name}.git"


def _plain_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name.removesuffix(".git")) or "repo"


def _read_list(path: Path) -> dict[str, str]:
    """name -> source. Relative paths are seen from the current directory."""
    lines = documents.text(path).splitlines()
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split() if not line.lstrip().startswith("#") else []
        if not words:
            continue
        if len(words) != 2 or not NAME.matches(words[0]):
            raise RcfamError(f"{path}, line {number}: expected `NAME SOURCE`, found {len(words)} words")
        if words[0] in found:
            raise RcfamError(f"{path}, line {number}: the name {words[0]!r} stands there twice")
        found[words[0]] = words[1]
    if not found:
        raise RcfamError(f"{path} names no repository")
    return found


def _render_one(source: Path, revision: str, name: str, out: Path, chosen: "RenderParams") -> None:
    from rcfam.history import Repository

    repository = Repository(source)
    with _interruptible() as stop, writing(out, durable=True) as part:
        rendered, seconds = _record(repository, repository.resolve(revision), name, chosen, part, stop)
    _report(name, rendered, seconds, out.stat().st_size)
    if not rendered.whole:
        raise typer.Exit(130)


def _render_all(source: Path, out: Path, chosen: "RenderParams") -> None:
    import polars as pl

    from rcfam.history import Repository

    listed = mirrors.read(source).repositories
    entries: list[dict[str, Any]] = []
    ledgers = []
    with _interruptible() as stop, replacing(out, RECORDINGS, [source]) as folder:
        for entry in listed:
            name = entry.name
            recording = folder / f"{name}.tsr"
            rendered, seconds = _record(Repository(source / f"{name}.git"), entry.commit, name, chosen, recording, stop)
            if not rendered.whole:
                raise KeyboardInterrupt
            _report(name, rendered, seconds, recording.stat().st_size)
            ledgers.append(rendered.ledger.table())
            entries.append(
                {
                    "name": name,
                    "recording": recording.name,
                    "revision": entry.commit,
                    "commits": rendered.commits,
                    "changes": rendered.ledger.changes,
                    "rendered": rendered.ledger.rendered,
                    "left_out": rendered.ledger.left_out,
                    "keystrokes": rendered.keystrokes,
                    **file_of(recording)._asdict(),
                }
            )
        pl.concat(ledgers).write_parquet(folder / "ledger.parquet")
        totals = {key: sum(entry[key] for entry in entries) for key in ("commits", "changes", "rendered", "keystrokes")}
        _write_json(folder / mirrors.MANIFEST, {"version": 1, "repositories": entries, "totals": totals})


def _record(
    repository: Any, revision: str, name: str, chosen: "RenderParams", path: Path, stop: Callable[[], bool]
) -> "tuple[Rendered, float]":
    """Render into a file with a progress bar; returns what was rendered, and the seconds it took."""
    from rcfam import rendering

    total = len(repository.ids(revision, chosen.selection()))
    started = time.perf_counter()
    with _bar(name, "commit") as show, path.open("wb") as file:
        show(0, total, "kernels compile the first time, a minute")

        def progress(commits: int, keys: int) -> None:
            show(commits, total, f"{keys / (time.perf_counter() - started):,.0f} keys/s")

        rendered = rendering.record(repository, revision, name, chosen, file, progress, stop)
    return rendered, time.perf_counter() - started


def _report(name: str, rendered: "Rendered", seconds: float, size: int) -> None:
    ledger = rendered.ledger
    left_out = ", ".join(f"{count} {reason}" for reason, count in ledger.left_out.items()) or "none"
    keys = rendered.keystrokes
    rate = keys / max(seconds, 1e-9)
    say(
        f"{name}: {rendered.commits:,} commits, {ledger.changes:,} changes (left out: {left_out}), {keys:,} keys"
        f" in {seconds:,.1f} s = {rate:,.0f} keys/s, {size:,} bytes = {size / max(1, keys):.2f} B/frame"
        + ("" if rendered.whole else "; stopped before the end")
    )


@contextmanager
def _bar(name: str, unit: str) -> "Iterator[Callable[..., None]]":
    """A progress bar as `show(done, total, remark)`."""
    from tqdm import tqdm

    with tqdm(desc=printable(name), unit=unit, dynamic_ncols=True, leave=False) as bar:

        def show(done: int, total: int, remark: str = "") -> None:
            bar.total = total
            if remark:
                bar.set_postfix_str(remark, refresh=done == 0)
            bar.update(done - bar.n)

        yield show


@contextmanager
def _interruptible() -> "Iterator[Callable[[], bool]]":
    """The first Ctrl-C asks to stop at the next good moment, the second stops at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    with writing(path, durable=True) as part:
        part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
