"""Holds what a user can measure against hashes that are taken before a refactoring.

    python -m tests.support.unchanged          compare with unchanged.json beside it; exit code 1 for a difference
    python -m tests.support.unchanged --take   write that file anew, in a commit that says why results change

A small history is rendered in two styles, tokenized, indexed and trained on with the verbs of the command line and the
tiny preset; a planted run table is fitted and drawn. Integers are the same everywhere. Weights, laws and figures
depend on the processor and on versions of the libraries: their hashes are compared on the platform that took them.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import polars as pl
import torch
import yaml

from rcfam.history.synthetic import make_repository
from rcfam.report import charts
from rcfam.scaling import FitParams, analyse, runs, summary
from tests.support.oracles import planted, reported

TAKEN: Final = Path(__file__).with_suffix(".json")
ANYWHERE: Final = ("recording", "tokens", "vocabulary", "dataset")
"""Prefixes of the names whose hashes depend on no processor."""
TIMES: Final = frozenset({"wall_s", "step_s", "peak_bytes", "tokens_s", "frames_s", "mfu"})
"""Columns of the run table that hold measured times or memory."""
STEPS: Final = 12


def platform() -> str:
    """The processor and the versions on which floating-point results depend."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    processor = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    versions = (f"{name} {metadata.version(name)}" for name in ("torch", "numpy", "scipy", "polars", "altair"))
    return ", ".join([processor, *versions])


def measured(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of everything, made in an empty folder."""
    return dict(_pipeline(folder)) | dict(_planted())


def _pipeline(folder: Path) -> Iterator[tuple[str, str]]:
    _make_history(folder)
    for style in ("vim", "arrows"):
        place = folder / style
        place.mkdir()
        _make_params(place, folder, style)
        _rcfam(place, "clone", "-o", "mirrors")
        _rcfam(place, "render", "mirrors", "-o", "recordings")
        for path in sorted(place.glob("recordings/**/*.tsr")):
            yield f"recording {style} {path.stem}", _sha(path.read_bytes())
    place = folder / "vim"
    _rcfam(place, "tokenize", "recordings", "-o", "tokens")
    yield "vocabulary", _sha((place / "tokens" / "vocabulary.json").read_bytes())
    for path in sorted(place.glob("tokens/**/*.npz")) + sorted(place.glob("tokens/**/*.parquet")):
        yield f"tokens {path.relative_to(place / 'tokens')}", _content(path)
    _rcfam(place, "dataset", "recordings", "tokens", "-o", "dataset")
    for path in sorted(place.glob("dataset/*.parquet")):
        yield f"dataset {path.name}", _content(path)
    _rcfam(place, "train", "dataset", "--length", "4", "-o", "runs/length-4")
    yield "weights", _weights(place / "runs" / "length-4")
    table = pl.read_parquet(next(place.glob("runs/length-4/runs.parquet")))
    yield "run table", _sha(repr(table.select(pl.exclude(TIMES)).rows()).encode())


def _planted() -> Iterator[tuple[str, str]]:
    table = planted.table(planted.Planted(), planted.LENGTHS, 2, steps=120)
    yield "law.json", _sha(_canonical(summary(analyse(runs(table), FitParams(bootstrap=200)))))
    for name, chart in sorted(charts(reported.material()).items()):
        yield f"figure {name}", _sha(_canonical(chart))


def _make_history(folder: Path) -> None:
    text = [b"def f%d(x):\n    return x + %d\n\n\n" % (n, n) for n in range(12)]
    commits: list[tuple[str, dict[str, bytes]]] = []
    for n in range(8):
        lines = [line.replace(b"x + ", b"%d * x - " % n) if i % 3 == n % 3 else line for i, line in enumerate(text)]
        commits.append(
            (f"Change number {n}", {"a.py": b"".join(lines[: 5 + n]), f"n{n}.txt": "größer €\n".encode() * n})
        )
    make_repository(folder / "first.git", commits)
    make_repository(folder / "second.git", [(f"{message}, again", files) for message, files in commits[:5]])


def _make_params(place: Path, folder: Path, style: str) -> None:
    listed = "".join(f"{name} {folder / name}.git\n" for name in ("first", "second"))
    (place / "repositories.txt").write_text(listed, encoding="utf-8")
    _rcfam(place, "preset", "tiny")
    path = place / "params.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["clone"] |= {"repositories": "repositories.txt", "revisions": {}}
    document["render"]["style"] = style
    document["tokenize"] |= {"size": 300, "min_count": 2}
    document["study"] |= {"lengths": [4], "seeds": [0]}
    document["train"] |= {"steps": STEPS, "checkpoint_every": STEPS, "validate_every": 4, "validate_frames": 64}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _rcfam(place: Path, *words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "rcfam", *words], cwd=place, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"rcfam {' '.join(words)}: {done.stderr.strip()}")


def _weights(runs_folder: Path) -> str:
    path = max(path for path in runs_folder.rglob("*") if path.suffix in {".pt", ".safetensors"})
    if path.suffix == ".pt":
        return _tensors(torch.load(path, weights_only=True))
    from safetensors.torch import load_file

    return _tensors(load_file(path))


def _tensors(value: Any) -> str:
    found = hashlib.sha256()
    for name, tensor in sorted(_named(value, "")):
        found.update(name.encode() + tensor.detach().contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def _named(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value.reshape(-1)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _named(each, f"{name}.{key}")


def _content(path: Path) -> str:
    if path.suffix == ".parquet":
        table = pl.read_parquet(path)
        return _sha(repr((table.schema, table.rows())).encode())
    return _sha(path.read_bytes())


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def differences(now: dict[str, str], taken: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What differs from the hashes that were taken, and what this platform cannot compare."""
    then: dict[str, str] = taken["hashes"]
    alike = taken["platform"] == platform()
    left = [] if alike else [name for name in then if not name.startswith(ANYWHERE)]
    differing = [
        name for name in sorted(then.keys() | now.keys()) if name not in left and then.get(name) != now.get(name)
    ]
    return differing, left


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare what a user can measure with hashes taken before.")
    parser.add_argument("--take", action="store_true", help="write the hashes anew")
    take = parser.parse_args().take
    with tempfile.TemporaryDirectory() as folder:
        now = measured(Path(folder))
    if take:
        taken = {"platform": platform(), "hashes": now}
        TAKEN.write_text(json.dumps(taken, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{TAKEN}: {len(now)} hashes")
        return
    differing, left = differences(now, json.loads(TAKEN.read_text(encoding="utf-8")))
    print(*(f"differs: {name}" for name in differing), sep="\n", end="\n" if differing else "")
    print(f"{len(now) - len(differing) - len(left)} of {len(now)} are unchanged, {len(left)} not comparable here")
    raise SystemExit(bool(differing))


if __name__ == "__main__":
    main()
