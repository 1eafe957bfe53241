"""`rcfam preset`, `rcfam params`: choose a complete set of parameters, and check one."""

import os
from contextlib import suppress
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from rcfam import params
from rcfam.atomic import check_file, io_errors, writing
from rcfam.documents import DocumentError
from rcfam.errors import RcfamError
from rcfam.printable import say

DEFAULT = Path("params.yaml")
_PRESETS = resources.files("rcfam") / "presets"

T = TypeVar("T")

ParamsOption = Annotated[
    Path | None, typer.Option("--params", help="Parameter file; without it params.yaml if it is here, else defaults.")
]


def section(path: Path | None, name: str, kind: type[T]) -> T:
    """A section of the file; without a file, of params.yaml if it is here and has that section, else the defaults."""
    if path is None:
        if not DEFAULT.exists() or name not in params.read(DEFAULT):
            return kind()
        path = DEFAULT
    return params.load(path, name, kind)


def preset(
    name: Annotated[str | None, typer.Argument(help="Which one; without a name they are listed.")] = None,
    path: Annotated[Path, typer.Option("--params", help="The file to write.")] = DEFAULT,
) -> None:
    """Write a preset, a complete alternative, to params.yaml; what stood there is kept as params.before-N.yaml."""
    known = sorted(entry.name.removesuffix(".yaml") for entry in _PRESETS.iterdir() if entry.name.endswith(".yaml"))
    if name is None:
        say("\n".join(known))
        return
    if name not in known:
        raise RcfamError(f"no preset '{name}'; known: {', '.join(known)}")
    text = (_PRESETS / f"{name}.yaml").read_bytes()
    check_file(path)
    if path.exists():
        if path.stat().st_size == len(text) and path.read_bytes() == text:
            say(f"{path} holds preset '{name}' already")
            return
        kept = _keep(path)
        say(f"the former {path} is now {kept}")
    with writing(path, durable=True) as part:
        part.write_bytes(text)
    say(f"{path} holds preset '{name}'")


def _keep(path: Path) -> Path:
    """Give a file a second name beside it that no file has yet, and return that."""
    for number in count(1):
        kept = path.with_name(f"{path.stem}.before-{number}{path.suffix}")
        with io_errors(kept), suppress(FileExistsError):
            os.link(path, kept)
            return kept
    raise AssertionError


def check(path: Annotated[Path, typer.Argument(help="The parameter file.")] = DEFAULT) -> None:
    """Check every section of a parameter file; the first key that is unknown, missing or mistyped is named."""
    from rcfam.dataset import DatasetParams
    from rcfam.evaluation import EvaluateParams
    from rcfam.evaluation.rollout import RolloutParams
    from rcfam.model import ModelParams
    from rcfam.rendering import CloneParams, RenderParams
    from rcfam.report import ReportParams
    from rcfam.scaling import FitParams
    from rcfam.tokenizer import TokenizeParams
    from rcfam.training import StudyParams, TrainParams

    sections = {
        "clone": CloneParams,
        "render": RenderParams,
        "tokenize": TokenizeParams,
        "dataset": DatasetParams,
        "model": ModelParams,
        "study": StudyParams,
        "train": TrainParams,
        "evaluate": EvaluateParams,
        "rollout": RolloutParams,
        "fit": FitParams,
        "report": ReportParams,
    }
    for section in params.read(path):
        if section not in sections:
            raise DocumentError(f"{path}: unknown section '{section}'; known: {', '.join(sections)}")
    for section, kind in sections.items():
        params.load(path, section, kind)
    say(f"{path}: {len(sections)} sections, all well")
