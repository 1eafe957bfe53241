"""All hostile repositories: each has a name, a function that makes it in a new folder and returns its path, and whether
it must be refused, must be rendered, or may be either. None may hang, take more than a gigabyte, print a traceback or
write outside of its output.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks.hostile_objects import FILE, FOLDER, LINK, MODULE
from benchmarks.hostile_repositories import (
    MISSING,
    alternates,
    committed,
    configured,
    cut,
    cycle,
    damaged,
    deep,
    delta_before_the_pack,
    delta_bomb,
    delta_chain,
    delta_claims,
    delta_to_itself,
    deltas_in_a_circle,
    grafted,
    headed,
    large,
    linked_objects,
    listed,
    messages,
    named,
    octopus,
    packed,
    pointed,
    raw_commit,
    raw_tree,
    self_holding,
    special,
    tag_chain,
    texts,
    tree_bomb,
    wide,
    with_blob_entries,
)

Expected = Literal["refused", "rendered", "either"]


class Case(NamedTuple):
    name: str
    make: Callable[[Path], Path]
    expected: Expected


SPECIAL = (
    "HEAD",
    "config",
    "packed-refs",
    "shallow",
    "index",
    "commondir",
    "config.worktree",
    "info/grafts",
    "info/attributes",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "objects/pack/pack-x.pack",
    "objects/pack/multi-pack-index",
    "refs/heads/main",
    "refs/heads/other",
    "objects/ab/" + "cd" * 19,
    "logs/HEAD",
)
ENCODINGS = (
    "idna",
    "punycode",
    "undefined",
    "zlib",
    "zip",
    "bz2",
    "hex",
    "base64",
    "rot13",
    "quopri",
    "uu",
    "unicode_escape",
    "raw_unicode_escape",
    "utf-7",
    "utf-16",
    "utf-32",
    "utf-8-sig",
    "mbcs",
    "oem",
    "nonsense",
    "",
    "x" * 5000,
    "../../x",
    "latin-1",
    "cp1252",
    "shift_jis",
    "big5",
    "iso-2022-jp",
    "utf\0-8",
)
DATES = (
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999",
    "-1",
    "-9223372036854775809",
    "",
    "abc",
    "1e10",
    "0x10",
    "1 2 3",
)
ZONES = ("+9999", "-9999", "+999999999999", "+0000x", "", "zone", "+", "-2400")
NAMES = (
    b"..",
    b".",
    b".git",
    b".GIT",
    b".git ",
    b"git~1",
    b"",
    b"a/b",
    b"/abs",
    b"../../../../tmp/rcfam-escape",
    b"a\\b",
    b"new\nline",
    b"\x1b[31mred\x1b]0;title\x07",
    b"\x7f\x01\x02",
    b"n" * 300,
    b"n" * 5000,
    b"n" * 100_000,
    b"-rf",
    b"--",
    b"~",
    b"~root",
    b"$(touch rcfam-pwned)",
    b"`touch rcfam-pwned`",
    b"a;touch rcfam-pwned",
    b"it's",
    b'"',
    b"!",
    b"!!",
    b"*",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae.txt",
    b"\xcc\x81\xcc\x81\xcc\x81",
    b"CON",
    b"a:b",
    b"trailing ",
    b" leading",
    b"tab\there",
    b"%s%n",
    b"\xf0\x9f\x92\xa9",
    b".gitmodules",
    b".gitattributes",
    b"manifest.json",
    b"#",
    b"a\xc2\xa0b",
)
MODES = (
    b"0",
    b"777",
    b"100666",
    b"100777",
    b"100755",
    b"104755",
    b"10000",
    b"20000",
    b"60000",
    b"140000",
    b"777777777",
)
LINKS = (b"", b"/etc/passwd", b"../" * 1000, b"x" * 5000, b"x" * 500_000, b"a\0b", b"a\nb", b"zz", b"\xff")


def _cases() -> Iterator[Case]:
    for kind in ("blob", "tree", "commit"):
        for share in (0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, -1):
            yield Case(f"loose {kind} cut to {share}", partial(cut, kind, share), "refused")
    for kind in ("blob", "tree", "commit"):
        for how in (
            "no zlib",
            "a byte turned",
            "another type",
            "a size too small",
            "a size too large",
            "a size of an exabyte",
            "a negative size",
            "no head",
            "another object's contents",
        ):
            yield Case(
                f"loose {kind}: {how}", partial(damaged, kind, how), "either" if how.endswith("abyte") else "refused"
            )
        yield Case(f"loose {kind}: bytes after the end", partial(damaged, kind, "bytes after the end"), "either")
    for name in SPECIAL:
        for what in ("pipe", "socket", "/dev/zero", "/etc/hostname"):
            yield Case(f"{name} is {what}", partial(special, name, what), "refused")
    yield from _outside()
    yield from _bombs()
    yield from _packs()
    yield from _commits()
    yield from _names()


def _outside() -> Iterator[Case]:
    core = b"[core]\n\tbare = true\n\trepositoryformatversion = "
    for name, text, expected in (
        ("includes a pipe", b"[include]\n\tpath = PIPE\n", "refused"),
        ("includes a device", b"[include] path = /dev/zero\n", "refused"),
        ("includes if", b'[includeIf "gitdir:/"]\n\tpath = PIPE\n', "refused"),
        ("includes itself", b"[INCLUDE]\n\tpath = config\n", "refused"),
        ("a worktree elsewhere", core + b"0\n\tworktree = /etc\n", "either"),
        (
            "programs",
            core + b"0\n\tfsmonitor = touch rcfam-pwned\n\tsshCommand = touch rcfam-pwned\n\thooksPath = /tmp\n",
            "rendered",
        ),
        ("format 99", core + b"99\n", "refused"),
        ("unknown extension", core + b"1\n[extensions]\n\tworld = flat\n", "refused"),
        ("sha256", core + b"1\n[extensions]\n\tobjectformat = sha256\n", "refused"),
        ("no text", bytes(range(256)) * 4, "either"),
        ("two megabytes", b"[a]\n" + b"x = y\n" * 400_000, "refused"),
        ("a line without end", core + b"0\n\tx = \\\n" * 3000, "either"),
        ("empty", b"", "rendered"),
    ):
        yield Case(f"config: {name}", partial(configured, text), expected)  # type: ignore[arg-type]
    for name, text in (
        ("outside", b"/usr\n"),
        ("itself", b"HERE\n"),
        ("a device", b"/dev/zero\n"),
        ("relative", b"../../../../../..\n"),
        ("a thousand", b"HERE\n" * 1000),
        ("no text", b"\0\xff\n"),
    ):
        yield Case(f"alternates: {name}", partial(alternates, text), "refused")
    for name, head in (
        ("empty", b""),
        ("no text", b"\0\xff" * 100),
        ("names itself", b"ref: HEAD\n"),
        ("names nothing", b"ref: refs/heads/no\n"),
        ("leads out", b"ref: ../../../../etc/hostname\n"),
        ("leads out below refs", b"ref: refs/../../../x\n"),
        ("a missing id", MISSING.encode()),
        ("a blob", b"BLOB\n"),
        ("a short id", b"abcd\n"),
        ("a name of a megabyte", b"ref: refs/heads/" + b"x" * (1 << 20)),
        ("an escape", b"ref: refs/heads/\x1b[31m\n"),
    ):
        yield Case(f"HEAD: {name}", partial(headed, head), "refused")
    yield Case("HEAD: an id", partial(headed, b"COMMIT\n"), "rendered")
    yield Case("objects is a link to elsewhere", linked_objects, "refused")
    yield Case("info/grafts", grafted, "refused")
    for length in (1, 5, 2000):
        yield Case(f"a branch names a chain of {length} tags", partial(tag_chain, length), "either")


def _bombs() -> Iterator[Case]:
    for levels, wide_ in ((10, 10), (6, 30), (3, 90), (60, 100)):
        yield Case(f"tree bomb, {wide_} to the power of {levels} files", partial(tree_bomb, levels, wide_), "refused")
    for levels, expected in ((100, "rendered"), (250, "rendered"), (3000, "refused"), (30_000, "refused")):
        yield Case(f"{levels:,} folders deep", partial(deep, levels), expected)  # type: ignore[arg-type]
    yield Case("a folder that holds itself", self_holding, "refused")
    for length in (1, 2, 200):
        yield Case(f"{length} commits in a circle", partial(cycle, length), "refused")
    for files in (10_000, 250_000):
        yield Case(
            f"{files:,} empty files in a folder", partial(wide, files), "refused" if files > 200_000 else "rendered"
        )
    for size in (20_000_000, 500_000_000):
        for renamed in (False, True):
            yield Case(f"{size:,} bytes{', renamed' * renamed}", partial(large, size, renamed), "rendered")
    for files, size, name, line in (
        (2, 900_000, "short lines", b"x\n"),
        (1, 900_000, "CRLF", b"some text\r\n"),
        (4, 900_000, "CR", b"some text\r"),
        (1, 95_000, "lines of 19,000", b"y" * 19_000 + b"\n"),
        (4, 900_000, "empty lines", b"\n"),
        (1, 19_000, "one line", b"z"),
        (4, 900_000, "tabs", b"\t"),
        (2, 900_000, "marks", b"e\xcc\x81\n"),
        (2, 900_000, "wide", "漢\n".encode()),
        (2000, 40, "many", b"x\n"),
    ):
        yield Case(f"{files} texts of {size:,} bytes: {name}", partial(texts, files, size, line), "rendered")
    for name, message in (
        ("2 MB subject", b"s" * 2_000_000),
        ("16 MB", b"words and words\n" * 1_000_000),
        ("blank lines", b"\n" * 2_000_000),
        ("escapes", b"\x1b[2J" * 20_000),
        ("NULs", b"a\0b\0" * 20_000),
        ("no text", b"\xff\xfe" * 50_000),
        ("carriage returns", b"a\r" * 50_000),
        ("marks", b"e" + b"\xcc\x81" * 50_000),
        ("tabs", b"\t" * 50_000),
        ("one line of 60,000", b"word " * 12_000),
    ):
        yield Case(f"message: {name}", partial(messages, message), "rendered")
    yield Case("message: 60 MB", partial(messages, b"words and words\n" * 4_000_000), "refused")
    for parents in (3, 1000, 100_000):
        yield Case(f"a commit with {parents:,} parents", partial(octopus, parents), "rendered")


def _packs() -> Iterator[Case]:
    for name, change in (
        ("empty", lambda data: b""),
        ("half", lambda data: data[: len(data) // 2]),
        ("one byte less", lambda data: data[:-1]),
        ("without its checksum", lambda data: data[:-20]),
        ("zeros", lambda data: bytes(len(data))),
        ("head only", lambda data: data[:12]),
        ("version 9", lambda data: data[:7] + b"\x09" + data[8:]),
        ("four billion objects", lambda data: data[:8] + b"\xff" * 4 + data[12:]),
        ("bytes turned", lambda data: data[:40] + bytes(byte ^ 255 for byte in data[40:60]) + data[60:]),
    ):
        yield Case(f"pack: {name}", partial(packed, change), "refused")
        yield Case(f"pack index: {name}", partial(packed, change, which="idx"), "either")
    for name, entries, expected in (
        ("a delta bomb", delta_bomb, "refused"),
        ("a delta of itself", delta_to_itself, "refused"),
        ("deltas in a circle", deltas_in_a_circle, "refused"),
        ("a chain of 5,000 deltas", partial(delta_chain, 5000), "refused"),
        ("a delta before the pack", delta_before_the_pack, "refused"),
        ("a delta that claims 32 TB", delta_claims, "either"),
    ):
        yield Case(f"pack: {name}", partial(with_blob_entries, entries), expected)  # type: ignore[arg-type]


def _commits() -> Iterator[Case]:
    for encoding in ENCODINGS:
        more = b"encoding %s\n" % encoding.encode()
        yield Case(
            f"message in {encoding[:20]!r}",
            partial(committed, more=more, message=b"caf\xe9 \\u0041 eJw\n"),
            "either",
        )
    for date in DATES:
        yield Case(f"date {date!r}", partial(committed, committer=b"A <a@b> %s +0000" % date.encode()), "either")
    for zone in ZONES:
        yield Case(f"zone {zone!r}", partial(committed, committer=b"A <a@b> 1577836800 %s" % zone.encode()), "either")
    for author in (
        b"\xff\xfe <\xff@\xff> 1 +0000",
        b" <> 1 +0000",
        b"A 1 +0000",
        b"A <a@b",
        b"",
        b"\0 <\0> 1 +0000",
        b"\x1b[31m <a> 1 +0000",
        b"A" * 100_000 + b" <a@b> 1 +0000",
        b"<<<<>>>> 1 +0000",
    ):
        yield Case(f"author {author[:24]!r}", partial(committed, author=author), "either")
    for name, text in (
        ("empty", b""),
        ("without a tree", b"author WHO\ncommitter WHO\n\nm\n"),
        ("without an author", b"tree TREE\ncommitter WHO\n\nm\n"),
        ("without a committer", b"tree TREE\nauthor WHO\n\nm\n"),
        ("without a message", b"tree TREE\nauthor WHO\ncommitter WHO\n"),
        ("NUL in the head", b"tree TREE\nauthor WHO\ncommitter WHO\nx\0y z\n\nm\n"),
        ("a tree of 39 digits", b"tree " + b"a" * 39 + b"\nauthor WHO\ncommitter WHO\n\nm\n"),
        ("a signature of 5 MB", b"tree TREE\nauthor WHO\ncommitter WHO\ngpgsig " + b"x" * 5_000_000 + b"\n\nm\n"),
        ("a hundred thousand headers", b"tree TREE\nauthor WHO\ncommitter WHO\n" + b"x y\n" * 100_000 + b"\nm\n"),
        ("two trees", b"tree TREE\ntree TREE\nauthor WHO\ncommitter WHO\n\nm\n"),
        ("parents after the author", b"tree TREE\nauthor WHO\nparent TREE\ncommitter WHO\n\nm\n"),
        ("noise", bytes(range(256)) * 100),
    ):
        yield Case(f"commit: {name}", partial(raw_commit, text), "either")
    for what in (
        "tree missing",
        "tree is a blob",
        "tree is a commit",
        "parent missing",
        "parent is a blob",
        "parent is a tree",
        "blob missing",
        "blob is a tree",
        "blob is a commit",
        "folder missing",
        "folder is a blob",
        "branch names a blob",
        "branch names a tree",
        "branch names nothing",
    ):
        yield Case(what, partial(pointed, what), "refused")
    for what in ("parent twice", "second parent missing"):
        yield Case(what, partial(pointed, what), "rendered")


def _names() -> Iterator[Case]:
    for name in NAMES:
        yield Case(f"file named {name[:30]!r} ({len(name):,})", partial(named, name, FILE, b"1\n"), "either")
    for mode in MODES:
        yield Case(f"mode {mode.decode()}", partial(named, b"a", mode, b"1\n"), "either")
    for target in LINKS:
        yield Case(f"link to {target[:12]!r} ({len(target):,})", partial(named, b"a", LINK, target), "either")
    yield Case("submodule", partial(named, b"a", MODULE, b"1\n"), "rendered")
    for what, entries in (
        ("a name twice", [(FILE, b"a"), (FILE, b"a")]),
        ("unsorted", [(FILE, b"b"), (FILE, b"a")]),
        ("a file and a folder", [(FILE, b"a"), (FOLDER, b"a")]),
        ("a folder named .git", [(FOLDER, b".git")]),
        ("a folder named ..", [(FOLDER, b"..")]),
        ("a folder without a name", [(FOLDER, b"")]),
        ("a folder twice", [(FOLDER, b"a"), (FOLDER, b"a")]),
        ("a link and a folder", [(LINK, b"a"), (FOLDER, b"a")]),
        ("nothing", []),
        ("modes with zeros", [(b"00100644", b"a")]),
        ("a mode that is no number", [(b"9x", b"a")]),
        ("no mode", [(b"", b"a")]),
    ):
        yield Case(f"tree: {what}", partial(listed, entries), "either")
    for what, data in (
        ("noise", bytes(range(256)) * 20),
        ("cut", b"100644 a\0abc"),
        ("no NUL", b"100644 abcdef"),
        ("no blank", b"100644"),
    ):
        yield Case(f"tree: {what}", partial(raw_tree, data), "refused")


CASES = tuple(_cases())
