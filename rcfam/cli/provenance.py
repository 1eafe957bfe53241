"""What a result came from: revision, machine, versions of packages, hashes of data."""

from collections.abc import Collection
from datetime import UTC
from pathlib import Path
from typing import Any

from rcfam import documents

_MOST_LOCK_BYTES = 1 << 20


def provenance(lock: Path, lengths: Collection[int] | None = None) -> dict[str, dict[str, str]]:
    """Group -> name -> value: when and from which revision, machine, versions, hashes of the lock file's outputs.

    The lock file remembers what an earlier study trained too: with `lengths` only these are told.
    """
    import os
    import platform
    from datetime import datetime
    from importlib import metadata

    made = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "revision": _revision()}
    machine = {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "python": platform.python_version(),
    }
    versions = {}
    for name in ("rcfam", "numpy", "scipy", "polars", "torch", "numba", "altair", "vl-convert-python"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    groups = {"this page": made, "machine": machine, "version of": versions}
    hashes = _hashes(lock, lengths)
    return {**groups, "hash of": hashes} if hashes else groups


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _hashes(lock: Path, lengths: Collection[int] | None) -> dict[str, str]:
    if not lock.exists():
        return {}
    document = documents.convert(dict[str, Any], documents.load_yaml(lock, _MOST_LOCK_BYTES), f"{lock}")
    stages = documents.convert(dict[str, dict[str, Any]], document.get("stages", {}), f"{lock}: stages")
    told = {name for name in stages if name != "report"}  # the page cannot hold its own hash
    if lengths is not None:
        told -= {name for name in told if name.startswith("train@")} - {f"train@{length}" for length in lengths}
    found: list[dict[str, Any]] = []
    for name in (each for each in stages if each in told):
        outs = stages[name].get("outs", [])
        found += documents.convert(tuple[dict[str, Any], ...], outs, f"{lock}: stages.{name}.outs")
    return {str(entry["path"]): str(entry.get("md5", entry.get("hash", ""))) for entry in found if "path" in entry}


def _revision() -> str:
    """The revision of the repository that the working folder is in."""
    from rcfam.history import HistoryError, Repository

    try:
        return Repository(Path()).resolve()
    except HistoryError as error:
        return f"unknown ({error})"
