"""The lock file is complete, and names the versions that constraints.txt names."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    found = PIN.findall((PROJECT / name).read_text())
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}


def test_the_lock_and_the_constraints_agree() -> None:
    known = pins("constraints.txt")
    assert {name: known.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


def test_every_package_has_hashes_and_torch_has_its_own_index() -> None:
    text = (PROJECT / "requirements.lock").read_text()
    for entry in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in entry, entry
    assert "torch" not in pins("requirements.lock")


def test_what_is_needed_directly_is_locked() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["pipeline"]
    names = {re.match(r"[A-Za-z0-9._-]+", each)[0].lower() for each in wanted}  # type: ignore[index]
    assert names - {"torch"} <= pins("requirements.lock").keys()


def test_the_build_is_pinned() -> None:
    [backend] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert backend == f"setuptools=={pins('requirements.lock')['setuptools']}"
