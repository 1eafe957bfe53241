"""How many characters of real files have the colour that real vim gives them, by language.

    python -m benchmarks.colours [--json] [--repository PATH ...] [--files N] [--lines N]

Of every language up to N files are drawn with a fixed seed from the last commit of each repository (by default this
one); the first lines of each are opened in our editor and in vim with the `vimrc` of the terminal. Blanks do not count,
nor what stands below the first line that is not ASCII or wider than the screen.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import rcfam.terminal
from rcfam.history import Repository
from rcfam.terminal import Terminal
from rcfam.terminal import attributes as A
from rcfam.terminal.keys import from_text
from rcfam.terminal.syntax.languages import LANGUAGES
from rcfam.terminal.syntax.tables import language_of

ROWS, COLUMNS = 256, 256
TARGET = 0.95
GROUPS = {
    "Comment": A.COMMENT, "Constant": A.CONSTANT, "Identifier": A.IDENTIFIER, "Statement": A.STATEMENT,
    "PreProc": A.PREPROC, "Special": A.PREPROC, "Title": A.PREPROC, "Type": A.TYPE, "Todo": A.TODO,
    "Underlined": A.UNDERLINED, "Error": A.MISTAKE, "htmlBold": A.STRONG, "htmlItalic": A.EMPHASIS,
}  # fmt: skip
DUMP = """
call writefile(map(range(1, line('$')), {_, l -> json_encode(map(range(1, col([l, '$']) - 1),
 \\ {_, c -> synIDattr(synIDtrans(synID(l, c, 1)), 'name')}))}), 'colours')
qall!
"""


def theirs(folder: Path, name: str, data: bytes) -> list[list[int]]:
    """The attributes that vim's groups stand for, one for each byte of each line."""
    (folder / name).write_bytes(data)
    (folder / "dump").write_text(DUMP)
    settings = Path(rcfam.terminal.__file__).parent / "vimrc"
    command = ["vim", "-N", "-i", "NONE", "-u", str(settings), "-es", "-S", "dump", name]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    lines = (folder / "colours").read_text().splitlines()
    return [[GROUPS.get(group, A.PLAIN) for group in json.loads(line)] for line in lines]


def compare(name: str, data: bytes, vim: list[list[int]]) -> tuple[int, int, int]:
    """(characters, those that vim colours, those that have vim's colour here)."""
    terminal = Terminal(ROWS, COLUMNS)
    terminal.files.write(name, data)
    terminal.press(from_text(f"vim '{name}'\n"))
    cells = terminal.state.cells >> 21
    total = coloured = equal = row = 0
    for line, wanted in zip(data.split(b"\n"), vim, strict=False):
        width = len(line.expandtabs(8))
        if row >= ROWS - 2:
            break
        if line.isascii() and line.replace(b"\t", b" ").decode().isprintable() and width < COLUMNS:
            for i, attribute in enumerate(wanted):
                if line[i : i + 1] not in (b" ", b"\t"):
                    total += 1
                    coloured += attribute != A.PLAIN
                    equal += bool(attribute == cells[row, len(line[:i].expandtabs(8))])
            row += 1
        else:
            break
    return total, coloured, equal


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with the claims as one line of JSON")
    parser.add_argument("--repository", type=Path, action="append")
    parser.add_argument("--files", type=int, default=3, help="of each language and repository")
    parser.add_argument("--lines", type=int, default=200, help="of each file")
    options = parser.parse_args()
    if not shutil.which("vim"):
        sys.exit("vim is not installed: nothing to compare with")
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    choose = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        for path in options.repository or [Path(__file__).parent.parent]:
            repository = Repository(path)
            tree = repository.tree(repository.resolve("HEAD"))
            files: dict[int, list[str]] = defaultdict(list)
            for file, (mode, _) in sorted(tree.items()):
                if mode in (0o100644, 0o100755) and (number := language_of(Path(file).name)):
                    files[number].append(file)
            for number, listed in sorted(files.items()):
                for file in choose.sample(listed, min(options.files, len(listed))):
                    data = b"".join(repository.read(tree[file][1]).splitlines(keepends=True)[: options.lines])
                    vim = theirs(Path(name), Path(file).name, data)
                    found = compare(Path(file).name, data, vim)
                    sums[number] = [a + b for a, b in zip(sums[number], (1, *found), strict=True)]
    print(f"{'language':12} {'files':>6} {'characters':>11} {'coloured by vim':>16} {'equal':>8}")
    for number, (count, total, coloured, equal) in sorted(sums.items(), key=lambda row: -row[1][3] / max(row[1][1], 1)):
        if total:
            name = LANGUAGES[number - 1].name
            print(f"{name:12} {count:6} {total:11,} {coloured / total:16.1%} {equal / total:8.2%}")
    total, equal = sum(row[1] for row in sums.values()), sum(row[3] for row in sums.values())
    print(f"{'all':12} {sum(row[0] for row in sums.values()):6} {total:11,} {'':16} {equal / total:8.2%}")
    if options.json:
        claim = {
            "name": "characters that have vim's colour",
            "value": round(equal / total, 4),
            "unit": "share",
            "target": TARGET,
            "holds": equal / total >= TARGET,
        }
        print(json.dumps({"claims": [claim]}))


if __name__ == "__main__":
    main()
