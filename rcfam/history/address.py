"""Addresses of repositories: what is fetched and shown, and apart from it what must never be.

A password, a token in place of the user's name, a query and a fragment stand in no message, file or file name.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rcfam.history.errors import HistoryError

_SCHEMES = ("http", "https", "git", "ssh", "git+ssh", "ssh+git")
_WITH_USER = ("ssh", "git+ssh", "ssh+git")  # their user says which account, as `git@`; elsewhere it may be a token
_SHORT = re.compile(r"(?:([^@:/\[\]]+)@)?([^@:/\[\]]+|\[[0-9A-Fa-f:.]+\]):([^@?#]+)")  # [user@]host:path
_PASSWORD_IN_PATH = re.compile(r":[^/]*@")  # of `https://user:pass/word@host/`, where the slash ends the host
_MAX_ADDRESS = 4096
_HOW = "give it as https://HOST/PATH or ssh://USER@HOST/PATH"


@dataclass(frozen=True)
class Address:
    """`url` is what libgit2 fetches, what mirrors store and what is shown; the credentials are None where not given."""

    url: str
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def is_remote(source: str) -> bool:
    """Whether `source` is an address to fetch from rather than a folder of this machine."""
    local = _local(source)
    return "://" in local or (":" in local.partition("/")[0] and not Path(local).exists())


def parse(source: str) -> Address:
    """The address of a source; a folder becomes file://, so that objects come packed and by reference.

    Raises HistoryError, whose message holds no part of the address that may be secret.
    """
    if not is_remote(source):
        return Address(source_folder(source).resolve().as_uri())
    if len(source) > _MAX_ADDRESS or not source.isprintable() or " " in source:
        raise HistoryError(f"an address has at most {_MAX_ADDRESS:,} characters, all printable and without blanks")
    return _url(source) if "://" in source else _short(source)


def source_folder(source: str) -> Path:
    """The folder that a source names which is not remote."""
    return Path(_local(source)).expanduser()


def shown(source: str) -> str:
    """A source as it may be printed and stored: a folder as it was given, an address without what may be secret."""
    return parse(source).url if is_remote(source) else source


def _local(source: str) -> str:
    return source.removeprefix("file://")


def _url(source: str) -> Address:
    try:
        parts = urlsplit(source)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise HistoryError(f"an address that cannot be read; {_HOW}") from error
    scheme = parts.scheme.lower()
    if scheme not in _SCHEMES:
        raise HistoryError(f"an address of scheme {scheme[:16] or 'unknown'!r} is not fetched; {_HOW}")
    if not host or host.startswith("-") or _PASSWORD_IN_PATH.search(parts.path):
        raise HistoryError(f"an address of scheme {scheme!r} that cannot be read; {_HOW}")
    place = f"[{host}]" if ":" in host else host
    place += "" if port is None else f":{port}"
    user = unquote(parts.username) if parts.username else None
    password = None if parts.password is None else unquote(parts.password)
    if user is not None and user.startswith("-"):
        raise HistoryError(f"an address of scheme {scheme!r} whose user begins with '-'; {_HOW}")
    if scheme in _WITH_USER and parts.username:
        place = f"{parts.username}@{place}"
    clean = f"{scheme}://{place}{parts.path}"
    if "?" in source or "#" in source:
        raise HistoryError(f"the address {clean} has a query or a fragment, which git does not fetch; give it without")
    return Address(clean, user, password)


def _short(source: str) -> Address:
    """`user@host:path`, which git takes for ssh."""
    match = _SHORT.fullmatch(source)
    if match is None or match[2].startswith("-") or (match[1] or "").startswith("-") or match[2].lower() in _SCHEMES:
        raise HistoryError(f"an address that cannot be read; {_HOW}")
    return Address(source, match[1])
