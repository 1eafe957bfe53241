"""`rcfam render`: from histories to recordings."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rcfam.atomic import write_json, writing
from rcfam.bounds import NAME
from rcfam.cli import mirrors
from rcfam.cli.options import Fields
from rcfam.cli.params import Parameters, ParamsOption, SettingsOption
from rcfam.cli.progress import bar
from rcfam.errors import RcfamError
from rcfam.kinds import RECORDINGS
from rcfam.outputs import file_of, replacing
from rcfam.printable import say

if TYPE_CHECKING:
    from rcfam.rendering import Rendered, RenderParams

OutOption = Annotated[Path, typer.Option("-o", "--out", help="What to write.")]


def _render_params() -> type:
    from rcfam.rendering import RenderParams

    return RenderParams


FIELDS = Fields("render", _render_params, called={"authors": "author", "paths": "path"})


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


def _mirrored(address: str, folder: Path, parameters: Parameters) -> Path:
    from rcfam.history import clone as mirror
    from rcfam.history import shown
    from rcfam.rendering import CloneParams

    limits = parameters.section("clone", CloneParams).limits
    name = _plain_name(re.split(r"[/:]", shown(address).rstrip("/"))[-1])
    with bar(name, "object") as show:
        mirror(address, folder / f"{name}.git", show, limits)
    return folder / f"{name}.git"


def _plain_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name.removesuffix(".git")) or "repo"


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
        write_json(folder / mirrors.MANIFEST, {"version": 1, "repositories": entries, "totals": totals})


def _record(
    repository: Any, revision: str, name: str, chosen: "RenderParams", path: Path, stop: Callable[[], bool]
) -> "tuple[Rendered, float]":
    """Render into a file with a progress bar; returns what was rendered, and the seconds it took."""
    from rcfam import rendering

    total = len(repository.ids(revision, chosen.selection()))
    started = time.perf_counter()
    with bar(name, "commit") as show, path.open("wb") as file:
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
