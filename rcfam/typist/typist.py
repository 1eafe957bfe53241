"""The teacher: a commit as the keystrokes of a person who makes it. Pure planning; no terminal is touched."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rcfam.bounds import Seed, check
from rcfam.history import Commit
from rcfam.typist import arrows, modal
from rcfam.typist.key_text import ENTER, ESCAPE, to_keys, typed
from rcfam.typist.shell import Paths, Session, quote, quote_path, steps

_BATCH_KEYS = 1 << 14  # keys are handed over in pieces of about this many
_MAX_MESSAGE_OPTION = 100  # longer subjects are typed in the editor


@dataclass(frozen=True)
class TypistParams:
    """How the typist works. `vim`: commands, counts and motions; `arrows`: cursor keys and Backspace, as in the paper.

    With `message` "before", a commit is begun with its message, so that the message stands before the edits it
    describes (the paper's "dummy vcs" actions), and completed after them. The same seed gives the same keys.
    """

    style: Literal["vim", "arrows"] = "vim"
    message: Literal["before", "after"] = "before"
    seed: Seed = 0

    def __post_init__(self) -> None:
        check(self)


class Typist:
    """Types commits one after the other. `paths` are the files that stand before the first of them."""

    def __init__(self, params: TypistParams, paths: Iterable[str] = ()) -> None:
        self.params = params
        self.paths = Paths(paths)

    def keys(self, commit: Commit) -> Iterator[NDArray[np.uint32]]:
        """The keystrokes (K,) of one commit, in pieces. What is left out of it must be moved out of the way before.

        Left-out changes are known by their paths: those that vanish are gone when the keys are pressed, those that
        appear come afterwards.
        """
        random = Random(f"{self.params.seed}:{commit.id}")
        waiting: list[str] = []
        size = 0
        for strokes in self._strokes(commit, random):
            waiting.append(strokes)
            size += len(strokes)
            if size >= _BATCH_KEYS:
                yield to_keys("".join(waiting))
                waiting, size = [], 0
        if waiting:
            yield to_keys("".join(waiting))

    def _strokes(self, commit: Commit, random: Random) -> Iterator[str]:
        left_out = [change for change in commit.changes if change.left_out is not None]
        for change in left_out:
            if change.kind != "copy" and change.old_id is not None and change.old_path != change.path:
                self.paths.remove(change.old_path)
            if change.new_id is None:
                self.paths.remove(change.path)
        rendered = len(commit.changes) - len(left_out)
        if rendered or not left_out or left_out[0].left_out != "author not selected":
            yield from self._commit(commit, rendered > 0, random)
        for change in left_out:
            if change.new_id is not None:
                self.paths.add(change.path)

    def _commit(self, commit: Commit, changed: bool, random: Random) -> Iterator[str]:
        before = self.params.message == "before"
        if before or not changed:
            yield _say(commit.message, "--allow-empty ")
        for step in steps(commit.changes, self.paths):
            yield self.session(step, random) if isinstance(step, Session) else step
        if changed:
            yield f"git add -A{ENTER}"
            yield f"git commit -a --amend --no-edit{ENTER}" if before else _say(commit.message, "")

    def session(self, session: Session, random: Random) -> str:
        """The strokes of one editor session, from `vim` to the keys that save and leave."""
        opened = f"vim {quote_path(session.path)}{ENTER}"
        if not session.old:
            return opened + modal.new_file(session.new, random)
        if self.params.style == "arrows":
            keys = arrows.edit(session.old, session.new)
            if keys is not None:
                return opened + keys + modal.save(session.old, session.new, random)
        return opened + modal.edit(session.old, session.new, random)


def _say(message: str, options: str) -> str:
    """`git commit` with a message: on the line where it is short, else in the editor."""
    text = "\n".join([_printable(line.rstrip()) for line in message.splitlines()]).strip()
    if not text:
        return f"git commit {options}--allow-empty-message -m ''{ENTER}"
    if "\n" in text or "\t" in text or len(text) > _MAX_MESSAGE_OPTION:
        return f"git commit {options.rstrip()}".rstrip() + f"{ENTER}i{typed(text)}{ESCAPE}:wq{ENTER}"
    quoted = quote(text)
    return f"git commit {options}-m {quoted if quoted[0] in chr(34) + chr(39) else f'{chr(34)}{text}{chr(34)}'}{ENTER}"


def _printable(line: str) -> str:
    return line if line.isprintable() else "".join([c for c in line if c.isprintable() or c == "\t"])
