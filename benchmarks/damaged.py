"""Documents of strangers, damaged in every way: each reader gives a value or one line, and nothing else happens.

    python -m benchmarks.damaged [--count 1400] [--seed 0] [--only KIND ...] [--json]

For every kind of file that a verb reads, a valid one is made and then damaged: keys and columns taken away, other
types, null, lists, deep nesting, huge and negative numbers, NaN, paths that lead out, twice the same key, cut short,
empty, bytes changed, other encodings. Survived: the reader returned, or raised RcfamError with one line of at most
1,000 characters. Lost: another exception, a longer text, more than `--seconds`, or a file written where none may be.
"""

import argparse
import contextlib
import io
import json
import math
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from rcfam import documents, params, report, schema, tables
from rcfam.cli import mirrors
from rcfam.cli.provenance import provenance
from rcfam.cli.run_tables import read_table
from rcfam.dataset import dataset_tables, index
from rcfam.dataset import tokens as token_files
from rcfam.errors import RcfamError
from rcfam.model.action import DataShape, ModelParams, build
from rcfam.rendering import RenderParams
from rcfam.report import schemas
from rcfam.scaling import FitParams, analyse, runs
from rcfam.scaling import summary as law_of
from rcfam.scaling import tables as tables_of
from rcfam.tasks.inflate import cases
from rcfam.tasks.tracking.data import DataSpec, described
from rcfam.tasks.tracking.maze import MazeParams
from rcfam.tokenizer import TokenizeParams, Tokenizer, train
from rcfam.training import TrainParams, checkpoint
from rcfam.training.run import load_model

ROOT: Final = Path(__file__).parent.parent
MOST_LINE: Final = 1_000
_HASH: Final = "0" * 64


class Row(NamedTuple):
    """What came of one kind of file."""

    kind: str
    tried: int
    read: int
    """Those that a reader took."""
    refused: int
    """Those that were one line."""
    lost: tuple[str, ...]
    """The others: what was damaged, and what came of it."""
    slowest_s: float


@dataclass(frozen=True)
class Kind:
    """A kind of file: how a valid one is made in a folder, which is its path, and who reads it."""

    name: str
    make: Callable[[Path], Path]
    read: Callable[[Path], Any]


def rows(count: int = 1_400, seed: int = 0, seconds: float = 10.0, only: tuple[str, ...] = ()) -> list[Row]:
    """Try `count` damaged files, evenly over the kinds. The same arguments damage the same files alike."""
    chosen = [kind for kind in KINDS if not only or kind.name in only]
    each = -(-count // len(chosen))
    with tempfile.TemporaryDirectory(prefix="rcfam-damaged-") as place:
        return [_try(kind, each, random.Random(f"{seed}:{kind.name}"), seconds, Path(place)) for kind in chosen]


def _try(kind: Kind, count: int, rng: random.Random, seconds: float, place: Path) -> Row:
    home = place / kind.name / "inside"
    home.mkdir(parents=True)
    path = kind.make(home)
    good = path.read_bytes()
    kind.read(path)
    before = _listing(place)
    read = refused = 0
    lost: list[str] = []
    slowest = 0.0
    for number, (what, data) in enumerate(damaged(path, good, rng, count)):
        path.write_bytes(data)
        started = time.perf_counter()
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                kind.read(path)
            read += 1
        except RcfamError as error:
            refused += 1
            if "\n" in str(error) or len(str(error)) > MOST_LINE:
                lost.append(f"{number} {what}: {len(str(error))} characters: {str(error)[:100]!r}")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            lost.append(f"{number} {what}: {type(error).__name__}: {str(error)[:200]!r}")
        took = time.perf_counter() - started
        slowest = max(slowest, took)
        if took > seconds:
            lost.append(f"{number} {what}: {took:.1f} s")
        if _listing(place) != before:
            lost.append(f"{number} {what}: wrote {sorted(_listing(place) - before)[:3]}")
            before = _listing(place)
    path.write_bytes(good)
    return Row(kind.name, count, read, refused, tuple(lost), slowest)


def _listing(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*")}


def damaged(path: Path, good: bytes, rng: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """So many damages of a file, the ones that its format has first in turn with those of its bytes."""
    if path.suffix == ".json":
        shaped = _of_json(good, rng)
    elif path.suffix in (".yaml", ".lock"):
        shaped = _of_yaml(good, rng)
    elif path.suffix == ".parquet":
        shaped = _of_parquet(good, rng)
    elif path.suffix == ".npz":
        shaped = _of_npz(good, rng)
    elif path.suffix == ".csv":
        shaped = _of_text(good, rng)
    else:
        shaped = _of_bytes(good, rng)
    raw = _of_bytes(good, rng)
    for number in range(count):
        yield next(shaped if number % 3 else raw)


def _of_bytes(good: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "a byte order mark", b"\xef\xbb\xbf" + good
    yield "UTF-16", good.decode("latin-1").encode("utf-16")
    yield "NUL", b"\0" * len(good)
    yield "twice", good + good
    yield "random", rng.randbytes(200)
    yield "brackets", b"[" * 200_000
    yield "braces", b'{"a":' * 50_000
    while True:
        data = bytearray(good)
        if rng.random() < 0.3:
            yield "cut", bytes(data[: rng.randrange(len(data))])
            continue
        for _ in range(rng.choice((1, 1, 2, 4, 32))):
            place = rng.randrange(len(data))
            data[place] = rng.randrange(256)
        if rng.random() < 0.2:
            start = rng.randrange(len(data))
            del data[start : start + rng.randrange(1, 64)]
        yield "bytes", bytes(data)


STRANGE: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**39, 10**5_000, 0.5, -0.0, 1e308, math.nan, math.inf),
    *("", "x", "1", "../../../x", "/etc/passwd", "a/b", "..", "\0", "\x1b[2J", "\ud800", "x" * 100_000, "a\nb", "-x"),
    *([], {}, [[]], [{}], {"": None}, [None] * 3, [0] * 10_000, {"x": {"y": {"z": 1}}}),
)


def _of_json(good: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    sys.set_int_max_str_digits(0)
    text = good.decode()
    while True:
        document = json.loads(text)
        way = rng.randrange(12)
        if way == 11:
            yield "the whole", _json(rng.choice(STRANGE))
            continue
        at, holder, key = rng.choice(list(_places(document)))
        if way == 0:
            del holder[key]
        elif way == 1 and isinstance(holder, dict):
            holder[rng.choice(["x", "", "../x", "\0", "version", "name"])] = rng.choice(STRANGE)
        elif way == 2:
            deep: Any = holder[key]
            for _ in range(rng.choice((1, 40, 900))):
                deep = [deep] if rng.random() < 0.5 else {"x": deep}
            holder[key] = deep
        elif way == 3 and isinstance(holder[key], list) and holder[key]:
            holder[key] = holder[key] * rng.choice((2, 50))
        elif way == 4 and isinstance(holder, dict):
            line = json.dumps({key: 1})[1:-1]
            yield f"{at} twice", json.dumps(document).replace("{", "{" + line + ", " + line + ", ", 1).encode()
            continue
        else:
            holder[key] = rng.choice(STRANGE)
        yield at, _json(document)


def _json(value: Any) -> bytes:
    with contextlib.suppress(RecursionError):
        return json.dumps(value).encode("utf-8", "surrogatepass")
    return b"[" * 5_000


def _places(value: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    keys = list(value) if isinstance(value, dict) else list(range(min(len(value), 20)))
    for key in keys:
        yield f"{at}.{key}", value, key
        if isinstance(value[key], dict | list) and value[key]:
            yield from _places(value[key], f"{at}.{key}")


def _of_yaml(good: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "aliases", b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n" + good
    yield "a cycle", b"a: &a [*a]\n" + good
    yield "a tag", b"a: !!python/object/apply:os.system [x]\n" + good
    yield "dashes", b"- " * 3_000
    strange = (
        "",
        "null",
        "true",
        "-1",
        "1e999",
        ".nan",
        "9" * 5_000,
        "[",
        "{}",
        "'x'",
        "../../x",
        "[1, [2]]",
        "&a 1",
        "*a",
    )
    lines = good.decode().split("\n")
    while True:
        changed = list(lines)
        place = rng.choice([n for n, line in enumerate(lines) if ":" in line])
        head = changed[place].partition(":")[0]
        way = rng.randrange(4)
        if way == 0:
            del changed[place]
        elif way == 1:
            changed.insert(place, changed[place])
        else:
            changed[place] = f"{head}: {rng.choice(strange)}"
        yield head.strip(), "\n".join(changed).encode()


def _of_parquet(good: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    table = pl.read_parquet(io.BytesIO(good))
    odd: tuple[Any, ...] = (
        None,
        -1,
        2**62,
        "x",
        "../x",
        math.nan,
        -math.inf,
        True,
        [1, 2],
        {"a": 1},
        b"\xff",
        "\x1b[2J",
    )
    yield "no rows", _parquet(table.clear())
    yield "no columns", _parquet(pl.DataFrame())
    yield "many rows", _parquet(pl.DataFrame({name: [table[name][0]] * 200_000 for name in table.columns[:3]}))
    while True:
        name = rng.choice(table.columns)
        way = rng.randrange(5)
        if way == 0:
            yield f"without {name}", _parquet(table.drop(name))
        elif way == 1:
            yield f"{name} otherwise named", _parquet(table.rename({name: f"{name}x"}))
        elif way == 2:
            value = rng.choice(odd)
            changed = table.with_columns(pl.Series(name, [value] * table.height))
            yield f"{name} is {value!r}", _parquet(changed)
        elif way == 3:
            kind = rng.choice([pl.String, pl.Int8, pl.UInt64, pl.Float32, pl.Categorical])
            with contextlib.suppress(pl.exceptions.PolarsError):
                yield f"{name} as {kind}", _parquet(table.with_columns(pl.col(name).cast(kind)))
        else:
            value = rng.choice([value for value in odd if value is None or isinstance(value, int | float | str)])
            values = [value, *table[name].to_list()[1:]]
            with contextlib.suppress(pl.exceptions.PolarsError, TypeError):
                yield (
                    f"{name} begins with {value!r}",
                    _parquet(table.with_columns(pl.Series(name, values, strict=False))),
                )


def _parquet(table: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    table.write_parquet(file)
    return file.getvalue()


def _of_npz(good: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    with np.load(io.BytesIO(good)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    while True:
        changed = dict(arrays)
        name = rng.choice(list(arrays))
        way = rng.randrange(7)
        if way == 0:
            del changed[name]
        elif way == 1:
            changed[name] = changed[name].astype(rng.choice([np.float64, np.uint8, np.int16, np.complex64, "U4"]))
        elif way == 2:
            changed[name] = np.array([{"a": 1}], object)
        elif way == 3:
            changed[name] = changed[name].reshape(-1, 1)
        elif way == 4:
            changed[name] = changed[name][: len(changed[name]) // 2]
        elif way == 5:
            changed[name] = np.array([rng.choice([-1, 2**31 - 1])] * len(changed[name]), changed[name].dtype)
        file = io.BytesIO()
        (np.savez_compressed if way == 6 else np.savez)(file, **changed)  # type: ignore[arg-type]
        yield name, file.getvalue()


def _of_text(good: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    strange = ("", "x", "-1", "nan", "inf", "9" * 400, "../x", "\x1b[2J", '"', "1e999", "a b c", "\0", "é")
    lines = good.decode().split("\n")
    while True:
        changed = list(lines)
        place = rng.randrange(max(1, len(lines) - 1))
        cells = changed[place].split(",")
        way = rng.randrange(4)
        if way == 0:
            del changed[place]
        elif way == 1:
            cells.insert(rng.randrange(len(cells) + 1), rng.choice(strange))
            changed[place] = ",".join(cells)
        elif way == 2:
            del cells[rng.randrange(len(cells))]
            changed[place] = ",".join(cells)
        else:
            cells[rng.randrange(len(cells))] = rng.choice(strange)
            changed[place] = ",".join(cells)
        yield f"line {place}", "\n".join(changed).encode("utf-8")


def _made_params(home: Path) -> Path:
    shutil.copy(ROOT / "params.yaml", home / "params.yaml")
    return home / "params.yaml"


def _read_params(path: Path) -> None:
    for section, kind in (("render", RenderParams), ("tokenize", TokenizeParams), ("train", TrainParams)):
        params.load(path, section, kind)


def _made_lock(home: Path) -> Path:
    text = (
        "schema: '2.0'\nstages:\n  fit:\n    cmd: x\n    outs:\n    - path: data/law\n      md5: 0a1b\n      size: 3\n"
    )
    (home / "dvc.lock").write_text(text)
    return home / "dvc.lock"


def _json_file(home: Path, name: str, value: object) -> Path:
    (home / name).write_text(json.dumps(value, indent=1))
    return home / name


def _made_mirrors(home: Path) -> Path:
    entries = [{"name": name, "source": name, "revision": None, "commit": "0" * 40} for name in ("a", "b")]
    return _json_file(home, mirrors.MANIFEST, {"version": 1, "repositories": entries})


def _made_split(home: Path) -> Path:
    spans = [["a", "train", 0, 900], ["a", "held_out", 900, 1_000], ["b", "train", 0, 500]]
    return _json_file(home, "split.json", {"held_out": 0.1, "seed": 0, "vocabulary": _HASH, "spans": spans})


def _made_dataset(home: Path) -> Path:
    about = index.About(24, 80, 512, _HASH, "length", ((0, 0, 0), (1, 2, 3)))
    rows = [("a", "a", "train", 0, 30, 0, 10), ("a", "a", "held_out", 30, 30, 10, 10), ("b", "b", "train", 0, 9, 0, 3)]
    index.write(home, about, pl.DataFrame(rows, list(index.SCHEMA), orient="row"))
    return home / index.ABOUT


def _made_index(home: Path) -> Path:
    return _made_dataset(home).with_name(index.INDEX)


def _made_vocabulary(home: Path) -> Path:
    keys_K = np.frombuffer(("def f(x):\r    return x\r" * 40).encode(), np.uint8).astype(np.uint32)
    train([(keys_K, [])], TokenizeParams(size=300)).save(home / "vocabulary.json")
    return home / "vocabulary.json"


def _made_tokens(home: Path) -> Path:
    found = token_files.Tokens(np.arange(50, dtype=np.int32), np.arange(50), np.array([0, 20]))
    token_files.save(home / f"a{token_files.SUFFIX}", found)
    return home / f"a{token_files.SUFFIX}"


def _made_run(home: Path) -> Path:
    model = documents.build(ModelParams, params.preset("tiny", {"model": ModelParams})["model"], "tiny")
    weights = build(model, DataShape(24, 80, 384, np.zeros((2, 3), np.uint32)), 0).state_dict()
    said = {"dataset": _HASH, "tokenizer": _HASH, "rows": 24, "columns": 80, "vocabulary": 384, "attributes": 2}
    said |= {
        "code": "0",
        "study": "length",
        "length": 8,
        "seed": 0,
        "world": 1,
        "model": schema.plain(model),
        "train": {},
    }
    checkpoint.save(home / "final", weights, said, {"step": 1})
    return home / "final.json"


def _table() -> pl.DataFrame:
    """A run table of a planted law: loss = 6 L^-0.15, a little less with every step."""
    rows = [
        (length, seed, step, 6 * length**-0.15 * (1 + 1 / step) * (1 + 0.01 * seed), 0.1 * step * length)
        for length in (2, 8, 32)
        for seed in (0, 1)
        for step in range(1, 31)
    ]
    return pl.DataFrame(rows, ["length", "seed", "step", "loss", "wall_s"], orient="row")


def _made_law(home: Path) -> Path:
    found = analyse(runs(_table()), FitParams(bootstrap=100))
    for name, table in tables_of(found).items():
        table.write_csv(home / f"{name}.csv", float_precision=8)
    return _json_file(home, "law.json", law_of(found))


def _page(home: Path, **others: Any) -> None:
    found = {name: home / f"{name}.csv" for name in report.LAW_TABLES}
    drawn = {name: tables.fitted(tables.read_csv(path), schemas.TABLES[name], name) for name, path in found.items()}
    material = report.Inputs(schemas.law(home / "law.json"), drawn, ("one",), **others)
    specs = report.charts(material)
    report.page(material, report.ReportParams(), specs)


def _made_fits(home: Path) -> Path:
    _made_law(home)
    return home / "fits.csv"


def _made_crossovers(home: Path) -> Path:
    _made_law(home)
    return home / "crossovers.csv"


def _made_study(home: Path) -> Path:
    _made_law(home)
    cell = {"seeds": 2, "step": 50, "loss_low": 4.5, "loss_high": 5.5, "wall_s": 1.0, "flops": 1e9}
    said = dict.fromkeys(("question", "paper", "confirmed", "refuted"), "words")
    value = {
        **said,
        "study": "batch",
        "size": "tiny",
        "answer": "no",
        "says": ["More is better: no."],
        "factors": ["length", "train.batch", "seed"],
        "planned": 12,
        "finished": 11,
        "failed": ["x"],
        "window": 20,
        "confidence": 0.95,
        "claims": [{"says": "x", "verdict": "no", "by": "steps", "ratio": 1.1, "low": 1.0, "high": 1.2, "pairs": 2}],
        "laws": [{"group": {"train.batch": 2}, "conclusions": ["x"], "alpha": 0.1, "amplitude": 5.5}],
        "cells": [{"length": n, "train.batch": b, "loss": 5.0 - 0.1 * n, **cell} for n in (4, 16) for b in (2, 8)],
        "best": [{"by": "wall", "at": 2.0, "loss": 5.0, "length": 4, "train.batch": 2}],
        "doublings": [{"factor": "length", "from": 4, "to": 16, "train.batch": 2, "ratio": 0.9, "low": None}],
    }
    return _json_file(home, "summary.json", value)


def _made_evaluation(home: Path) -> Path:
    _made_law(home)
    rows = [(f"{n}-{s}", n, s, 3.0, 0.4, 0.6) for n in (2, 8, 32) for s in (0, 1)]
    table = pl.DataFrame(rows, ["run", "length", "seed", "loss", "accuracy", "sustained"], orient="row")
    table.write_parquet(home / "evaluation.parquet")
    return home / "evaluation.parquet"


def _made_table(home: Path) -> Path:
    _table().write_parquet(home / "runs.parquet")
    return home / "runs.parquet"


def _made_csv(home: Path) -> Path:
    _table().write_csv(home / "runs.csv")
    return home / "runs.csv"


def _fit(path: Path) -> None:
    analyse(runs(read_table(path)), FitParams(bootstrap=100))


def _made_cases(home: Path) -> Path:
    version = cases.Version("0" * 40, "1" * 40, 1_000)
    case = cases.Case("id", "repo", "a.py", version, version, "a\n", "b\n", {3: ("x", "y"), 1: ("x", "y")})
    cases.write(home / "cases.parquet", [case, case])
    return home / "cases.parquet"


def _made_data(home: Path) -> Path:
    return _json_file(home, "data.json", DataSpec(MazeParams()).described())


KINDS: Final = (
    Kind("params.yaml", _made_params, _read_params),
    Kind("dvc.lock", _made_lock, provenance),
    Kind("mirrors", _made_mirrors, lambda path: mirrors.read(path.parent)),
    Kind("split", _made_split, dataset_tables.read_split),
    Kind("dataset", _made_dataset, lambda path: index.Dataset.open(path.parent)),
    Kind(
        "index", lambda home: _made_dataset(home).with_name(index.INDEX), lambda path: index.Dataset.open(path.parent)
    ),
    Kind("vocabulary", _made_vocabulary, Tokenizer.load),
    Kind("tokens", _made_tokens, token_files.load),
    Kind("run", _made_run, lambda path: load_model(path.parent)),
    Kind("weights", lambda home: _made_run(home).with_suffix(".safetensors"), lambda path: load_model(path.parent)),
    Kind("run table", _made_table, _fit),
    Kind("run table, CSV", _made_csv, _fit),
    Kind("law", _made_law, lambda path: _page(path.parent)),
    Kind("law's fits", _made_fits, lambda path: _page(path.parent)),
    Kind("law's crossovers", _made_crossovers, lambda path: _page(path.parent)),
    Kind("study's summary", _made_study, lambda path: _page(path.parent, studies=(schemas.study(path),))),
    Kind(
        "evaluation",
        _made_evaluation,
        lambda path: _page(path.parent, evaluation=tables.read(path, schemas.EVALUATION, others=True)),
    ),
    Kind("cases", _made_cases, cases.load),
    Kind("task's data", _made_data, described),
)


def main() -> None:
    """The command line. Exit status 1 where a file is lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_400, help="damaged files in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0, help="the most that one file may take")
    parser.add_argument("--only", nargs="*", default=(), help=f"of {', '.join(kind.name for kind in KINDS)}")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    given = parser.parse_args()
    found = rows(given.count, given.seed, given.seconds, tuple(given.only))
    tried, lost = sum(row.tried for row in found), sum(len(row.lost) for row in found)
    claims = [{"claim": "damaged documents that did anything but be read or be refused in one line", "value": lost}]
    if given.json:
        print(json.dumps({"tried": tried, "lost": lost, "claims": claims, "rows": [row._asdict() for row in found]}))
    else:
        for row in found:
            print(
                f"{row.kind:18} {row.tried:6,} tried {row.read:6,} read {row.refused:6,} refused {len(row.lost):4} lost"
                f"  slowest {row.slowest_s:.2f} s"
            )
            for each in row.lost:
                print(f"    {each}")
        print(f"{tried:,} damaged files, {lost} lost")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
