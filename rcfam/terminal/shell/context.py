"""Where a command runs, and what commands do with their arguments."""

from collections.abc import Callable
from dataclasses import dataclass

from rcfam.terminal.files import Files, FilesError
from rcfam.terminal.shell import words
from rcfam.terminal.shell.vcs import Vcs

Output = list[tuple[str, int]]
"""what a command prints: runs of text and attribute"""


class CommandError(Exception):
    """A command failed; the text is what it prints. It never leaves the shell."""


@dataclass
class Context:
    """Where a command runs."""

    files: Files
    vcs: Vcs
    here: str
    """the directory, below the root"""
    name: str
    """the root's name"""
    rows: int = 24
    columns: int = 80
    """the screen's; `ls` prints no wider"""
    status: int = 0
    """what a command that prints, and raises nothing, failed with"""

    def shown(self) -> str:
        return f"~/{self.name}/{self.here}" if self.here else f"~/{self.name}"

    def path(self, word: str, follow: bool = True) -> str:
        """The path below the root that `word` names. Raises FilesError."""
        home = words.home_path(word)
        if home is not None:
            return self.files.resolve(home, "", follow)
        if word == "":
            raise FilesError("", "No such file or directory")
        if word.startswith("/"):
            root = f"/home/user/{self.name}"
            if word != root and not word.startswith(root + "/"):
                raise FilesError(word, "No such file or directory")
            return self.files.resolve(word.removeprefix(root), "", follow)
        return self.files.resolve(word, self.here, follow)

    def loose(self, word: str) -> str:
        """A path for a name whose directory does not exist: good for showing, never for writing."""
        return f"{self.here}/{word}" if self.here else word


def options(name: str, arguments: list[str], allowed: str) -> tuple[set[str], list[str]]:
    """Split single-letter options from the other arguments."""
    flags: set[str] = set()
    rest: list[str] = []
    for i, argument in enumerate(arguments):
        if argument == "--":
            return flags, rest + arguments[i + 1 :]
        if argument.startswith("-") and len(argument) > 1:
            for letter in argument[1:]:
                if letter not in allowed:
                    raise CommandError(
                        f"{name}: invalid option -- '{letter}'\nTry '{name} --help' for more information."
                    )
                flags.add(letter)
        else:
            rest.append(argument)
    return flags, rest


def need(name: str, arguments: list[str], count: int = 1) -> None:
    help_line = f"Try '{name} --help' for more information."
    if not arguments:
        what = "file operand" if name in ("cp", "mv", "ln", "touch") else "operand"
        raise CommandError(f"{name}: missing {what}\n{help_line}")
    if len(arguments) < count:
        shown = words.shown(arguments[0])
        raise CommandError(f"{name}: missing destination file operand after '{shown}'\n{help_line}")


CANNOT_MAKE = "mkdir: cannot create directory ‘{}’: {}"  # noqa: RUF001 - as mkdir quotes


def each(arguments: list[str], act: Callable[[str], None], message: str) -> Output:
    """Do `act` on every argument; a failure prints `message` with the name and the reason, and the others go on."""
    errors = []
    for argument in arguments:
        try:
            act(argument)
        except FilesError as error:
            shown = words.shown(argument) if message is CANNOT_MAKE else words.quoted(argument)
            errors.append(message.format(shown, error.reason))
        except CommandError as error:
            errors.append(str(error))
    if errors:
        raise CommandError("\n".join(errors))
    return []
