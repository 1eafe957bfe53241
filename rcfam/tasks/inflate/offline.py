"""Contestants that need no model: git apply, the paper's parallel shortcut, and one that does nothing."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rcfam.tasks.inflate.cases import Case, InflateError

GIT_SECONDS = 60.0

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class RefusedError(InflateError):
    """A contestant gives up on a case: its answer is wrong."""


def do_nothing(case: Case, context: int) -> str:
    """The first state, as if no step followed."""
    return case.initial


def git_apply(case: Case, context: int) -> str:
    """What real `git apply` makes of the diffs, in an empty folder that is no repository.

    Neither the user's configuration nor a repository around the folder is looked at. Raises RefusedError when git
    refuses a diff, InflateError when it is missing.
    """
    git = shutil.which("git")
    if git is None:
        raise InflateError("git is not installed: nothing to apply diffs with")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        command = [git, "apply", "--whitespace=nowarn", *(["--unidiff-zero"] if context == 0 else []), "-"]
        environment = {
            "HOME": os.devnull,
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "LC_ALL": "C",
        }
        diffs = "".join(case.patches[context]).encode()
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, input=diffs, capture_output=True, timeout=GIT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise RefusedError(f"git apply: case {case.id}: no end after {GIT_SECONDS:g} s") from error
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
            raise RefusedError(f"git apply: case {case.id}, U{context}: {said}")
        return (folder / case.path).read_bytes().decode()


@dataclass(frozen=True)
class Shown:
    """One hunk: the lines it takes away and keeps, the lines it keeps and adds, each with its newline if it has one."""

    patch: int
    start: int
    """Lines of the new file above it."""
    old: tuple[str, ...]
    new: tuple[str, ...]
    lead: int
    """Lines of context at its head."""
    trail: int
    """Lines of context at its foot."""


def hunks_shown(patches: Sequence[str]) -> list[Shown]:
    """The hunks of all diffs, oldest diff first, top to bottom."""
    return [shown for number, text in enumerate(patches) for shown in _hunks(number, text)]


def _hunks(number: int, text: str) -> list[Shown]:
    found = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        head = _HUNK.match(lines[at])
        at += 1
        if head is None:
            continue
        left = [int(head[2] or 1), int(head[4] or 1)]
        start = int(head[3]) - (left[1] > 0)
        body: list[tuple[str, str]] = []
        while at < len(lines) and (left[0] or left[1] or lines[at].startswith("\\")):
            sign, line = lines[at][:1], lines[at][1:]
            at += 1
            if sign == "\\":
                body[-1] = (body[-1][0], body[-1][1].removesuffix("\n"))
                continue
            left[0] -= sign != "+"
            left[1] -= sign != "-"
            body.append((sign, line + "\n"))
        signs = "".join(sign for sign, _ in body)
        found.append(
            Shown(
                patch=number,
                start=start,
                old=tuple(line for sign, line in body if sign != "+"),
                new=tuple(line for sign, line in body if sign != "-"),
                lead=len(signs) - len(signs.lstrip(" ")),
                trail=len(signs) - len(signs.rstrip(" ")),
            )
        )
    return found


@dataclass
class _Source:
    hunk: Shown
    at: int


def latest_shown(case: Case, context: int) -> str:
    """The paper's parallel shortcut: repeat the lines of the latest diff that starts with what is to be written next.

    No state is kept between diffs. Writing goes from top to bottom, beginning in the first diff. Where a later diff
    has a hunk whose leading context is what has just been written, its lines follow, taken as they stand there; after
    its last, writing goes on behind its trailing context in the hunk that it broke into. Where the context comes again
    further down in what is being repeated, the line number that the diff names decides between the places. A hunk
    without context (U0) is placed by that number alone, which is wrong as soon as a later diff moves the place.
    """
    shown = hunks_shown(case.patches[context])
    sources = [_Source(shown[0], 0)]
    waiting = shown[1:]
    written: list[str] = []
    while sources:
        source = sources[-1]
        starting = [
            hunk for hunk in waiting if hunk.patch > source.hunk.patch and _starts(hunk, written, source, context)
        ]
        if starting:
            chosen = max(starting, key=lambda hunk: (hunk.patch, -abs(hunk.start + hunk.lead - len(written))))
            waiting.remove(chosen)
            sources.append(_Source(chosen, chosen.lead))
        elif source.at < len(source.hunk.new):
            written.append(source.hunk.new[source.at])
            source.at += 1
        else:
            sources.pop()
            _resume(sources, source.hunk, context)
    return "".join(written)


def _starts(hunk: Shown, written: Sequence[str], source: _Source, context: int) -> bool:
    """Whether a hunk goes on where writing stands: its context has just been written, and no later place is better."""
    here, lead, wanted = len(written), hunk.lead, hunk.start + hunk.lead
    if lead == 0 or (lead < context and here != lead):  # less than the whole context: it is the head of the file
        return lead == 0 and here == wanted
    if tuple(written[-lead:]) != hunk.new[:lead]:
        return False
    nearer = 2 * (wanted - here) - 1  # so many lines on, a place is still nearer to the wanted one
    ahead = (*written[-lead:], *source.hunk.new[source.at : source.at + max(nearer, 0)])
    return not any(ahead[at : at + lead] == hunk.new[:lead] for at in range(1, len(ahead) - lead + 1))


def _resume(sources: list[_Source], ended: Shown, context: int) -> None:
    """Move the source to go on with to behind the end of a hunk; none is left where that was the file's end."""
    if not sources:
        return
    if ended.trail < context:
        sources.clear()
        return
    passed = len(ended.old) - ended.lead
    if ended.trail == 0:
        sources[-1].at += passed
        return
    tail = ended.new[-ended.trail :]
    for depth in range(len(sources), 0, -1):
        source = sources[depth - 1]
        ends = range(source.at + ended.trail, len(source.hunk.new) + 1)
        places = [end for end in ends if source.hunk.new[end - ended.trail : end] == tail]
        if places:
            source.at = min(places, key=lambda end: abs(end - source.at - passed))
            del sources[depth:]
            return
    sources[-1].at += passed


OFFLINE: dict[str, Callable[[Case, int], str]] = {
    "git apply": git_apply,
    "latest diff": latest_shown,
    "no-op": do_nothing,
}
