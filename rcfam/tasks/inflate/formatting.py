"""Formatters as packages bring them: how strings are quoted and joined, numbers written, lines ended.

They run in a folder of their own, so that no configuration around them is found. What a docstring says is kept from
ruff, which would take blanks out of it. clang-format was tried and left out: it breaks JavaScript that leaves out
semicolons, and in C, C++ and Java it does nothing that the rules in `trees` do not.
"""

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rcfam.tasks.inflate.cases import InflateError

SECONDS = 60.0  # for one batch
BATCH = 64

_RUFF = (
    *("ruff", "format", "--isolated", "--no-cache", "--quiet"),
    *("--line-length=320", "--config=format.skip-magic-trailing-comma=true"),
)
# Not -s, which would make $((a * 2)) of $(($a * 2)). Any of these keeps it from looking for an .editorconfig.
_SHFMT = ("shfmt", "-w", "-i=0", "-ln=bash")
FORMATTERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((".py", ".pyi"), _RUFF),
    **dict.fromkeys((".sh", ".bash"), _SHFMT),
}


def formatted(suffix: str, texts: Sequence[str]) -> list[str | None]:
    """The texts as the suffix's formatter writes them; None for each one that it refuses.

    Raises InflateError where the formatter is not installed.
    """
    program, *options = FORMATTERS[suffix]
    command = [_program(program), *options]
    found: list[str | None] = []
    for at in range(0, len(texts), BATCH):
        found += _batch(command, suffix, texts[at : at + BATCH])
    return found


@cache
def _program(name: str) -> str:
    places = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=places)
    if found is None:
        raise InflateError(f"{name} is not installed: pip install 'rcfam[inflate]'")
    return found


def _batch(command: list[str], suffix: str, texts: Sequence[str]) -> list[str | None]:
    """One run for all; where it fails, one for each half, down to the text that it fails on."""
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / f"{number}{suffix}" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text.encode())
        try:
            done = subprocess.run(
                [*command, *map(str, paths)],
                cwd=name,
                env={"HOME": os.devnull, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
            right = done.returncode == 0
        except subprocess.TimeoutExpired:
            right = False
        if right:
            return [path.read_bytes().decode() for path in paths]
    if len(texts) == 1:
        return [None]
    half = len(texts) // 2
    return _batch(command, suffix, texts[:half]) + _batch(command, suffix, texts[half:])
