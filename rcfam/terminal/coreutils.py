"""The shell's commands over the virtual files: cd ls cat mkdir rmdir rm mv cp chmod ln touch echo pwd."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rcfam.terminal import attributes as A
from rcfam.terminal import widths, words
from rcfam.terminal.files import EXECUTABLE, LINK, Files, FilesError
from rcfam.terminal.vcs import Vcs

Output = list[tuple[str, int]]
"""what a command prints: runs of text and attribute"""


class CommandError(Exception):
    """A command failed; the text is what it prints. It never leaves the shell."""


@dataclass
class Place:
    """Where a command runs."""

    files: Files
    vcs: Vcs
    here: str
    """the directory, below the root"""
    name: str
    """the root's name"""
    columns: int = 80
    """how wide `ls` may print"""
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


def _need(name: str, arguments: list[str], count: int = 1) -> None:
    help_line = f"Try '{name} --help' for more information."
    if not arguments:
        what = "file operand" if name in ("cp", "mv", "ln", "touch") else "operand"
        raise CommandError(f"{name}: missing {what}\n{help_line}")
    if len(arguments) < count:
        shown = words.shown(arguments[0])
        raise CommandError(f"{name}: missing destination file operand after '{shown}'\n{help_line}")


def _each(arguments: list[str], act: Callable[[str], None], message: str) -> Output:
    """Do `act` on every argument; a failure prints `message` with the name and the reason, and the others go on."""
    errors = []
    for argument in arguments:
        try:
            act(argument)
        except FilesError as error:
            shown = words.shown(argument) if message is _MAKE else words.quoted(argument)
            errors.append(message.format(shown, error.reason))
        except CommandError as error:
            errors.append(str(error))
    if errors:
        raise CommandError("\n".join(errors))
    return []


def _cd(place: Place, arguments: list[str]) -> Output:
    _flags, rest = options("cd", arguments, "")
    if len(rest) > 1:
        raise CommandError("-bash: cd: too many arguments")
    if not rest:
        place.here = ""
        return []
    try:
        path = place.path(rest[0])
        place.files.listing(path)
    except FilesError as error:
        raise CommandError(f"-bash: cd: {words.shown(rest[0])}: {error.reason}") from None
    place.here = path
    return []


def _pwd(place: Place, arguments: list[str]) -> Output:
    return [(f"/home/user/{place.name}{'/' + place.here if place.here else ''}\n", A.PLAIN)]


def _echo(place: Place, arguments: list[str]) -> Output:
    newline = "\n"
    if arguments[:1] == ["-n"]:
        newline, arguments = "", arguments[1:]
    return [(" ".join(words.shown(argument) for argument in arguments) + newline, A.PLAIN)]


_GIT = ".git"  # `ls -a` shows it; nothing else knows it


def _attribute(place: Place, path: str) -> int:
    if place.files.is_directory(path) or path == _GIT:
        return A.DIRECTORY
    mode = place.files[path].mode
    return {LINK: A.LINK, EXECUTABLE: A.EXECUTABLE}.get(mode, A.PLAIN)


def _ls(place: Place, arguments: list[str]) -> Output:
    flags, rest = options("ls", arguments, "al1AF")
    names: list[tuple[str, str]] = []
    folders: list[tuple[str, str]] = []
    errors: list[str] = []
    for word in sorted(rest) or ["."]:
        try:
            path = place.path(word, follow="l" not in flags)
        except FilesError as error:
            errors.append(f"ls: cannot access {words.quoted(word)}: {error.reason}")
            continue
        if place.files.is_directory(path):
            folders.append((words.shown(word), path))
        elif path in place.files:
            names.append((words.shown(word), path))
        else:
            errors.append(f"ls: cannot access {words.quoted(word)}: No such file or directory")
    output: Output = [(f"{error}\n", A.PLAIN) for error in errors]
    output += _table(place, names, flags)
    for i, (shown, path) in enumerate(folders):
        if len(folders) + len(names) > 1:
            output.append((f"{'' if i == 0 and not names else chr(10)}{words.quoted(shown, False)}:\n", A.PLAIN))
        inside = [name for name in place.files.listing(path) if flags & {"a", "A"} or not name.startswith(".")]
        if path == "" and flags & {"a", "A"}:
            inside = sorted([*inside, _GIT])
        entries = [(name, f"{path}/{name}" if path else name) for name in inside]
        if "a" in flags:
            entries = [(".", path), ("..", path.rpartition("/")[0]), *entries]
        output += _table(place, entries, flags)
    return output


def _table(place: Place, entries: list[tuple[str, str]], flags: set[str]) -> Output:
    shown = [words.quoted(name, False) for name, _ in entries]
    lone = flags & {"l", "1"}
    if "l" not in flags and any(text != name for text, (name, _) in zip(shown, entries, strict=True)) and not lone:
        shown = [text if text != name else f" {text}" for text, (name, _) in zip(shown, entries, strict=True)]
    paths = [path for _, path in entries]
    if "l" in flags:
        return [run for name, path in zip(shown, paths, strict=True) for run in _long(place, name, path)]
    if "F" in flags:
        shown = [text + _kind(place, path) for text, path in zip(shown, paths, strict=True)]
    if "1" in flags or not entries:
        return [
            run
            for name, path in zip(shown, paths, strict=True)
            for run in ((name, _attribute(place, path)), ("\n", A.PLAIN))
        ]
    sizes = [_cells(name) for name in shown]
    rows, columns = len(entries), [max(sizes)]
    for lines in range(1, len(entries) + 1):
        tried = [max(sizes[i : i + lines]) + 2 for i in range(0, len(sizes), lines)]
        if sum(tried) - 2 < place.columns:
            rows, columns = lines, tried
            break
    output: Output = []
    for row in range(rows):
        for column, i in enumerate(range(row, len(entries), rows)):
            output.append((shown[i], _attribute(place, paths[i])))
            if i + rows < len(entries):
                output.append((" " * (columns[column] - sizes[i]), A.PLAIN))
        output.append(("\n", A.PLAIN))
    return output


def _cells(text: str) -> int:
    """Columns that a name takes."""
    table = widths.table()
    return sum(min(int(table[ord(c)]), 2) for c in text)


def _kind(place: Place, path: str) -> str:
    """The mark that `ls -F` puts after a name."""
    attribute = _attribute(place, path)
    return {A.DIRECTORY: "/", A.EXECUTABLE: "*", A.LINK: "@"}.get(attribute, "")


def _long(place: Place, name: str, path: str) -> Output:
    if place.files.is_directory(path) or path == _GIT:
        return [("drwxr-xr-x user user 4096 ", A.PLAIN), (name, A.DIRECTORY), ("\n", A.PLAIN)]
    mode, data = place.files[path]
    bits = {LINK: "lrwxrwxrwx", EXECUTABLE: "-rwxr-xr-x"}.get(mode, "-rw-r--r--")
    end = f" -> {data.decode('utf-8', 'surrogateescape')}\n" if mode == LINK else "\n"
    return [(f"{bits} user user {len(data):4d} ", A.PLAIN), (name, _attribute(place, path)), (end, A.PLAIN)]


def _cat(place: Place, arguments: list[str]) -> Output:
    output: Output = []
    errors = []
    for word in options("cat", arguments, "")[1]:
        try:
            data = place.files.read(place.path(word))
        except FilesError as error:
            errors.append(f"cat: {words.quoted(word, False)}: {error.reason}")
            continue
        output.append((data.decode("utf-8", "surrogateescape"), A.PLAIN))
    if errors:
        raise CommandError("".join(text for text, _ in output) + "\n".join(errors))
    return output


def _mkdir(place: Place, arguments: list[str]) -> Output:
    flags, rest = options("mkdir", arguments, "p")
    _need("mkdir", rest)

    def act(word: str) -> None:
        if "p" in flags:
            _make_parents(place, word)
        else:
            place.files.make_directory(place.path(word))

    return _each(rest, act, _MAKE)


_MAKE = "mkdir: cannot create directory ‘{}’: {}"  # noqa: RUF001 - as mkdir quotes


def _cannot_make(word: str, reason: str) -> str:
    return _MAKE.format(words.shown(word), reason)


def _make_parents(place: Place, word: str) -> None:
    done = ""
    for part in word.rstrip("/").split("/"):
        done = f"{done}/{part}" if done else part
        if done:
            path = place.path(done)
            if path in place.files:
                reason = "Not a directory" if done != word.rstrip("/") else "File exists"
                raise CommandError(_cannot_make(done, reason))
            place.files.make_directories(path)


def _rmdir(place: Place, arguments: list[str]) -> Output:
    rest = options("rmdir", arguments, "")[1]
    _need("rmdir", rest)
    return _each(rest, lambda word: place.files.remove_directory(place.path(word)), "rmdir: failed to remove {}: {}")


def _touch(place: Place, arguments: list[str]) -> Output:
    rest = options("touch", arguments, "")[1]
    _need("touch", rest)

    def act(word: str) -> None:
        path = place.path(word)
        if not place.files.exists(path):
            _check_folder(place, path)
            place.files.write(path, b"")

    return _each(rest, act, "touch: cannot touch {}: {}")


def _check_folder(place: Place, path: str) -> None:
    folder = path.rpartition("/")[0]
    if not place.files.is_directory(folder):
        raise FilesError(path, "No such file or directory")


def _rm(place: Place, arguments: list[str]) -> Output:
    flags, rest = options("rm", arguments, "rRf")
    if not rest and "f" in flags:
        return []
    _need("rm", rest)

    def act(word: str) -> None:
        path = place.path(word, follow=False)
        if place.files.is_directory(path):
            if not flags & {"r", "R"}:
                raise FilesError(path, "Is a directory")
            if not path:
                raise FilesError(path, "Device or resource busy")
            place.files.remove_tree(path)
        elif path in place.files:
            place.files.remove(path)
        elif "f" not in flags:
            raise FilesError(path, "No such file or directory")

    return _each(rest, act, "rm: cannot remove {}: {}")


def _into(place: Place, target: str, source: str) -> str:
    """Where `source` lands when it is moved or copied to `target`, a directory or a new name."""
    path = place.path(target, follow=True)
    if place.files.is_directory(path):
        name = source.rstrip("/").rpartition("/")[2]
        return f"{path}/{name}" if path else name
    if target.endswith("/"):
        raise FilesError(path, "Not a directory")
    return path


def _mv(place: Place, arguments: list[str]) -> Output:
    _flags, rest = options("mv", arguments, "fnv")
    _need("mv", rest, 2)
    *sources, target = rest
    _check_target(place, "mv", sources, target)

    def act(word: str) -> None:
        old = _source(place, "mv", word, False)
        shown = _landing(place, target, word)
        try:
            new = _into(place, target, word)
            if new in place.files and place.files[new].mode == LINK:
                place.files.remove(new)
            if new == old:
                raise CommandError(f"mv: {words.quoted(word)} and {words.quoted(shown)} are the same file")
            if new.startswith(f"{old}/"):
                raise CommandError(
                    f"mv: cannot move {words.quoted(word)} to a subdirectory of itself, {words.quoted(shown)}"
                )
            place.files.rename(old, new)
        except FilesError as error:
            raise CommandError(
                f"mv: cannot move {words.quoted(word)} to {words.quoted(shown)}: {error.reason}"
            ) from None

    return _each(sources, act, "mv: cannot move {}: {}")


def _there(place: Place, word: str) -> bool:
    try:
        return place.files.exists(place.path(word, follow=False))
    except FilesError:
        return False


def _source(place: Place, name: str, word: str, follow: bool) -> str:
    """The path of something to move or copy."""
    try:
        path = place.path(word, follow=follow)
        if not place.files.exists(path):
            raise FilesError(path, "No such file or directory")
    except FilesError as error:
        raise CommandError(f"{name}: cannot stat {words.quoted(word)}: {error.reason}") from None
    return path


def _landing(place: Place, target: str, source: str) -> str:
    """The name that messages give the place where `source` lands."""
    try:
        inside = place.files.is_directory(place.path(target))
    except FilesError:
        inside = False
    return f"{target.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}" if inside else target


def _check_target(place: Place, name: str, sources: list[str], target: str) -> None:
    if len(sources) > 1:
        try:
            place.files.listing(place.path(target))
        except FilesError:
            raise CommandError(f"{name}: target {words.quoted(target)}: No such file or directory") from None


def _cp(place: Place, arguments: list[str]) -> Output:
    flags, rest = options("cp", arguments, "rRfPad")
    _need("cp", rest, 2)
    *sources, target = rest
    _check_target(place, "cp", sources, target)
    keep_links = bool(flags & {"P", "a", "d", "r", "R"})

    def act(word: str) -> None:
        old = _source(place, "cp", word, not keep_links)
        if place.files.is_directory(old) and not flags & {"r", "R", "a"}:
            raise CommandError(f"cp: -r not specified; omitting directory {words.quoted(word)}")
        shown = _landing(place, target, word)
        try:
            new = _into(place, target, word)
            if new.startswith(f"{old}/"):
                both = f"{words.quoted(word)}, into itself, {words.quoted(shown)}"
                raise CommandError(f"cp: cannot copy a directory, {both}")
            if new == old:
                raise CommandError(f"cp: {words.quoted(word)} and {words.quoted(shown)} are the same file")
            _copy(place, old, new)
        except FilesError as error:
            raise CommandError(f"cp: cannot create regular file {words.quoted(shown)}: {error.reason}") from None

    return _each(sources, act, "cp: cannot copy {}: {}")


def _copy(place: Place, old: str, new: str) -> None:
    if place.files.is_directory(old):
        place.files.make_directories(new)
        for name in place.files.listing(old):
            _copy(place, f"{old}/{name}", f"{new}/{name}")
        return
    _check_folder(place, new)
    mode, data = place.files[old]
    place.files.write(new, data, mode if new not in place.files or mode == LINK else None)


def _chmod(place: Place, arguments: list[str]) -> Output:
    if len(arguments) < 2:
        after = f" after ‘{words.shown(arguments[0])}’" if arguments else ""  # noqa: RUF001 - as chmod quotes
        raise CommandError(f"chmod: missing operand{after}\nTry 'chmod --help' for more information.")
    mode, *rest = arguments
    rest = rest[1:] if rest[0] == "--" else rest
    if mode in ("+x", "a+x", "u+x") or (mode.isdecimal() and mode[-3:] in ("755", "775", "777", "700")):
        executable = True
    elif mode in ("-x", "a-x", "u-x") or (mode.isdecimal() and mode[-3:] in ("644", "664", "666", "600")):
        executable = False
    else:
        shown = f"‘{words.shown(mode)}’"  # noqa: RUF001 - as chmod quotes
        raise CommandError(f"chmod: invalid mode: {shown}\nTry 'chmod --help' for more information.")

    def act(word: str) -> None:
        path = place.path(word)
        if not place.files.is_directory(path):
            place.files.chmod(path, executable)

    return _each(rest, act, "chmod: cannot access {}: {}")


def _ln(place: Place, arguments: list[str]) -> Output:
    flags, rest = options("ln", arguments, "sfnT")
    _need("ln", rest)
    if "s" not in flags and not _there(place, rest[0]):
        raise CommandError(f"ln: failed to access {words.quoted(rest[0])}: No such file or directory")
    if "s" not in flags:
        raise CommandError("ln: hard links are not supported here")
    target, name = rest[0], rest[1] if len(rest) > 1 else rest[0].rpartition("/")[2]
    shown = words.shown(target)
    try:
        path = place.path(name, follow=False)
        if place.files.is_directory(path):
            base = target.rstrip("/").rpartition("/")[2]
            path = f"{path}/{base}" if path else base
        if path in place.files and "f" in flags:
            place.files.remove(path)
        _check_folder(place, path)
        place.files.symlink(shown.encode("utf-8", "surrogateescape"), path)
    except FilesError as error:
        raise CommandError(f"ln: failed to create symbolic link {words.quoted(name)}: {error.reason}") from None
    return []


CLEAR: Final = ("", -1)
"""printed last by `clear`"""


def _clear(place: Place, arguments: list[str]) -> Output:
    return [CLEAR]


def _true(place: Place, arguments: list[str]) -> Output:
    return []


COMMANDS: Final[dict[str, Callable[[Place, list[str]], Output]]] = {
    "cd": _cd,
    "pwd": _pwd,
    "echo": _echo,
    "ls": _ls,
    "cat": _cat,
    "mkdir": _mkdir,
    "rmdir": _rmdir,
    "touch": _touch,
    "rm": _rm,
    "mv": _mv,
    "cp": _cp,
    "chmod": _chmod,
    "ln": _ln,
    "clear": _clear,
    "true": _true,
    ":": _true,
}
