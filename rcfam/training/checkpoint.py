"""Checkpoints: a safetensors file and a JSON file beside it, each whole or absent. No pickle.

The JSON is written last and names the tensors' SHA-256, so a checkpoint exists exactly when its JSON does. It holds an
`identity`: everything that must agree before training may go on from here.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import safetensors
import safetensors.torch
from torch import Tensor

from rcfam import documents
from rcfam.atomic import sweep, writing
from rcfam.bounds import Sha256
from rcfam.documents import DocumentError
from rcfam.training.errors import CheckpointError

VERSION: Final = 1
_STEP: Final = re.compile(r"step-(\d{7,15})\.json")
_NAMED: Final = 3  # differences in one message


@dataclass(frozen=True)
class _Document:
    """The JSON file."""

    version: Literal[1]
    sha256: Sha256
    """Of the tensors' file."""
    identity: dict[str, Any]
    progress: dict[str, Any]


class Checkpoint(NamedTuple):
    """What one checkpoint says."""

    tensors: dict[str, Tensor]
    identity: dict[str, Any]
    progress: dict[str, Any]


def save(stem: Path, tensors: dict[str, Tensor], identity: dict[str, Any], progress: dict[str, Any]) -> None:
    """Write `stem`.safetensors, then `stem`.json."""
    tensor_path, json_path = paths(stem)
    with writing(tensor_path, durable=True) as part:
        safetensors.torch.save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, part)
        digest = _sha256(part)
    document = {"version": VERSION, "sha256": digest, "identity": identity, "progress": progress}
    with writing(json_path, durable=True) as part:
        part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load(stem: Path) -> Checkpoint:
    """Read a checkpoint back. Raises CheckpointError where it is missing, damaged or of another version."""
    tensor_path, json_path = paths(stem)
    said = _document(json_path)
    try:
        if _sha256(tensor_path) != said.sha256:
            raise CheckpointError(f"{tensor_path}: contents differ from the SHA-256 that {json_path.name} names")
        return Checkpoint(safetensors.torch.load_file(tensor_path), said.identity, said.progress)
    except DocumentError as error:
        raise CheckpointError(f"{error}") from error
    except OSError as error:
        raise CheckpointError(f"{tensor_path}: {error.strerror}") from error
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{tensor_path}: {error}") from error


def identity_in(stem: Path) -> dict[str, Any]:
    """The identity alone, whatever became of the tensors: a killed process may have written them anew."""
    return _document(paths(stem)[1]).identity


def digest_in(stem: Path) -> str:
    """The SHA-256 of the tensors, as the checkpoint names it."""
    return _document(paths(stem)[1]).sha256


def _document(path: Path) -> _Document:
    try:
        return documents.load(path, _Document)
    except DocumentError as error:
        raise CheckpointError(f"{error}") from error


def agree(
    where: Path,
    found: dict[str, Any],
    wanted: dict[str, Any],
    cure: str = "delete the folder or start anew with --restart",
) -> None:
    """Raise CheckpointError naming the differences of two identities, other than in the program's own code."""
    named = differences(found | {"code": None}, wanted | {"code": None})
    if named:
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        raise CheckpointError(f"{where}: {', '.join(named[:_NAMED])}{more}; {cure}")


def differences(found: dict[str, Any], wanted: dict[str, Any], prefix: str = "") -> list[str]:
    """Every key in which two nested mappings differ, as `key is a in the checkpoint, b now`, or which only one has."""
    out: list[str] = []
    for key in sorted(found.keys() | wanted.keys()):
        a, b = found.get(key), wanted.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            out += differences(a, b, f"{prefix}{key}.")
        elif key not in found or key not in wanted:
            out.append(f"{prefix}{key} is only {'asked for now' if key in wanted else 'in the checkpoint'}")
        elif a != b:
            out.append(f"{prefix}{key} is {a!r} in the checkpoint, {b!r} now")
    return out


def steps_saved(folder: Path) -> list[int]:
    """The steps that `folder` holds a checkpoint of, in rising order."""
    named = (_STEP.fullmatch(path.name) for path in folder.glob("step-*.json"))
    return sorted(int(found[1]) for found in named if found)


def stem_of(folder: Path, step: int) -> Path:
    """Where the checkpoint after `step` stands, without the ending."""
    return folder / f"step-{step:07d}"


def prune(folder: Path, keep: int) -> None:
    """Delete all but the last `keep` checkpoints, JSON first, and parts that a killed process left."""
    for step in steps_saved(folder)[: -keep or None]:
        for path in reversed(paths(stem_of(folder, step))):
            path.unlink(missing_ok=True)
    kept = {stem_of(folder, step).name for step in steps_saved(folder)}
    for path in folder.glob("step-*.safetensors"):
        if path.stem not in kept:
            path.unlink(missing_ok=True)
    if folder.exists():
        sweep(folder)


def paths(stem: Path) -> tuple[Path, Path]:
    """The two files of a checkpoint: tensors, JSON."""
    return stem.with_name(f"{stem.name}.safetensors"), stem.with_name(f"{stem.name}.json")


def _sha256(path: Path) -> str:
    with documents.regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
