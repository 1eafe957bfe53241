"""The `git` of the shell: verbs over the virtual index, with git's own words."""

from bisect import bisect_left
from dataclasses import dataclass

from rcfam.terminal import attributes as A
from rcfam.terminal.files import FilesError
from rcfam.terminal.shell import words
from rcfam.terminal.shell.context import CommandError, Context, Output, options
from rcfam.terminal.shell.unified import unified


@dataclass(frozen=True)
class EditMessage:
    """`git commit` without a message: the editor is to open on `text`."""

    text: str
    amend: bool = False


def git(place: Context, arguments: list[str]) -> Output | EditMessage:
    """Run one git command."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if verb == "add":
        return _add(place, rest)
    if verb == "rm":
        return _rm(place, rest)
    if verb == "mv":
        return _mv(place, rest)
    if verb == "commit":
        return _commit(place, rest)
    if verb == "status":
        return _status(place, rest)
    if verb == "log":
        return _log(place, rest)
    if verb == "diff":
        return _diff(place, rest)
    raise CommandError(
        f"git: '{words.shown(verb)}' is not a git command. See 'git --help'."
        if verb
        else "usage: git <command> [<args>]"
    )


_NOT_ADDED = (
    "error: unable to create temporary file: {0}\nerror: {1}: failed to insert into database\n"
    "error: unable to index file '{1}'\nfatal: adding files failed"
)
_ADD_HINT = (
    "hint: Maybe you wanted to say 'git add .'?\n"
    "hint: Turn this message off by running\n"
    'hint: "git config advice.addEmptyPathspec false"\n'
)


def _below(path: str, names: list[str]) -> list[str]:
    """Those of the sorted names that stand at or below a path."""
    if not path:
        return names
    first, last = bisect_left(names, path + "/"), bisect_left(names, path + "0")  # the character after the slash
    at = bisect_left(names, path)
    return ([path] if at < len(names) and names[at] == path else []) + names[first:last]


def _add(place: Context, arguments: list[str]) -> Output:
    flags, rest = options("git add", ["-A" if word == "--all" else word for word in arguments], "Afuv")
    vcs = place.vcs
    if not rest:
        if "A" not in flags and "u" not in flags:
            return [("Nothing specified, nothing added.\n", A.PLAIN), (_ADD_HINT, A.COMMIT)]
        rest = ["."]
        paths = [""]
    else:
        paths = []
        for word in rest:
            try:
                paths.append(place.path(word, follow=False))
            except FilesError:
                raise CommandError(f"fatal: pathspec '{words.shown(word)}' did not match any files") from None
    unstaged: list[str] | None = None
    for word, path in zip(rest, paths, strict=True):
        exact = path in place.files or path in vcs.index
        if not exact and not place.files.is_directory(path) and not _below(path, sorted(vcs.index)):
            raise CommandError(f"fatal: pathspec '{words.shown(word)}' did not match any files")
        if not exact and unstaged is None:
            unstaged = vcs.unstaged()
        for name in [path] if exact else _below(path, unstaged or []):
            try:
                vcs.stage(name)
            except FilesError as error:
                raise CommandError(_NOT_ADDED.format(error.reason, name)) from None
    return []


def _rm(place: Context, arguments: list[str]) -> Output:
    cached = "--cached" in arguments
    flags, rest = options("git rm", [word for word in arguments if word != "--cached"], "rfq")
    names: list[str] = []
    index: list[str] | None = None
    for word in rest:
        try:
            path = place.path(word, follow=False)
        except FilesError:
            path = place.loose(word)
        if path in place.vcs.index:
            found = [path]
        else:
            index = sorted(place.vcs.index) if index is None else index
            found = _below(path, index)
        place.files.spend_on_names(len(found))
        if not found:
            raise CommandError(f"fatal: pathspec '{words.shown(word)}' did not match any files")
        if path not in place.vcs.index and "r" not in flags:
            raise CommandError(f"fatal: not removing '{words.shown(word)}' recursively without -r")
        names += found
    if not cached and "f" not in flags:
        _refuse_to_lose(place, names)
    for name in names:
        if not cached and name in place.files:
            place.files.remove(name)
            place.files.prune(name.rpartition("/")[0])
        place.vcs.forget(name)
    return [] if "q" in flags else [(f"rm '{name}'\n", A.PLAIN) for name in names]


def _refuse_to_lose(place: Context, names: list[str]) -> None:
    """`git rm` of what stands in no commit yet is an error."""
    vcs = place.vcs
    staged, unstaged = set(vcs.staged()), set(vcs.unstaged())
    errors = []
    for name in names:
        how = "use --cached to keep the file, or -f to force removal"
        if name in staged and name in unstaged and name in place.files:
            what, how = "has staged content different from both the\nfile and the HEAD", "use -f to force removal"
        elif name in staged:
            what = "has changes staged in the index"
        elif name in unstaged and name in place.files:
            what = "has local modifications"
        else:
            continue
        errors.append(f"error: the following file {what}:\n    {name}\n({how})")
    if errors:
        raise CommandError("\n".join(errors))


def _mv(place: Context, arguments: list[str]) -> Output:
    flags, rest = options("git mv", arguments, "fkv")
    if len(rest) < 2:
        raise CommandError("usage: git mv [<options>] <source>... <destination>")
    *sources, target = rest
    for word in sources:
        shown = f"source={words.shown(word)}, destination={words.shown(target)}"
        try:
            old, new = place.path(word, follow=False), place.path(target, follow=False)
            if place.files.is_directory(new):
                new = f"{new}/{old.rpartition('/')[2]}" if new else old.rpartition("/")[2]
            inside = list(place.files.walk(old)) if place.files.is_directory(old) else [old]
            if not place.files.exists(old) or (inside != [old] and not any(map(place.vcs.index.__contains__, inside))):
                raise FilesError(old, "bad source")
            if old not in place.vcs.index and not place.files.is_directory(old):
                raise FilesError(old, "not under version control")
            if place.files.exists(new) and "f" not in flags:
                raise FilesError(new, "destination exists")
            if not place.files.is_directory(new.rpartition("/")[0]):
                raise FilesError(new, "No such file or directory")
            moved = [path for path in inside if path in place.files]
            place.files.rename(old, new)
        except FilesError as error:
            if error.reason == "No such file or directory":
                raise CommandError(f"fatal: renaming '{words.shown(word)}' failed: {error.reason}") from None
            raise CommandError(f"fatal: {error.reason}, {shown}") from None
        for name in moved:
            place.vcs.stage(name)
            place.vcs.stage(new + name[len(old) :])
    return []


def _commit(place: Context, arguments: list[str]) -> Output | EditMessage:
    messages: list[str] = []
    queue = list(arguments)
    flags: set[str] = set()
    while queue:
        word = queue.pop(0)
        if word in ("-m", "-am", "--message"):
            if not queue:
                raise CommandError("error: switch `m' requires a value")
            messages.append(queue.pop(0))
            flags |= {"-a"} if word == "-am" else set()
        elif word.startswith("-m"):
            messages.append(word[2:])
        elif (
            word
            in (
                "-a",
                "--all",
                "-q",
                "--quiet",
                "--allow-empty",
                "--allow-empty-message",
                "--amend",
                "--no-edit",
                "--no-verify",
                "-n",
                "--no-edit",
            )
            or word == "--cleanup=verbatim"
        ):
            flags.add(word)
        else:
            raise CommandError(f"error: pathspec '{words.shown(word)}' did not match any file(s) known to git")
    try:
        return _committed(place, messages, flags)
    except FilesError as error:
        raise CommandError(f"error: file write error: {error.reason}\nfatal: failed to write commit object") from None


def _committed(place: Context, messages: list[str], flags: set[str]) -> Output | EditMessage:
    vcs = place.vcs
    if flags & {"-a", "--all"}:
        for path in vcs.unstaged():
            if path in vcs.index:
                vcs.stage(path)
    if not vcs.staged() and not flags & {"--allow-empty", "--amend"}:
        place.status = 1
        return _long_status(place, "Initial commit")
    if not messages and {"--amend", "--no-edit"} <= flags and vcs.commits:
        printed = vcs.commit(vcs.commits[-1].message, amend=True)
        return [] if flags & {"-q", "--quiet"} else [(printed, A.PLAIN)]
    amend = "--amend" in flags
    if amend and not vcs.commits:
        raise CommandError("fatal: You have nothing to amend.")
    if not messages and not (amend and "--no-edit" in flags):
        return EditMessage((vcs.commits[-1].message + "\n" if amend else "") + template(place), amend)
    message = clean("\n\n".join(messages), comments=False) if messages else vcs.commits[-1].message
    if not message and "--allow-empty-message" not in flags and not amend:
        raise CommandError("Aborting commit due to empty commit message.")
    printed = vcs.commit(message, amend)
    return [] if flags & {"-q", "--quiet"} else [(printed, A.PLAIN)]


def template(place: Context) -> str:
    """What the editor shows for `git commit`: an empty line, then git's comments."""
    lines = [
        "",
        "# Please enter the commit message for your changes. Lines starting",
        "# with '#' will be ignored, and an empty message aborts the commit.",
        "#",
        "# On branch main",
    ]
    staged = place.vcs.staged()
    if staged:
        lines.append("# Changes to be committed:")
    lines += [f"#\t{_kind(place, path)}{path}" for path in staged]
    lines.append("#")
    return "\n".join(lines) + "\n"


def clean(message: str, comments: bool = True) -> str:
    """git's clean-up: comment lines dropped, trailing blanks and surplus empty lines stripped."""
    lines = [line.rstrip() for line in message.split("\n") if not (comments and line.startswith("#"))]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def finish(place: Context, data: bytes, amend: bool) -> Output:
    """The commit after the editor wrote its message."""
    message = clean(data.decode("utf-8", "surrogateescape"))
    if not message:
        raise CommandError("Aborting commit due to empty commit message.")
    try:
        return [(place.vcs.commit(message, amend), A.PLAIN)]
    except FilesError as error:
        raise CommandError(f"error: file write error: {error.reason}\nfatal: failed to write commit object") from None


def _kind(place: Context, path: str) -> str:
    if path not in place.vcs.index:
        return "deleted:    "
    return "modified:   " if path in place.vcs.head else "new file:   "


def _listed(lines: list[str], attribute: int) -> Output:
    """Lines of `git status`: the tab before them has no colour."""
    return [part for line in lines for part in (("\t", A.PLAIN), (line, attribute), ("\n", A.PLAIN))]


def _status(place: Context, arguments: list[str]) -> Output:
    short = any(word in ("-s", "--short", "--porcelain") for word in arguments)
    vcs = place.vcs
    if short:
        return _short_status(place, vcs.staged(), vcs.unstaged())
    return _long_status(place, "No commits yet")


def _long_status(place: Context, unborn: str) -> Output:
    vcs = place.vcs
    staged, unstaged = vcs.staged(), vcs.unstaged()
    output: Output = [("On branch main\n", A.PLAIN)]
    if not vcs.commits:
        output.append((f"\n{unborn}\n\n", A.PLAIN))
    if staged:
        undo = "git restore --staged <file>..." if vcs.commits else "git rm --cached <file>..."
        output.append((f'Changes to be committed:\n  (use "{undo}" to unstage)\n', A.PLAIN))
        moved = {new: old for old, new, _ in vcs.renamed()}
        gone = set(moved.values())
        lines = [
            f"renamed:    {moved[path]} -> {path}" if path in moved else _kind(place, path) + path
            for path in staged
            if path not in gone
        ]
        output += _listed(lines, A.ADDED)
        output.append(("\n", A.PLAIN))
    changed = [path for path in unstaged if path in vcs.index]
    new = _untracked(place, [path for path in unstaged if path not in vcs.index])
    if changed:
        how = "add" if all(path in place.files for path in changed) else "add/rm"
        note = f'Changes not staged for commit:\n  (use "git {how} <file>..." to update what will be committed)\n'
        note += '  (use "git restore <file>..." to discard changes in working directory)\n'
        output.append((note, A.PLAIN))
        lines = [f"{'modified:   ' if path in place.files else 'deleted:    '}{path}" for path in changed]
        output += _listed(lines, A.REMOVED)
        output.append(("\n", A.PLAIN))
    if new:
        output.append(('Untracked files:\n  (use "git add <file>..." to include in what will be committed)\n', A.PLAIN))
        output += _listed(new, A.REMOVED)
        output.append(("\n", A.PLAIN))
    if not staged:
        if changed:
            end = 'no changes added to commit (use "git add" and/or "git commit -a")'
        elif new:
            end = 'nothing added to commit but untracked files present (use "git add" to track)'
        elif vcs.commits:
            end = "nothing to commit, working tree clean"
        else:
            end = 'nothing to commit (create/copy files and use "git add" to track)'
        output.append((f"{end}\n", A.PLAIN))
    return output


def _untracked(place: Context, paths: list[str]) -> list[str]:
    """Untracked paths as status shows them: `name/` for a directory without any tracked file."""
    tracked = {""}
    for path in place.vcs.index if paths else ():
        path = path.rpartition("/")[0]
        while path not in tracked:
            tracked.add(path)
            path = path.rpartition("/")[0]
    shown: dict[str, str] = {}
    """by directory without a tracked file: the highest of them above it"""
    found = set()
    for path in paths:
        above = []
        parent = path.rpartition("/")[0]
        while parent not in tracked and parent not in shown:
            above.append(parent)
            parent = parent.rpartition("/")[0]
        top = shown.get(parent, f"{above[-1]}/" if above else path)
        shown.update((each, top) for each in above)
        found.add(top)
    return sorted(found)


def _short_status(place: Context, staged: list[str], unstaged: list[str]) -> Output:
    vcs = place.vcs
    output: Output = []
    new = _untracked(place, [path for path in unstaged if path not in vcs.index])
    unstaged = [path for path in unstaged if path in vcs.index]
    both = set(staged), set(unstaged)
    for path in sorted(both[0] | both[1]):
        if path in both[0]:
            first = "D" if path not in vcs.index else "M" if path in vcs.head else "A"
        else:
            first = " "
        if path in both[1]:
            second = "D" if path not in place.files else "M"
        else:
            second = " "
        output += [(first, A.ADDED), (second, A.REMOVED), (f" {path}\n", A.PLAIN)]
    for path in new:
        output += [("??", A.REMOVED), (f" {path}\n", A.PLAIN)]
    return output


def _log(place: Context, arguments: list[str]) -> Output:
    count = len(place.vcs.commits)
    if not count:
        raise CommandError("fatal: your current branch 'main' does not have any commits yet")
    for i, word in enumerate(arguments):
        digits = (
            arguments[i + 1] if word == "-n" and i + 1 < len(arguments) else word.removeprefix("-n").removeprefix("-")
        )
        if digits.isdecimal():
            count = min(count, int(digits))
    output: Output = []
    for i, commit in enumerate(reversed(place.vcs.commits[-count:] if count else [])):
        head: Output = [] if i else [
            (" ", A.PLAIN), ("(", A.COMMIT), ("HEAD -> ", A.LINK), ("main", A.PROMPT_USER), (")", A.COMMIT)
        ]  # fmt: skip
        if "--oneline" in arguments:
            output += [(commit.id[:7], A.COMMIT), *head, (f" {commit.message.split(chr(10))[0]}\n", A.PLAIN)]
        else:
            body = "".join(f"    {line}\n" if line else "\n" for line in commit.message.split("\n"))
            start = "" if i == 0 else "\n"
            output += [
                (f"{start}commit {commit.id}", A.COMMIT),
                *head,
                (f"\nAuthor: user <user@host>\n\n{body}", A.PLAIN),
            ]
    return output


def _diff(place: Context, arguments: list[str]) -> Output:
    cached = "--cached" in arguments or "--staged" in arguments
    vcs = place.vcs
    output: Output = []
    for path in vcs.staged() if cached else [path for path in vcs.unstaged() if path in vcs.index]:
        old = (vcs.head if cached else vcs.index).get(path)
        new = vcs.index.get(path) if cached else place.files.get(path)
        a, b = (entry.data if entry else b"" for entry in (old, new))
        place.files.spend_on_bytes(8 * (len(a) + len(b)))
        output.append((f"diff --git a/{path} b/{path}\n", A.MODE))
        if a != b:
            output.append((f"--- a/{path}\n+++ b/{path}\n", A.MODE))
            output += unified(a, b)
    return output
