"""Does it track state? The accuracies that the synthetic tasks are held to, and how fast their examples come.

    python -m benchmarks.tracking [--json] [--out FOLDER] [--only frjt | maze | unwithheld]

Trains what FOLDER does not hold yet, with one thread; a killed command goes on where it was. On one idle core it takes
about three quarters of an hour. Examples: compiled interpreters beside the slow ones of the tests, on the same
examples, answers compared.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import polars as pl

from rcfam.cli import tasks
from rcfam.tasks.tracking import frjt, maze
from tests.support.oracles import tracking

PROGRAMS, WALKS, DEPTH = 2_000, 200, 32
PUBLISHED_MARGIN = {("frjt", 4): 0.95, ("frjt", 8): 0.95, ("maze", 32): 0.98}
UNWITHHELD = 0.99
RUNS = {
    "frjt": lambda out: tasks.frjt(out, depth=[4, 8], model=["lstm"]),
    "maze": lambda out: tasks.maze(out, depth=[32], model=["lstm"]),
    "unwithheld": lambda out: tasks.maze(out, withheld=False),
}


def program_speed() -> tuple[float, float]:
    """Programs a second, compiled and slow; raises AssertionError where they disagree."""
    params = frjt.FrjtParams(depth=DEPTH)
    frjt.group(params, DEPTH, 2, (0,))  # compiles
    began = time.process_time()
    group, _ = frjt.group(params, DEPTH, PROGRAMS, (1,))
    fast = PROGRAMS / (time.process_time() - began)
    texts = [frjt.listing(params, tokens_T) for tokens_T in group.tokens_NT]
    began = time.process_time()
    halts = [tracking.run_program(text, params.values)[0] for text in texts]
    slow = PROGRAMS / (time.process_time() - began)
    assert halts == ["AB"[bit] for bit in group.answers_NPK[:, 0, 0]]
    return fast, slow


def walk_speed() -> tuple[float, float]:
    """Moves a second, compiled and slow; raises AssertionError where they disagree."""
    params = maze.MazeParams(depth=DEPTH)
    maze.group(params, DEPTH, 2, (0,))
    began = time.process_time()
    group = maze.group(params, DEPTH, WALKS, (1,))
    fast = WALKS * params.moves(DEPTH) / (time.process_time() - began)
    picture = maze.picture(maze.draw(params.size, params.maze_seed))
    words = [[maze.WORDS[way] for way in tokens_T[::2]] for tokens_T in group.tokens_NT]
    began = time.process_time()
    places = [tracking.walk_maze(picture, params.size // 2, moves) for moves in words]
    slow = WALKS * params.moves(DEPTH) / (time.process_time() - began)
    assert np.array_equal(np.array(places)[..., 1:], group.answers_NPK)
    return fast, slow


def claim(name: str, value: float, unit: str, target: float) -> dict[str, object]:
    return {"name": name, "value": round(value, 4), "unit": unit, "target": target, "holds": value >= target}


def main() -> None:
    """Train, print tables, print claims."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("data/tasks"))
    parser.add_argument("--only", choices=sorted(RUNS))
    arguments = parser.parse_args()
    claims = []
    for name, (fast, slow) in (("programs", program_speed()), ("moves", walk_speed())):
        print(
            f"{name} a second at depth {DEPTH}: {fast:,.0f} made; {slow:,.0f} only interpreted, by the slow interpreter"
        )
        claims.append(claim(f"{name} made over {name} interpreted by the oracle", fast / slow, "ratio", 1.0))
    for name, run in RUNS.items():
        if arguments.only in (None, name):
            run(arguments.out / name)
            table = pl.read_csv(arguments.out / name / "results.csv")
            for row in table.iter_rows(named=True):
                target = UNWITHHELD if name == "unwithheld" else PUBLISHED_MARGIN.get((row["task"], row["depth"]))
                if target is not None and (name == "unwithheld" or row["model"] == "lstm"):
                    said = f"{row['task']} depth {row['depth']}, {row['model']}-{row['layers']}: validation accuracy"
                    claims.append(claim(said, row["validation"], "share", target))
    for found in claims:
        print(f"{found['name']}: {found['value']} (to reach: {found['target']})")
    if arguments.json:
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
