"""Bare mirrors of repositories."""

from pathlib import Path

from rcfam.atomic import alone
from rcfam.errors import RcfamError
from rcfam.history.address import Address, is_remote, parse, shown, source_folder
from rcfam.history.errors import HistoryError
from rcfam.history.limits import TransferLimits
from rcfam.history.repository import Repository
from rcfam.history.transfer import Progress, Transfers
from rcfam.outputs import appearing


def clone(
    source: str,
    mirror: Path,
    progress: Progress | None = None,
    limits: TransferLimits | None = None,
    transfers: Transfers | None = None,
) -> Repository:
    """Make or update the bare mirror `mirror` of `source` (a path, file://, https:// or ssh address).

    `progress(received, total)` counts objects. A new mirror appears whole or not at all; a mirror of another source is
    refused. Of an address only what may be shown is stored. Several clones share a process through `transfers`, which
    has the limits then. Raises HistoryError.
    """
    address = parse(source)
    if not is_remote(source):
        Repository(source_folder(source))
    if transfers is None:
        with Transfers(limits) as own:
            return _clone(source, address, mirror, progress, own)
    return _clone(source, address, mirror, progress, transfers)


def mirrors(mirror: Path, source: str) -> bool:
    """Whether `mirror` is a mirror of `source`, be that there or not."""
    return mirror.exists() and _origin(Repository(mirror)) == parse(source).url


def _clone(source: str, address: Address, mirror: Path, progress: Progress | None, transfers: Transfers) -> Repository:
    if mirror.exists():
        _update(address, mirror, progress, transfers)
        return Repository(mirror)
    temporary = mirror
    try:
        with appearing(mirror) as temporary:
            transfers.run(address, temporary, True, progress)
            (temporary / "FETCH_HEAD").unlink(missing_ok=True)  # libgit2 writes the address there as insteadOf makes it
            Repository(temporary)
    except HistoryError as error:
        raise HistoryError(f"cannot clone {shown(source)}: {error}".replace(f"{temporary}", f"{mirror}")) from error
    except OSError as error:
        raise HistoryError(f"cannot write {mirror}: {error.strerror or error}") from error
    return Repository(mirror)


def _update(address: Address, mirror: Path, progress: Progress | None, transfers: Transfers) -> None:
    if (origin := _origin(Repository(mirror))) != address.url:
        other = f" but of {origin}" if origin else ""
        raise HistoryError(f"{mirror} is not a mirror of {address.url}{other}; remove it to make one")
    try:
        with alone(mirror):
            _sweep(mirror)
            try:
                transfers.run(address, mirror, False, progress)
            finally:
                _sweep(mirror)
    except (HistoryError, RcfamError) as error:
        raise HistoryError(f"cannot update {mirror} from {address.url}: {error}") from error


def _sweep(mirror: Path) -> None:
    """Remove what a transfer that was killed left behind: locks, half a pack; and where libgit2 writes the address."""
    leftover = [*mirror.glob("*.lock"), *mirror.glob("refs/**/*.lock"), *mirror.glob("objects/pack/pack_*")]
    for path in [*leftover, mirror / "FETCH_HEAD"]:
        path.unlink(missing_ok=True)


def _origin(mirror: Repository) -> str | None:
    """What a mirror was made of, as it may be shown; older ones stored all of the address."""
    try:
        return parse(mirror.raw.config["remote.origin.url"] or "").url
    except (KeyError, HistoryError):
        return None
