"""`ls`: names in columns, one a line, or with their modes."""

from rcfam.terminal import attributes as A
from rcfam.terminal import widths
from rcfam.terminal.files import EXECUTABLE, LINK, FilesError
from rcfam.terminal.shell import words
from rcfam.terminal.shell.context import Context, Output, options

_NARROWEST = 3  # a column of `ls`, with the blanks after it
_GIT = ".git"  # `ls -a` shows it; nothing else knows it


def ls(place: Context, arguments: list[str]) -> Output:
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


def _table(place: Context, entries: list[tuple[str, str]], flags: set[str]) -> Output:
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
    most = min(len(entries), place.columns // _NARROWEST + 1)
    for lines in (-(-len(entries) // count) for count in range(most, 0, -1)):
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


def _long(place: Context, name: str, path: str) -> Output:
    if place.files.is_directory(path) or path == _GIT:
        return [("drwxr-xr-x user user 4096 ", A.PLAIN), (name, A.DIRECTORY), ("\n", A.PLAIN)]
    mode, data = place.files[path]
    bits = {LINK: "lrwxrwxrwx", EXECUTABLE: "-rwxr-xr-x"}.get(mode, "-rw-r--r--")
    end = f" -> {data.decode('utf-8', 'surrogateescape')}\n" if mode == LINK else "\n"
    return [(f"{bits} user user {len(data):4d} ", A.PLAIN), (name, _attribute(place, path)), (end, A.PLAIN)]


def _attribute(place: Context, path: str) -> int:
    if place.files.is_directory(path) or path == _GIT:
        return A.DIRECTORY
    mode = place.files[path].mode
    return {LINK: A.LINK, EXECUTABLE: A.EXECUTABLE}.get(mode, A.PLAIN)


def _kind(place: Context, path: str) -> str:
    """The mark that `ls -F` puts after a name."""
    attribute = _attribute(place, path)
    return {A.DIRECTORY: "/", A.EXECUTABLE: "*", A.LINK: "@"}.get(attribute, "")


def _cells(text: str) -> int:
    """Columns that a name takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    table = widths.table()
    return sum(min(int(table[ord(c)]), 2) for c in text)
