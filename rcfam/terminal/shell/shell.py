"""The bash-like shell: what a line does to the virtual files, and what it prints."""

from dataclasses import dataclass

from rcfam.terminal import attributes as A
from rcfam.terminal.files import FULL, SPENT, Files, FilesError
from rcfam.terminal.shell import coreutils, words
from rcfam.terminal.shell.context import CommandError, Context, Output
from rcfam.terminal.shell.git import EditMessage, git
from rcfam.terminal.shell.vcs import Vcs

USER = "user"
HOST = "host"
_MOST_HISTORY = 1000  # Debian's HISTSIZE
_MOST_OPEN = 1 << 15  # characters of a command that goes on over several lines
_BUILTINS = ("echo", "pwd", "history")


@dataclass(frozen=True)
class Edit:
    """A command asks for the editor on `path`, cursor on `line` (counted from 0)."""

    path: str
    """below the root"""
    shown: str
    """as the command line named it"""
    line: int = 0


class Shell:
    """One shell: a directory, a history, a queue of commands still to run."""

    def __init__(self, files: Files, vcs: Vcs, name: str, rows: int = 24, columns: int = 80) -> None:
        self.place = Context(files, vcs, "", name, rows, columns)
        self.history: list[str] = []
        self.forgotten = 0
        """lines that the history no longer holds"""
        self.recalled = 0
        """which line of the history is shown, len(history) for the new one"""
        self.draft = ""
        """the new line while an older one is shown"""
        self.open_text = ""
        """lines typed before this one of a command that goes on"""
        self.queue: list[words.Command] = []
        self.status = 0
        self.exited = False

    def prompt(self) -> list[tuple[str, int]]:
        """The prompt's runs of text and attribute."""
        if self.open_text:
            return [("> ", A.PLAIN)]
        return [(f"{USER}@{HOST}", A.PROMPT_USER), (":", A.PLAIN), (self.place.shown(), A.PROMPT_PATH), ("$ ", A.PLAIN)]

    def window_name(self) -> str:
        return "bash"

    def submit(self, line: str) -> Output:
        """Take a typed line: queue its commands and return what bash says of it before any runs."""
        text = self.open_text + line
        try:
            self.queue = words.parse(text)
        except words.Incomplete:
            if len(text) > _MOST_OPEN:
                self.open_text = ""
                self.status = 2
                return [("-bash: unexpected EOF while looking for matching `\"'\n", A.PLAIN)]
            self.open_text = text + (" " if words.waits(text) else "\n")
            return []
        except words.Syntax as error:
            self._remember(text)
            self.open_text = ""
            self.status = 2
            return [(f"-bash: syntax error near unexpected token `{error}'\n", A.PLAIN)]
        self._remember(text)
        self.open_text = ""
        return []

    def interrupt(self) -> None:
        """Ctrl-C: the line is given up."""
        self.open_text = ""
        self.queue = []
        self.recalled = len(self.history)

    def _remember(self, line: str) -> None:
        if line.strip():
            self.history.append(line)
            if len(self.history) > _MOST_HISTORY:
                del self.history[0]
                self.forgotten += 1
        self.recalled = len(self.history)

    def recall(self, step: int, current: str) -> str | None:
        """The history's line one older (-1) or newer (1) than the one shown; None at its end."""
        wanted = self.recalled + step
        if not 0 <= wanted <= len(self.history):
            return None
        if self.recalled == len(self.history):
            self.draft = current
        self.recalled = wanted
        return self.draft if wanted == len(self.history) else self.history[wanted]

    def step(self) -> tuple[Output, Edit | EditMessage | None]:
        """Run the queue up to its end or up to a command that needs the editor."""
        files = self.place.files
        files.work_left = files.limits.work
        try:
            return self._step()
        finally:
            files.work_left = None

    def _step(self) -> tuple[Output, Edit | EditMessage | None]:
        output: Output = []
        while self.queue:
            command = self.queue.pop(0)
            if command.needs_success and self.status:
                continue
            self.status = self.place.status = 0
            try:
                self.place.files.spend(1)
                printed = self._run(command)
                self.status = self.status or self.place.status
            except (CommandError, FilesError) as error:
                self.status = 1
                output.append((f"{error}\n", A.PLAIN))
                if self.place.files.work_left is not None and self.place.files.work_left < 0:
                    output.append((f"-bash: fork: {SPENT}\n", A.PLAIN))
                    self.queue = []
                continue
            if isinstance(printed, Edit | EditMessage):
                return output, printed
            if command.target is None:
                output += printed
            else:
                output += self._redirect(command, command.target, printed)
        return output, None

    def _redirect(self, command: words.Command, target: str, printed: Output) -> Output:
        """Write what a command printed to its target; returns what is said on the screen."""
        files = self.place.files
        said: Output = []
        data = "".join(part for part, _ in printed).encode("utf-8", "surrogateescape")
        try:
            path = self.place.path(target)
            if command.words[:1] == ["cat"]:
                data, errors = coreutils.contents(self.place, command.words[1:])
                said = [(f"{error}\n", A.PLAIN) for error in errors]
                self.status = int(bool(errors))
            old = files.read(path) if command.append and files.exists(path) else b""
            files.write(path, old + data)
        except FilesError as error:
            self.status = 1
            name = command.words[0] if command.words else ""
            if error.reason == FULL and path in files:
                who = f"-bash: {name}" if name in _BUILTINS else name
                return [*said, (f"{who}: write error: {FULL}\n", A.PLAIN)]
            return [*said, (f"-bash: {words.shown(target)}: {error.reason}\n", A.PLAIN)]
        return said

    def _run(self, command: words.Command) -> Output | Edit | EditMessage:
        redirected = command.target is not None
        if not command.words:
            return []
        name, *arguments = command.words
        if name in ("vim", "vi"):
            return self._edit(arguments)
        if name == "cat" and redirected:
            return []  # its bytes go to the file as they are
        if name == "git":
            return git(self.place, arguments)
        if name == "history":
            return [(f"{i:5d}  {line}\n", A.PLAIN) for i, line in enumerate(self.history, 1 + self.forgotten)]
        if name in ("exit", "logout"):
            self.exited = True
            self.queue = []
            return []
        if name == "false":
            self.status = 1
            return []
        function = coreutils.COMMANDS.get(name)
        if function is None:
            self.status = 127
            what = (
                f"-bash: {words.shown(name)}: No such file or directory\n"
                if "/" in name
                else f"-bash: {name}: command not found\n"
            )
            return [(what, A.PLAIN)]
        return function(self.place, arguments)

    def _edit(self, arguments: list[str]) -> Edit | Output:
        line = 0
        names = []
        options = True
        for argument in arguments:
            if options and argument == "--":
                options = False
            elif options and argument.startswith("+") and argument[1:].isdecimal():
                line = max(int(argument[1:]) - 1, 0)
            elif options and argument.startswith("-") and len(argument) > 1:
                raise CommandError(f'Unknown option argument: "{argument}"\nMore info with: "vim -h"')
            else:
                names.append(argument)
        if len(names) != 1:
            raise CommandError("vim: one file name is needed")
        try:
            path = self.place.path(names[0])
        except FilesError:
            path = self.place.loose(names[0])
        return Edit(path, words.shown(names[0]), line)
