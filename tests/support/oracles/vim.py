"""Real vim as a judge: many editing sessions in one process, each in its own tab page, fed key by key from a script."""

import os
import subprocess
from pathlib import Path

from rcfam.terminal import keys

VIMRC = """set nocompatible encoding=utf-8 fileencodings=utf-8 binary noautoindent noexpandtab tabstop=8 shiftwidth=8
set noswapfile backspace=indent,eol,start nojoinspaces startofline viminfo= shortmess+=atTWIF nomore report=9999
"""
_NAMES = {
    keys.UP: "Up",
    keys.DOWN: "Down",
    keys.LEFT: "Left",
    keys.RIGHT: "Right",
    keys.HOME: "Home",
    keys.END: "End",
    keys.BACKSPACE: "BS",
}


def _literal(key: int) -> str:
    if key in _NAMES:
        return f"\\<{_NAMES[key]}>"
    if key < 32:
        return f"\\x{key:02x}"
    return "\\" + chr(key) if chr(key) in '"\\' else chr(key)


def sessions(cases: list[tuple[bytes | None, list[int]]], folder: Path, vim: str = "vim") -> list[bytes | None]:
    """What stands in each file after its keys were pressed in vim (None: no file). A case: contents, keys."""
    lines = ["set belloff=all"]
    for number, (old, pressed) in enumerate(cases):
        path = folder / f"case{number}"
        if old is not None:
            path.write_bytes(old)
        lines.append(f"tabedit ++bin {path}")
        lines.append(f'call feedkeys("{"".join(map(_literal, pressed))}", "tx")')
        lines.append("while tabpagenr('$') > 1 | quit! | endwhile")
    lines.append("qall!")
    (folder / "vimrc").write_text(VIMRC)
    (folder / "script.vim").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [vim, "-N", "-u", str(folder / "vimrc"), "-i", "NONE", "-n", "-T", "dumb", "--not-a-term"]
    subprocess.run(
        [*command, "-S", str(folder / "script.vim")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=300,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    found = []
    for number in range(len(cases)):
        path = folder / f"case{number}"
        found.append(path.read_bytes() if path.exists() else None)
    return found
