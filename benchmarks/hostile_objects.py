"""Git repositories written byte by byte, so that they can hold what git would refuse to write."""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

WHO = b"A <a@example.org> 1577836800 +0000"
FILE, FOLDER, LINK, MODULE = b"100644", b"40000", b"120000", b"160000"
_TYPES = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
OFFSET_DELTA, REFERENCE_DELTA = 6, 7


class Raw:
    """A bare repository in a new folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
            (folder / name).mkdir(parents=True)
        self.write("HEAD", b"ref: refs/heads/main\n")
        self.write("config", b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n")

    def write(self, name: str, data: bytes) -> Path:
        """Put a file into the repository's folder, in the place of whatever stood there."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        return path

    def put(self, kind: str, data: bytes, oid: str | None = None) -> str:
        """A loose object; with `oid` one that lies about its id."""
        whole = b"%s %d\0" % (kind.encode(), len(data)) + data
        oid = oid or hashlib.sha1(whole).hexdigest()
        self.write(f"objects/{oid[:2]}/{oid[2:]}", zlib.compress(whole, 1))
        return oid

    def loose(self, oid: str) -> Path:
        """Where a loose object stands."""
        return self.folder / "objects" / oid[:2] / oid[2:]

    def blob(self, data: bytes = b"one\n") -> str:
        return self.put("blob", data)

    def tree(self, entries: Iterable[tuple[bytes, bytes, str]], oid: str | None = None) -> str:
        """A tree of (mode, name, id), in the order given."""
        return self.put("tree", b"".join(b"%s %s\0" % (m, n) + bytes.fromhex(i) for m, n, i in entries), oid)

    def files(self, files: dict[bytes, bytes]) -> str:
        """A tree of one folder."""
        return self.tree([(FILE, name, self.blob(data)) for name, data in sorted(files.items())])

    def commit(
        self,
        tree: str,
        parents: Sequence[str] = (),
        message: bytes = b"message\n",
        author: bytes = WHO,
        committer: bytes = WHO,
        more: bytes = b"",
        oid: str | None = None,
    ) -> str:
        lines = b"tree %s\n" % tree.encode() + b"".join(b"parent %s\n" % parent.encode() for parent in parents)
        return self.put(
            "commit", lines + b"author %s\ncommitter %s\n" % (author, committer) + more + b"\n" + message, oid
        )

    def tip(self, commit: str, name: str = "refs/heads/main") -> Path:
        """Let a branch name a commit; returns the repository's folder."""
        self.write(name, commit.encode() + b"\n")
        return self.folder

    def simple(self) -> str:
        """Two ordinary commits; the id of the second."""
        first = self.commit(self.files({b"a.txt": b"one\n"}))
        second = self.commit(self.files({b"a.txt": b"two\n", b"b.txt": b"b\n"}), [first])
        self.tip(second)
        return second


def pack_entry(kind: int, size: int, data: bytes, base: bytes = b"") -> bytes:
    """One object of a pack: kind and size, what a delta is based on, and the deflated bytes."""
    byte, size = kind << 4 | size & 15, size >> 4
    head = bytearray()
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    head.append(byte)
    return bytes(head) + base + zlib.compress(data, 1)


def varint(value: int) -> bytes:
    """A size in a delta."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def offset(value: int) -> bytes:
    """How far before a delta its base stands."""
    out = bytearray([value & 0x7F])
    value >>= 7
    while value:
        value -= 1
        out.insert(0, value & 0x7F | 0x80)
        value >>= 7
    return bytes(out)


def pack(entries: Sequence[bytes], count: int | None = None) -> bytes:
    """A pack of entries, with its checksum; `count` is what it says that it holds."""
    body = b"PACK" + struct.pack(">II", 2, len(entries) if count is None else count) + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def index(oids: Sequence[str], offsets: Sequence[int], checksum: bytes) -> bytes:
    """The index, version 2, of a pack."""
    order = sorted(range(len(oids)), key=lambda number: oids[number])
    fan = [sum(int(oid[:2], 16) <= first for oid in oids) for first in range(256)]
    body = b"\xfftOc" + struct.pack(">I", 2) + struct.pack(">256I", *fan)
    body += b"".join(bytes.fromhex(oids[number]) for number in order) + b"\0\0\0\0" * len(oids)
    body += b"".join(struct.pack(">I", offsets[number]) for number in order) + checksum
    return body + hashlib.sha1(body).digest()


def put_pack(raw: Raw, oids: Sequence[str], entries: Sequence[bytes], wrong: Sequence[int] | None = None) -> str:
    """Put a pack and its index into a repository; `wrong` are offsets in place of the right ones. Returns its name."""
    data = pack(entries)
    offsets, place = [], 12
    for entry in entries:
        offsets.append(place)
        place += len(entry)
    name = f"objects/pack/pack-{data[-20:].hex()}"
    raw.write(f"{name}.pack", data)
    raw.write(f"{name}.idx", index(oids, wrong or offsets, data[-20:]))
    return name


def object_id(kind: str, data: bytes) -> str:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


def plain_entry(kind: str, data: bytes) -> bytes:
    return pack_entry(_TYPES[kind], len(data), data)
