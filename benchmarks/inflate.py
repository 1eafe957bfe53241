"""Diff-Inflate-Bench without a model: git apply is always right, and how far a parallel shortcut comes.

    python -m benchmarks.inflate [--json] [--repository PATH ...] [--cases N] [--seed S] [--out FOLDER]
                                [--reformatted PATH COMMIT ...]

N cases for each number of diffs (0, 1, 2, 4, 8, 16, 32) are drawn from the histories (by default this one), each told
with 3, 1 and 0 lines of context. `--out` keeps cases, results, table and figure as `rcfam task inflate` does.
`--reformatted` names a commit that says of itself that it ran a formatter: its files are shown to the judge by syntax
trees, before and after.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.history import Repository
from rcfam.tasks.inflate import same_trees

STEPS = "0,1,2,4,8,16,32"
LEAST_CASES = 500


def tell_reformatted(path: Path, revision: str) -> None:
    """How many of a commit's files the judge finds equal before and after, of those that it can read."""
    repository = Repository(path)
    texts = [
        (change.path, change.old.decode(), change.new.decode())
        for change in repository.commit(repository.resolve(revision)).changes
        if change.kind == "modify" and change.left_out is None and not change.path.endswith(".json")
        if change.old and change.new
    ]
    verdicts = [verdict for verdict in same_trees(texts) if verdict is not None]
    print(f"{path} {revision}: {sum(verdicts)} of {len(verdicts)} files equal before and after")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with the claims as one line of JSON")
    parser.add_argument("--repository", type=Path, action="append")
    parser.add_argument("--cases", type=int, default=120, help="for each number of diffs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--reformatted", nargs=2, action="append", default=[], metavar=("PATH", "COMMIT"))
    options = parser.parse_args()
    for path, revision in options.reformatted:
        tell_reformatted(Path(path), revision)
    with tempfile.TemporaryDirectory() as name:
        out = options.out or Path(name)
        repositories = map(str, options.repository or [Path(__file__).parent.parent])
        sizes = ["--patches", STEPS, "--cases", str(options.cases), "--seed", str(options.seed)]
        done = CliRunner().invoke(app, ["task", "inflate", *repositories, "--out", str(out), *sizes])
        print(done.stdout)
        if done.exit_code:
            sys.exit(str(done.exception))
        results = pl.read_parquet(out / "results" / "*.parquet")
    cases = results["case"].n_unique()
    share = results.filter(contestant="git apply")["exact"].mean()
    print(f"git apply: {share:.4f} of {cases} cases in three sizes of context")
    if options.json:
        claims = [
            {"name": "git apply gives the last state", "value": share, "unit": "share", "target": 1.0},
            {"name": "cases from real histories", "value": cases, "unit": "cases", "target": LEAST_CASES},
        ]
        print(json.dumps({"claims": [{**claim, "holds": claim["value"] >= claim["target"]} for claim in claims]}))


if __name__ == "__main__":
    main()
