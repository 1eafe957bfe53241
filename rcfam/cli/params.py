"""`rcfam preset`, `rcfam params`, and how every verb reads its parameters: a file, and `-S key=value` over it."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from rcfam import documents, params, schema
from rcfam.atomic import check_file, io_errors, writing
from rcfam.bounds import nearest
from rcfam.documents import DocumentError
from rcfam.errors import RcfamError
from rcfam.params import Setting
from rcfam.printable import say

DEFAULT = Path("params.yaml")
_WRITTEN = "`rcfam preset {}` writes this file. `rcfam params` checks it; `rcfam params --explain KEY` says more."

T = TypeVar("T")

ParamsOption = Annotated[
    Path | None, typer.Option("--params", help="Parameter file; without it params.yaml if it is here, else defaults.")
]
ParamsFileOption = Annotated[Path, typer.Option("--params", help="The parameter file.")]
SettingsOption = Annotated[
    list[Setting] | None,
    typer.Option(
        "-S",
        "--set",
        parser=params.setting,
        metavar="KEY=VALUE",
        help="A value instead of the parameter file's, such as train.batch=16; may be repeated.",
    ),
]


class Parameters:
    """What a verb reads of a parameter file, with `-S key=value` over it.

    Without a path, sections are read from params.yaml if it is here and has them; the others have their defaults.
    """

    def __init__(self, path: Path | None, settings: Iterable[Setting] | None, *sections: str) -> None:
        """`sections` are those that the verb reads, none for all. Raises DocumentError for a setting of another one."""
        self._optional = path is None
        self.path = path or DEFAULT
        self._settings = list(settings or ())
        self._document = {} if self._optional and not self.path.exists() else params.read(self.path)
        for setting in self._settings if sections else ():
            name = setting.key.partition(".")[0]
            if name not in sections:
                raise DocumentError(f"-S {setting.key}: this verb reads {', '.join(sections)}{nearest(name, sections)}")

    @property
    def sections(self) -> dict[str, Any]:
        """The whole file with the settings, as plain values; whether they are valid is not said."""
        return params.overridden(self._document, {each.key: each.value for each in self._settings}, "-S")

    def has(self, name: str) -> bool:
        """Whether the file has a section."""
        return name in self._document

    def section(self, name: str, kind: type[T]) -> T:
        """A section as its dataclass. Raises DocumentError."""
        if self._optional and name not in self._document:
            found = kind()
        else:
            found = params.load(self.path, name, kind)
        values = {each.key: each.value for each in self._settings if each.key.partition(".")[0] == name}
        if not values:
            return found
        document = params.overridden({name: schema.plain(found)}, values, "-S")
        return documents.build(kind, document[name], f"-S: {name}", complete=False)


def preset(
    name: Annotated[str | None, typer.Argument(help="Which one; without a name they are listed.")] = None,
    path: Annotated[Path, typer.Option("--params", help="The file to write.")] = DEFAULT,
    settings: SettingsOption = None,
) -> None:
    """Write a preset, a complete alternative, to params.yaml; what stood there is kept as params.before-N.yaml."""
    if name is None:
        say("\n".join(params.presets()))
        return
    text = written(name, settings or ()).encode()
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


def written(name: str, settings: Sequence[Setting] = ()) -> str:
    """A preset as a whole parameter file, with a comment for every key. Raises DocumentError."""
    params.about(name)  # an unknown name is told before the rooms are imported
    kinds = sections()
    document = params.overridden(params.preset(name, kinds), dict(settings), "-S")
    for section, kind in kinds.items():
        built: Any = documents.build(kind, document[section], f"preset '{name}': {section}", complete=False)
        document[section] = schema.plain(built)
    return params.commented(document, kinds, params.about(name) + _WRITTEN.format(name))


def _keep(path: Path) -> Path:
    """Give a file a second name beside it that no file has yet, and return that."""
    for number in count(1):
        kept = path.with_name(f"{path.stem}.before-{number}{path.suffix}")
        with io_errors(kept), suppress(FileExistsError):
            os.link(path, kept)
            return kept
    raise AssertionError


def check(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The parameter file; with --explain a key.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what a key, a section, or without one every key means.")
    ] = False,
) -> None:
    """Check every section of a parameter file; the first key that is unknown, missing or mistyped is named."""
    if explain:
        say("\n".join(explained(None if path is None else str(path))))
        return
    path, kinds = path or DEFAULT, sections()
    for section in params.read(path):
        if section not in kinds:
            known = ", ".join(kinds)
            raise DocumentError(f"{path}: unknown section '{section}'; known: {known}{nearest(section, kinds)}")
    for section, kind in kinds.items():
        params.load(path, section, kind)
    say(f"{path}: {len(kinds)} sections, all well")


def explained(name: str | None) -> list[str]:
    """What a key means; a line for each key of a section, or of all. Raises RcfamError where there is none."""
    keys = list(schema.all_keys(sections()))
    exact = [key for key in keys if name is not None and (key.name == name or key.name.endswith(f".{name}"))]
    above = tuple(f"{each}." for each in [name, *(key.name for key in exact)])
    inner = [key for key in keys if name is None or key.name.startswith(above)]
    if not exact and not inner:
        known = {key.name for key in keys} | {key.name.partition(".")[0] for key in keys}
        raise RcfamError(f"{name}: no such key; `rcfam params --explain` lists all{nearest(str(name), known)}")
    lines: list[str] = []
    for key in exact:
        default = "none" if key.default is schema.NO_DEFAULT else params.flow(key.default)
        lines += [
            f"{key.name}, kind {key.kind}" if key.kind else key.name,
            f"  {schema.described(key.hint)}",
            f"  default: {default}",
            f"  {key.doc}",
        ]
    return lines + [f"{key.name}: {key.summary}" for key in inner]


def sections() -> dict[str, type]:
    """The sections of params.yaml in order, each with its room's dataclass."""
    from rcfam.dataset import DatasetParams
    from rcfam.evaluation import EvaluateParams
    from rcfam.evaluation.rollout import RolloutParams
    from rcfam.model import ModelParams
    from rcfam.rendering import CloneParams, RenderParams
    from rcfam.report import ReportParams
    from rcfam.scaling import FitParams
    from rcfam.tokenizer import TokenizeParams
    from rcfam.training import StudyParams, TrainParams

    return {
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
