"""Servers that keep a client waiting or flood it, and addresses that are none. All listen on 127.0.0.1.

`SERVERS` lists them. `listen()` gives a socket, or None for an address alone, and the address; `serve(socket)` answers
for ever. All but few must be refused; `waits` marks those that would keep a client for ever.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

Talk = Callable[[socket.socket], None]
SECRET = "SECRET-canary"
ZERO = "0" * 40
ID = "ab" * 20


@dataclass(frozen=True)
class Server:
    name: str
    address: str  # with {port}
    talk: Talk | None = None  # None: connections are never taken, or there is no server
    waits: bool = False
    expected: Literal["refused", "either"] = "refused"
    backlog: int = 16

    def listen(self) -> tuple[socket.socket | None, str]:
        if "{port}" not in self.address:
            return None, self.address
        listening = socket.create_server(("127.0.0.1", 0), backlog=self.backlog)
        return listening, self.address.format(port=listening.getsockname()[1])

    def serve(self, listening: socket.socket | None) -> None:
        while listening is None or self.talk is None:
            time.sleep(60)
        while True:
            taken, _ = listening.accept()
            threading.Thread(target=_talk, args=(self.talk, taken), daemon=True).start()


def _talk(talk: Talk, taken: socket.socket) -> None:
    with taken, contextlib.suppress(OSError):
        talk(taken)


# Of any protocol.


def silent(taken: socket.socket) -> None:
    time.sleep(3600)


def heard(taken: socket.socket) -> None:
    """Takes all that comes and says nothing."""
    while taken.recv(1 << 16):
        pass
    time.sleep(3600)


def dripping(data: bytes, taken: socket.socket) -> None:
    """A byte now and then, for ever."""
    while True:
        for byte in data:
            taken.sendall(bytes([byte]))
            time.sleep(0.3)


def endless(data: bytes, taken: socket.socket) -> None:
    taken.recv(1 << 16)
    while True:
        taken.sendall(data)


def closing(taken: socket.socket) -> None:
    taken.recv(1 << 16)


def resetting(taken: socket.socket) -> None:
    import struct

    taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def saying(data: bytes, taken: socket.socket) -> None:
    """The same answer to whatever comes, then an end."""
    taken.recv(1 << 16)
    taken.sendall(data)
    time.sleep(0.2)


def then_silent(data: bytes, taken: socket.socket) -> None:
    taken.recv(1 << 16)
    taken.sendall(data)
    heard(taken)


# HTTP.


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}", "", ""]
    return "\r\n".join(lines).encode() + body


def packets(*lines: str | bytes) -> bytes:
    """pkt-lines, and a flush."""
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    return b"".join(b"%04x" % (len(line) + 4) + line for line in raw) + b"0000"


def references(count: int = 1, name: str = "refs/heads/main") -> bytes:
    first = f"{ID} HEAD\0symref=HEAD:refs/heads/main ofs-delta side-band-64k\n"
    return packets(first, *(f"{ID} {name}{number or ''}\n" for number in range(count)))


TYPE = "Content-Type: application/x-git-upload-pack-advertisement"
RESULT = "Content-Type: application/x-git-upload-pack-result"
SERVICE = packets("# service=git-upload-pack\n")


def smart(advertised: bytes, packed: bytes | None, then: Talk | None, taken: socket.socket) -> None:
    """References to GET; to POST `packed`, and then what `then` does."""
    while True:
        asked = taken.recv(1 << 16)
        if not asked:
            return
        if asked.startswith(b"GET"):
            taken.sendall(answer("200 OK", SERVICE + advertised, TYPE))
        elif b"POST" in asked:
            if packed is not None:
                head = f"HTTP/1.1 200 OK\r\n{RESULT}\r\n\r\n"
                taken.sendall(head.encode() + packed)
            (then or silent)(taken)
            return


def pouring(data: bytes, pause: float, taken: socket.socket) -> None:
    while True:
        taken.sendall(data)
        time.sleep(pause)


def redirecting(target: str, taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    while taken.recv(1 << 16):
        taken.sendall(answer("302 Found", b"", f"Location: {target.format(port=port)}"))


def band(number: int, data: bytes) -> bytes:
    return b"%04x" % (len(data) + 5) + bytes([number]) + data


PACK_OF_BILLIONS = b"PACK\0\0\0\2\xff\xff\xff\xff"
NAK = b"0008NAK\n"


def _servers() -> Iterator[Server]:
    for scheme, address in (
        ("http", "http://127.0.0.1:{port}/r.git"),
        ("https", "https://127.0.0.1:{port}/r.git"),
        ("git", "git://127.0.0.1:{port}/r.git"),
        ("ssh", "ssh://git@127.0.0.1:{port}/r.git"),
    ):
        hello = {
            "http": b"HTTP/1.1 200 OK\r\nX: y\r\n",
            "https": b"\x16\x03\x03\x40\x00",
            "git": b"0040",
            "ssh": b"SSH-2.0-x\r\n",
        }[scheme]
        yield Server(f"{scheme}: silent", address, silent, True)
        yield Server(f"{scheme}: hears and is silent", address, heard, True)
        yield Server(f"{scheme}: connections are never taken", address, None, True, backlog=0)
        yield Server(f"{scheme}: dripping", address, partial(dripping, hello), True)
        yield Server(f"{scheme}: noise without end", address, partial(endless, bytes(range(256)) * 256), False)
        yield Server(f"{scheme}: its own hello without end", address, partial(endless, hello * 1000), False)
        yield Server(f"{scheme}: closes", address, closing)
        yield Server(f"{scheme}: resets", address, resetting)
        yield Server(f"{scheme}: begins and is silent", address, partial(then_silent, hello), True)
    http = "http://127.0.0.1:{port}/r.git"
    for name, talk, waits in (
        ("headers without end", partial(endless, b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000), False),
        ("one header without end", partial(endless, b"x" * 65536), False),
        ("headers that drip", partial(dripping, b"X-A: b\r\n"), True),
        (
            "redirects to itself",
            partial(redirecting, "http://127.0.0.1:{port}/r.git/info/refs?service=git-upload-pack"),
            False,
        ),
        ("redirects to a file", partial(redirecting, "file:///etc/passwd"), False),
        ("redirects to nowhere", partial(redirecting, "http://127.0.0.1:1/x"), False),
        ("redirects to ssh", partial(redirecting, "ssh://127.0.0.1/x"), False),
        ("redirects with a line break", partial(redirecting, "http://127.0.0.1:{port}/\nX"), False),
        ("401 for ever", partial(saying, answer("401 No", b"", "WWW-Authenticate: Basic realm=x")), False),
        ("401 without a way", partial(saying, answer("401 No")), False),
        ("401 NTLM", partial(saying, answer("401 No", b"", "WWW-Authenticate: NTLM")), False),
        ("407", partial(saying, answer("407 No", b"", "Proxy-Authenticate: Basic realm=x")), False),
        ("404 with an escape", partial(saying, answer("404 \x1b[2Jgone")), False),
        ("500", partial(saying, answer("500 No")), False),
        ("a page", partial(saying, answer("200 OK", b"<html>", "Content-Type: text/html")), False),
        ("another content", partial(saying, answer("200 OK", b"\0" * 100, TYPE)), False),
        ("a length that lies", partial(then_silent, answer("200 OK", SERVICE, TYPE, length=10**12)), True),
        (
            "a negative length",
            partial(saying, b"HTTP/1.1 200 OK\r\n" + TYPE.encode() + b"\r\nContent-Length: -5\r\n\r\n"),
            False,
        ),
        (
            "chunks without end",
            partial(endless, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4\r\nabcd\r\n" * 1000),
            False,
        ),
        ("no reference", partial(smart, b"0000", None, None), False),
        ("references without end", partial(_references_without_end), False),
        ("20,000 references", partial(smart, references(20_000), None, None), False),
        ("a reference that leads out", partial(smart, references(1, "refs/../../../x"), NAK, closing), False),
        ("a reference with an escape", partial(smart, references(1, "refs/heads/\x1b[31m"), NAK, closing), False),
        (
            "a reference of 60,000 characters",
            partial(smart, references(1, "refs/heads/" + "x" * 60_000), NAK, closing),
            False,
        ),
        ("a packet without its end", partial(smart, b"ffff" + b"x" * 100, None, None), True),
        ("a packet of length 1", partial(smart, b"0001", None, None), False),
        ("silent where the pack should come", partial(smart, references(), None, silent), True),
        (
            "the pack drips",
            partial(
                smart,
                references(),
                NAK + band(1, PACK_OF_BILLIONS[:8] + b"\0\0\0\1"),
                partial(pouring, band(1, b"x"), 0.3),
            ),
            True,
        ),
        (
            "progress without end",
            partial(smart, references(), NAK, partial(pouring, band(2, b"Counting\r"), 0.01)),
            True,
        ),
        (
            "a pack of four billion objects",
            partial(smart, references(), NAK + band(1, PACK_OF_BILLIONS), closing),
            False,
        ),
        (
            "a pack without end",
            partial(
                smart,
                references(),
                NAK + band(1, PACK_OF_BILLIONS[:8] + b"\0\x01\0\0"),
                partial(pouring, band(1, b"\xbf\xff\xff\xff\x0f" + bytes(60_000)), 0.0),
            ),
            False,
        ),
        ("an error with an escape", partial(smart, references(), NAK + band(3, b"\x1b[2J gone"), closing), False),
        (
            "a pack without the objects",
            partial(smart, references(), NAK + band(1, b"PACK\0\0\0\2\0\0\0\0" + bytes(20)), closing),
            False,
        ),
    ):
        yield Server(f"http: {name}", http, talk, waits)
    git = "git://127.0.0.1:{port}/r.git"
    yield Server("git: references, then silent", git, partial(then_silent, references()), True)
    yield Server("git: a pack of noise", git, partial(saying, references() + NAK + bytes(range(256)) * 100))
    yield Server("git: references without end", git, _git_references_without_end)
    yield from _addresses()


def _references_without_end(taken: socket.socket) -> None:
    taken.recv(1 << 16)
    taken.sendall(f"HTTP/1.1 200 OK\r\n{TYPE}\r\n\r\n".encode() + SERVICE)
    _git_references_without_end(taken)


def _git_references_without_end(taken: socket.socket) -> None:
    number = 0
    while True:
        taken.sendall(b"".join(packets(f"{ID} refs/heads/{number + n}\n")[:-4] for n in range(1000)))
        number += 1000


def _addresses() -> Iterator[Server]:
    closed = "127.0.0.1:1"
    for address in (
        "http://",
        "http:///x",
        "http://[::1",
        "http://[::1]:1/x",
        f"http://{closed}/x",
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1:x/y",
        f"https://{closed}/x",
        f"git://{closed}/x",
        f"ssh://git@{closed}/x",
        f"git+ssh://{closed}/x",
        "ftp://127.0.0.1/x",
        "ext::sh",
        "ext::touch%20pwned",
        "javascript:x",
        "ssh://-oProxyCommand=touch/x",
        "-oProxyCommand=x:y",
        "-u:x",
        "ssh://-x@127.0.0.1/y",
        "127.0.0.1:x",
        "nobody@127.0.0.1:x",
        "http://name.invalid/x",
        "ssh://name.invalid/x",
        "http://" + "x" * 5000,
        "http://" + "x." * 200 + "/x",
        "file:///dev/zero",
        "file:///dev/stdin",
        "file:///proc/self/mem",
        "file://",
        "file:////",
        "//127.0.0.1/x",
        "\\\\127.0.0.1\\x",
        "http:/127.0.0.1/x",
        "http://%00/x",
        "http://127.0.0.1:1/%0a",
        f"http://user:{SECRET}@{closed}/x",
        f"http://{SECRET}@{closed}/x",
        f"http://{closed}/x?token={SECRET}",
        f"https://u:{SECRET}@{closed}/{'d' * 300}",
        f"ssh://u:{SECRET}@{closed}/x",
        f"u:{SECRET}@127.0.0.1:x",
        f"http:/u:{SECRET}@127.0.0.1/x",
        f"http://u:p/{SECRET}@127.0.0.1/x",
        f"http://u:p@{SECRET}@{closed}/x",
        f"ftp://u:{SECRET}@127.0.0.1/x",
        f"http://u:{SECRET}@[::1/x",
        f"git://u:{SECRET}@{closed}/x",
        f"HTTP://u:{SECRET}@{closed}/x",
        f"http:\\\\u:{SECRET}@127.0.0.1/x",
    ):
        yield Server(f"address {address[:60].replace(SECRET, 'SECRET')}", address)


SERVERS = tuple(_servers())
