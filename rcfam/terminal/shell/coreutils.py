"""The shell's commands over the virtual files: cd cat mkdir rmdir rm mv cp chmod ln touch echo pwd."""

from collections.abc import Callable
from typing import Final

from rcfam.terminal import attributes as A
from rcfam.terminal.files import FULL, LINK, FilesError
from rcfam.terminal.shell import words
from rcfam.terminal.shell.context import CANNOT_MAKE, CommandError, Context, Output, each, need, options
from rcfam.terminal.shell.ls import ls
from rcfam.terminal.shell.printing import last_part, most


def _cd(place: Context, arguments: list[str]) -> Output:
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


def _pwd(place: Context, arguments: list[str]) -> Output:
    return [(f"/home/user/{place.name}{'/' + place.here if place.here else ''}\n", A.PLAIN)]


def _echo(place: Context, arguments: list[str]) -> Output:
    newline = "\n"
    if arguments[:1] == ["-n"]:
        newline, arguments = "", arguments[1:]
    return [(" ".join(words.shown(argument) for argument in arguments) + newline, A.PLAIN)]


def contents(place: Context, arguments: list[str]) -> tuple[bytes, list[str]]:
    """The bytes of the files that `cat` is given, and what it says of those that it cannot read."""
    parts: list[bytes] = []
    errors = []
    for word in options("cat", arguments, "")[1]:
        try:
            parts.append(place.files.read(place.path(word)))
        except FilesError as error:
            errors.append(f"cat: {words.quoted(word, False)}: {error.reason}")
    return b"".join(parts), errors


def _cat(place: Context, arguments: list[str]) -> Output:
    data, errors = contents(place, arguments)
    seen = last_part(data, b"\n", most(place.rows, place.columns), place.columns)
    text = seen.decode("utf-8", "surrogateescape")
    if errors:
        raise CommandError(text + "\n".join(errors))
    return [(text, A.PLAIN)]


def _mkdir(place: Context, arguments: list[str]) -> Output:
    flags, rest = options("mkdir", arguments, "p")
    need("mkdir", rest)

    def act(word: str) -> None:
        if "p" in flags:
            _make_parents(place, word)
        else:
            place.files.make_directory(place.path(word))

    return each(rest, act, CANNOT_MAKE)


def _cannot_make(word: str, reason: str) -> str:
    return CANNOT_MAKE.format(words.shown(word), reason)


def _make_parents(place: Context, word: str) -> None:
    done = ""
    path: str | None = None
    for part in word.rstrip("/").split("/"):
        done = f"{done}/{part}" if done else part
        if done:
            path = place.path(done) if path is None else place.files.resolve(part, path)
            if path in place.files:
                reason = "Not a directory" if done != word.rstrip("/") else "File exists"
                raise CommandError(_cannot_make(done, reason))
            place.files.make_directories(path)


def _rmdir(place: Context, arguments: list[str]) -> Output:
    rest = options("rmdir", arguments, "")[1]
    need("rmdir", rest)
    return each(rest, lambda word: place.files.remove_directory(place.path(word)), "rmdir: failed to remove {}: {}")


def _touch(place: Context, arguments: list[str]) -> Output:
    rest = options("touch", arguments, "")[1]
    need("touch", rest)

    def act(word: str) -> None:
        path = place.path(word)
        if not place.files.exists(path):
            _check_folder(place, path)
            place.files.write(path, b"")

    return each(rest, act, "touch: cannot touch {}: {}")


def _check_folder(place: Context, path: str) -> None:
    folder = path.rpartition("/")[0]
    if not place.files.is_directory(folder):
        raise FilesError(path, "No such file or directory")


def _rm(place: Context, arguments: list[str]) -> Output:
    flags, rest = options("rm", arguments, "rRf")
    if not rest and "f" in flags:
        return []
    need("rm", rest)

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

    return each(rest, act, "rm: cannot remove {}: {}")


def _into(place: Context, target: str, source: str) -> str:
    """Where `source` lands when it is moved or copied to `target`, a directory or a new name."""
    path = place.path(target, follow=True)
    if place.files.is_directory(path):
        name = source.rstrip("/").rpartition("/")[2]
        return f"{path}/{name}" if path else name
    if target.endswith("/"):
        raise FilesError(path, "Not a directory")
    return path


def _mv(place: Context, arguments: list[str]) -> Output:
    _flags, rest = options("mv", arguments, "fnv")
    need("mv", rest, 2)
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

    return each(sources, act, "mv: cannot move {}: {}")


def _there(place: Context, word: str) -> bool:
    try:
        return place.files.exists(place.path(word, follow=False))
    except FilesError:
        return False


def _source(place: Context, name: str, word: str, follow: bool) -> str:
    """The path of something to move or copy."""
    try:
        path = place.path(word, follow=follow)
        if not place.files.exists(path):
            raise FilesError(path, "No such file or directory")
    except FilesError as error:
        raise CommandError(f"{name}: cannot stat {words.quoted(word)}: {error.reason}") from None
    return path


def _landing(place: Context, target: str, source: str) -> str:
    """The name that messages give the place where `source` lands."""
    try:
        inside = place.files.is_directory(place.path(target))
    except FilesError:
        inside = False
    return f"{target.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}" if inside else target


def _check_target(place: Context, name: str, sources: list[str], target: str) -> None:
    if len(sources) > 1:
        try:
            place.files.listing(place.path(target))
        except FilesError:
            raise CommandError(f"{name}: target {words.quoted(target)}: No such file or directory") from None


def _cp(place: Context, arguments: list[str]) -> Output:
    flags, rest = options("cp", arguments, "rRfPad")
    need("cp", rest, 2)
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
            if error.reason == FULL and error.path in place.files:
                raise CommandError(
                    f"cp: error copying {words.quoted(word)} to {words.quoted(shown)}: {error.reason}"
                ) from None
            what = "directory" if place.files.is_directory(old) else "regular file"
            what = what if error.reason == FULL else "regular file"
            raise CommandError(f"cp: cannot create {what} {words.quoted(shown)}: {error.reason}") from None

    return each(sources, act, "cp: cannot copy {}: {}")


def _copy(place: Context, old: str, new: str) -> None:
    files = place.files
    if not files.is_directory(old):
        _check_folder(place, new)
        _copy_file(place, old, new)
        return
    inside = list(files.walk(old))
    files.make_directories(new)
    for path in inside:
        if files.is_directory(path):
            files.make_directories(new + path[len(old) :])
        else:
            _copy_file(place, path, new + path[len(old) :])


def _copy_file(place: Context, old: str, new: str) -> None:
    mode, data = place.files[old]
    place.files.write(new, data, mode if new not in place.files or mode == LINK else None)


def _chmod(place: Context, arguments: list[str]) -> Output:
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

    return each(rest, act, "chmod: cannot access {}: {}")


def _ln(place: Context, arguments: list[str]) -> Output:
    flags, rest = options("ln", arguments, "sfnT")
    need("ln", rest)
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


def _clear(place: Context, arguments: list[str]) -> Output:
    return [CLEAR]


def _true(place: Context, arguments: list[str]) -> Output:
    return []


COMMANDS: Final[dict[str, Callable[[Context, list[str]], Output]]] = {
    "cd": _cd,
    "pwd": _pwd,
    "echo": _echo,
    "ls": ls,
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
