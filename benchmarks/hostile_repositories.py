"""Repositories that nobody would want to be given: damaged, endless, enormous, full of odd names. Each function makes
one in a new folder and returns its path; `hostile_cases.py` lists them.
"""

import os
import socket
import zlib
from collections.abc import Callable
from pathlib import Path

from benchmarks.hostile_objects import (
    FILE,
    FOLDER,
    OFFSET_DELTA,
    REFERENCE_DELTA,
    WHO,
    Raw,
    object_id,
    offset,
    pack_entry,
    plain_entry,
    put_pack,
    varint,
)

MISSING = "ab" * 20


# Loose objects.


def cut(kind: str, share: float, folder: Path) -> Path:
    """One object of a small history ends too early: `share` of its bytes are there, -1 is all but one."""
    raw = Raw(folder)
    noise = b"".join(b"%d %d\n" % (n, n * n * 7919 % 10007) for n in range(3000))
    blob = raw.blob(noise)
    tree = raw.tree([(FILE, b"f%03d" % n, blob) for n in range(200)])
    commit = raw.commit(tree, message=noise)
    path = raw.loose({"blob": blob, "tree": tree, "commit": commit}[kind])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 1 if share < 0 else int(share * len(data))])
    return raw.tip(commit)


def damaged(kind: str, how: str, folder: Path) -> Path:
    """One object of a small history is not what its head, or its name, says."""
    raw = Raw(folder)
    blob = raw.blob()
    tree = raw.tree([(FILE, b"a", blob)])
    commit = raw.commit(tree)
    raw.tip(commit)
    path = raw.loose({"blob": blob, "tree": tree, "commit": commit}[kind])
    whole = zlib.decompress(path.read_bytes())
    head, _, body = whole.partition(b"\0")
    path.write_bytes(
        {
            "no zlib": b"\0\1\2\3" * 30,
            "a byte turned": path.read_bytes()[:-9] + b"\xff" + path.read_bytes()[-8:],
            "bytes after the end": path.read_bytes() + b"more" * 100,
            "another type": zlib.compress(b"other" + whole[4:]),
            "a size too small": zlib.compress(b"%s 1\0" % head.split()[0] + body),
            "a size too large": zlib.compress(b"%s 9999\0" % head.split()[0] + body),
            "a size of an exabyte": zlib.compress(b"%s 1152921504606846976\0" % head.split()[0] + body),
            "a negative size": zlib.compress(b"%s -1\0" % head.split()[0] + body),
            "no head": zlib.compress(body),
            "another object's contents": zlib.compress(b"blob 3\0abc"),
        }[how]
    )
    return folder


# What is no file where a file should be.


def special(name: str, what: str, folder: Path) -> Path:
    """A pipe, a socket, or a link to a device or to a file elsewhere."""
    raw = Raw(folder)
    raw.simple()
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path is short
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
        os.chdir(here)
    else:
        path.symlink_to(what)
    return folder


def configured(text: bytes, folder: Path) -> Path:
    raw = Raw(folder)
    raw.simple()
    pipe = folder.parent / "pipe"
    if not pipe.exists():
        os.mkfifo(pipe)
    raw.write("config", text.replace(b"PIPE", bytes(pipe)))
    return folder


def headed(head: bytes, folder: Path) -> Path:
    raw = Raw(folder)
    commit = raw.simple()
    blob = raw.blob()
    raw.write("HEAD", head.replace(b"COMMIT", commit.encode()).replace(b"BLOB", blob.encode()))
    return folder


def alternates(text: bytes, folder: Path) -> Path:
    raw = Raw(folder)
    raw.simple()
    raw.write("objects/info/alternates", text.replace(b"HERE", bytes(folder / "objects")))
    return folder


def linked_objects(folder: Path) -> Path:
    other = Raw(folder.parent / (folder.name + "-other"))
    other.simple()
    raw = Raw(folder)
    raw.tip("00" * 20)
    for name in ("info", "pack"):
        (folder / "objects" / name).rmdir()
    (folder / "objects").rmdir()
    (folder / "objects").symlink_to(other.folder / "objects")
    return folder


def tag_chain(length: int, folder: Path) -> Path:
    raw = Raw(folder)
    target, kind = raw.simple(), b"commit"
    for _ in range(length):
        target = raw.put("tag", b"object %s\ntype %s\ntag t\ntagger %s\n\nm\n" % (target.encode(), kind, WHO))
        kind = b"tag"
    return raw.tip(target)


# Bombs.


def tree_bomb(levels: int, wide: int, folder: Path) -> Path:
    """`wide` to the power of `levels` files in a few kilobytes."""
    raw = Raw(folder)
    mode, below = FILE, raw.blob()
    for _ in range(levels):
        below, mode = raw.tree([(mode, b"%03d" % n, below) for n in range(wide)]), FOLDER
    return raw.tip(raw.commit(below))


def deep(levels: int, folder: Path) -> Path:
    raw = Raw(folder)
    mode, below = FILE, raw.blob()
    for _ in range(levels):
        below, mode = raw.tree([(mode, b"d", below)]), FOLDER
    first = raw.commit(below)
    return raw.tip(raw.commit(raw.files({b"flat": b"1\n"}), [first]))


def self_holding(folder: Path) -> Path:
    raw = Raw(folder)
    raw.tree([(FILE, b"a", raw.blob()), (FOLDER, b"d", MISSING)], MISSING)
    return raw.tip(raw.commit(MISSING))


def cycle(length: int, folder: Path) -> Path:
    """Commits that are each other's parents, under names that are not their ids."""
    raw = Raw(folder)
    tree = raw.files({b"a": b"1\n"})
    names = [f"{n:02x}" * 20 for n in range(1, length + 1)]
    for number, name in enumerate(names):
        raw.commit(tree, [names[(number + 1) % length]], oid=name)
    return raw.tip(names[0])


def grafted(folder: Path) -> Path:
    raw = Raw(folder)
    tip = raw.simple()
    raw.write("info/grafts", b"%s %s\n" % (tip.encode(), tip.encode()))
    return folder


def wide(files: int, folder: Path) -> Path:
    raw = Raw(folder)
    blob = raw.blob(b"")
    tree = raw.tree([(FILE, b"%07d" % n, blob) for n in range(files)])
    return raw.tip(raw.commit(tree))


def large(size: int, renamed: bool, folder: Path) -> Path:
    """A file of zeros, and then perhaps under another name with a byte more."""
    raw = Raw(folder)
    tip = raw.commit(raw.files({b"big": bytes(size)}))
    if renamed:
        tip = raw.commit(raw.files({b"moved": bytes(size) + b"\1"}), [tip])
    return raw.tip(tip)


def texts(files: int, size: int, line: bytes, folder: Path) -> Path:
    """Files of text, then all of them with another first line."""
    raw = Raw(folder)
    body = line * (size // len(line))
    first = raw.commit(raw.files({b"f%d" % n: b"%d\n" % n + body for n in range(files)}))
    second = raw.commit(raw.files({b"f%d" % n: b"x%d\n" % n + body for n in range(files)}), [first])
    return raw.tip(second)


def messages(message: bytes, folder: Path) -> Path:
    raw = Raw(folder)
    return raw.tip(raw.commit(raw.files({b"a": b"1\n"}), message=message))


def octopus(parents: int, folder: Path) -> Path:
    raw = Raw(folder)
    tree = raw.files({b"a": b"1\n"})
    roots = [raw.commit(tree, message=b"%d\n" % n) for n in range(min(parents, 50))]
    return raw.tip(raw.commit(tree, [roots[n % len(roots)] for n in range(parents)]))


# Packs.


def packed(change: Callable[[bytes], bytes], folder: Path, which: str = "pack") -> Path:
    """A small history in a pack, of which one file is changed."""
    raw = Raw(folder)
    blob = b"".join(b"line %d\n" % n for n in range(2000))
    tree = b"100644 a\0" + bytes.fromhex(object_id("blob", blob))
    commit = b"tree %s\nauthor %s\ncommitter %s\n\nm\n" % (object_id("tree", tree).encode(), WHO, WHO)
    objects = {"blob": blob, "tree": tree, "commit": commit}
    oids = [object_id(kind, data) for kind, data in objects.items()]
    name = put_pack(raw, oids, [plain_entry(kind, data) for kind, data in objects.items()])
    path = folder / f"{name}.{which}"
    path.write_bytes(change(path.read_bytes()))
    return raw.tip(oids[2])


def with_blob_entries(entries: Callable[[str], list[tuple[str, bytes]]], folder: Path) -> Path:
    """A history whose one file stands in a pack as `entries(id)` says: (id, bytes), the file's own the last."""
    raw = Raw(folder)
    oid = "cd" * 20
    made = entries(oid)
    put_pack(raw, [name for name, _ in made], [data for _, data in made])
    return raw.tip(raw.commit(raw.tree([(FILE, b"a", oid)])))


def delta_bomb(oid: str) -> list[tuple[str, bytes]]:
    """Ten bytes that are based on three gigabytes that are based on a megabyte."""
    base = plain_entry("blob", bytes(1 << 20))
    copies = 3 << 10
    grow = varint(1 << 20) + varint(copies << 20) + (b"\xf0\x00\x00\x10" * copies)
    middle = pack_entry(OFFSET_DELTA, len(grow), grow, offset(len(base)))
    shrink = varint(copies << 20) + varint(10) + b"\x90\x0a"
    last = pack_entry(OFFSET_DELTA, len(shrink), shrink, offset(len(middle)))
    return [("01" * 20, base), ("02" * 20, middle), (oid, last)]


def delta_to_itself(oid: str) -> list[tuple[str, bytes]]:
    return [(oid, pack_entry(REFERENCE_DELTA, 3, b"\1\1\1", bytes.fromhex(oid)))]


def deltas_in_a_circle(oid: str) -> list[tuple[str, bytes]]:
    other = "ce" * 20
    return [
        (other, pack_entry(REFERENCE_DELTA, 3, b"\1\1\1", bytes.fromhex(oid))),
        (oid, pack_entry(REFERENCE_DELTA, 3, b"\1\1\1", bytes.fromhex(other))),
    ]


def delta_chain(length: int, oid: str) -> list[tuple[str, bytes]]:
    """Each a copy of the one before."""
    base = plain_entry("blob", b"x" * 64)
    made = [(f"{1:040x}", base)]
    copy = varint(64) + varint(64) + b"\x90\x40"
    for number in range(2, length + 2):
        made.append((f"{number:040x}", pack_entry(OFFSET_DELTA, len(copy), copy, offset(len(made[-1][1])))))
    return [*made[:-1], (oid, made[-1][1])]


def delta_before_the_pack(oid: str) -> list[tuple[str, bytes]]:
    return [(oid, pack_entry(OFFSET_DELTA, 3, b"\1\1\1", offset(1 << 20)))]


def delta_claims(oid: str) -> list[tuple[str, bytes]]:
    """A delta whose result is said to be huge."""
    base = plain_entry("blob", b"x" * 64)
    delta = varint(64) + varint(1 << 45) + b"\x90\x40"
    return [("01" * 20, base), (oid, pack_entry(OFFSET_DELTA, len(delta), delta, offset(len(base))))]


# Commits.


def committed(folder: Path, **fields: object) -> Path:
    raw = Raw(folder)
    first = raw.commit(raw.files({b"a": b"1\n"}))
    return raw.tip(raw.commit(raw.files({b"a": b"2\n"}), [first], **fields))  # type: ignore[arg-type]


def raw_commit(text: bytes, folder: Path) -> Path:
    raw = Raw(folder)
    tree = raw.files({b"a": b"1\n"})
    return raw.tip(raw.put("commit", text.replace(b"TREE", tree.encode()).replace(b"WHO", WHO)))


def pointed(what: str, folder: Path) -> Path:
    """A reference from one object to another is wrong."""
    raw = Raw(folder)
    blob = raw.blob()
    tree = raw.tree([(FILE, b"a", blob)])
    commit = raw.commit(tree)
    tips = {
        "tree missing": lambda: raw.commit(MISSING),
        "tree is a blob": lambda: raw.commit(blob),
        "tree is a commit": lambda: raw.commit(commit),
        "parent missing": lambda: raw.commit(tree, [MISSING]),
        "parent is a blob": lambda: raw.commit(tree, [blob]),
        "parent is a tree": lambda: raw.commit(tree, [tree]),
        "parent twice": lambda: raw.commit(tree, [commit, commit]),
        "second parent missing": lambda: raw.commit(tree, [commit, MISSING]),
        "blob missing": lambda: raw.commit(raw.tree([(FILE, b"a", MISSING)])),
        "blob is a tree": lambda: raw.commit(raw.tree([(FILE, b"a", tree)])),
        "blob is a commit": lambda: raw.commit(raw.tree([(FILE, b"a", commit)])),
        "folder missing": lambda: raw.commit(raw.tree([(FOLDER, b"a", MISSING)])),
        "folder is a blob": lambda: raw.commit(raw.tree([(FOLDER, b"a", blob)])),
        "branch names a blob": lambda: blob,
        "branch names a tree": lambda: tree,
        "branch names nothing": lambda: MISSING,
    }
    return raw.tip(tips[what]())


# Names and modes.


def named(name: bytes, mode: bytes, data: bytes, folder: Path) -> Path:
    """Added, changed and removed again."""
    raw = Raw(folder)
    start = (FILE, b"zz", raw.blob(b"z\n"))
    tip = raw.commit(raw.tree([start]))
    for contents in (data, data + b"more\n"):
        tip = raw.commit(raw.tree(sorted([(mode, name, raw.blob(contents)), start], key=lambda e: e[1])), [tip])
    return raw.tip(raw.commit(raw.tree([start]), [tip]))


def listed(entries: list[tuple[bytes, bytes]], folder: Path) -> Path:
    """A tree of (mode, name) as it stands, whatever git would say."""
    raw = Raw(folder)
    blob = raw.blob()
    inner = raw.tree([(FILE, b"x", blob)])
    return raw.tip(raw.commit(raw.tree([(mode, name, inner if mode == FOLDER else blob) for mode, name in entries])))


def raw_tree(data: bytes, folder: Path) -> Path:
    raw = Raw(folder)
    return raw.tip(raw.commit(raw.put("tree", data)))
