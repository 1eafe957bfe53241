"""What the page is made from must look like this: a law, its tables, the tables beside it, the summaries of studies.

Only what the page draws or calculates with is demanded; columns and keys that are optional may be missing, and others
are let through as they are.
"""

from pathlib import Path
from typing import Annotated, Any, Final

from rcfam import documents
from rcfam.bounds import Count, Name, Range, Size, shown
from rcfam.documents import DocumentError
from rcfam.tables import Column

Scalar = bool | int | float | str | None
_Number = int | float | None
_Word = Annotated[str, Size(1, 200)]
_Texts = Annotated[tuple[Annotated[str, Size(0, 10_000)], ...], Size(0, 10_000)]

_WHOLE: Final = Column(int, Range(0), null=True)
_REAL: Final = Column(float, null=True)
_TEXT: Final = Column(str, null=True)


def _optional(column: Column, *names: str) -> dict[str, Column]:
    null = column.bound is None
    return {name: Column(column.kind, column.bound, null=null, optional=True) for name in names}


def _reals(*names: str) -> dict[str, Column]:
    return dict.fromkeys(names, _REAL)


_LENGTH: Final = {"length": Column(float, Range(1))}
_CURVE: Final = {**_LENGTH, **_reals("loss", "low", "high")}
TABLES: Final[dict[str, dict[str, Column]]] = {
    "points": {**_LENGTH, "seed": Column(int), "step": Column(int), "loss": Column(float)},
    "law": {**_LENGTH, **_reals("loss", "seeds", "pure", "pure_residual", "irreducible", "irreducible_residual")},
    "band": {**_LENGTH, **_reals("pure", "low", "high", "irreducible")},
    "fits": {
        "law": _TEXT,
        "lengths": _TEXT,
        "method": _TEXT,
        "interval": _TEXT,
        "count": _WHOLE,
        **_reals("alpha", "alpha_low", "alpha_high", "amplitude", "irreducible", "r2", "aicc", "bic"),
    },
    "slopes": {"from": _LENGTH["length"], "to": _LENGTH["length"], **_reals("slope", "loss_ratio_per_doubling")},
    "forecasts": {"law": _TEXT, **_LENGTH, **_reals("measured", "predicted", "error", "low", "high")},
    "evolution": {
        "step": Column(float, Range(0)),
        **_reals("alpha", "low", "high", "amplitude", "amplitude_low", "amplitude_high", "r2", "saturating"),
    },
    "crossovers": {
        "short": Column(int, Range(1)),
        "long": Column(int, Range(1)),
        "measured": _TEXT,
        "predicted": _TEXT,
        **_reals("measured_s", "low_s", "high_s", "common_s", "predicted_s"),
        "seed_pairs_crossed": Column(int, Range(0)),
        "seed_pairs": Column(int, Range(0)),
    },
    "loss_over_steps": {"step": Column(float, Range(0)), **_CURVE},
    "loss_over_wall": {"wall_s": Column(float, Range(0)), **_CURVE},
}
"""Of the law, by their names."""
RUNS: Final = {
    "length": Column(int, Range(1)),
    "step": Column(int, Range(1)),
    "loss": Column(float),
    **_optional(Column(str), "run", "study"),
    **_optional(Column(int), "seed", "batch", "tokens", "frames", "peak_bytes", "syncs", "sync_bytes"),
    **_optional(Column(float), "accuracy", "grad_norm", "wall_s", "step_s", "first_loss", "last_loss"),
    **_optional(Column(float), "tokens_s", "frames_s", "mfu", "held_out_loss"),
}
EVALUATION: Final = {
    **_optional(Column(str), "run", "study"),
    **_optional(Column(int, Range(0)), "length", "seed", "positions"),
    **_optional(Column(float), "loss", "bits_per_keystroke", "accuracy", "sustained", "sustained_from_start"),
    **_optional(Column(float), "early_loss", "late_loss", "own_loss", "own_accuracy"),
}
POSITIONS: Final = {
    **_optional(Column(int, Range(1)), "length", "position"),
    **_optional(Column(float), "loss", "accuracy"),
    **_optional(Column(int), "seed"),
}
STATISTICS: Final = {**_optional(Column(str), "of", "name", "quantity"), **_optional(Column(float), "value")}
ROLLOUTS: Final = {
    **dict.fromkeys(("policy", "goal", "file"), Column(str)),
    "completed": Column(bool, null=True),
    "before": Column(int),
    "share": _REAL,
    "agreed_keys": Column(int, null=True),
    "keys_left": Column(int, null=True),
}
"""One row a rollout."""
SUMMARY: Final = {
    "policy": Column(str),
    "goal": Column(str),
    "before": Column(int),
    "rollouts": Column(int),
    **_optional(
        Column(float), "completed", "share", "agreed_keys", "steps", "wasted", "invalid", "diverged", "recovered"
    ),
    **_optional(Column(float), "faults", "timeouts", "silent"),
}
"""Means over rollouts."""
CURVES: Final = {"policy": Column(str), "step": Column(int), "remaining": _REAL}

_STUDY: Final[dict[str, Any]] = {
    "study": Name,
    "size": Name,
    "question": _Word,
    "paper": str,
    "confirmed": str,
    "refuted": str,
    "answer": _Word,
    "says": _Texts,
    "factors": tuple[_Word, ...],
    "planned": Count,
    "finished": Count,
    "failed": _Texts,
    "window": Count,
    "confidence": Annotated[float, Range(0, 1)],
}
_CLAIM: Final[dict[str, Any]] = {"says": str, "verdict": _Word, "by": _Word}
_CLAIM_NUMBERS: Final = ("ratio", "low", "high", "pairs")
_CELL: Final[dict[str, Any]] = {"seeds": Count, "step": Count, "loss": _Number, "loss_low": _Number}
_BEST: Final[dict[str, Any]] = {"by": _Word, "at": _Number, "loss": _Number}
_DOUBLING: Final[dict[str, Any]] = {"factor": _Word, "from": _Number, "to": _Number, "ratio": _Number}


def law(path: Path) -> dict[str, float | int | str | None]:
    """law.json: numbers by name, alpha among them, null where no law could be fitted. Raises DocumentError."""
    return _numbers(documents.load_json(path), f"{path}:")


def _numbers(value: Any, where: str) -> dict[str, float | int | str | None]:
    found = documents.convert(dict[_Word, _Number], value, where)
    documents.convert(_Number, _at(found, "alpha", where), f"{where} alpha")
    return dict(found)


def study(path: Path) -> dict[str, Any]:
    """The summary of a study (studies/findings.py says what is in it). Raises DocumentError."""
    value, where = documents.load_json(path), f"{path}:"
    if not isinstance(value, dict):
        raise DocumentError(f"{path}: expected keys and values, found {shown(value)}")
    for key, kind in _STUDY.items():
        documents.convert(kind, _at(value, key, where), f"{where} {key}")
    for number, each in enumerate(_rows(value, "claims", where)):
        _row(each, _CLAIM, f"{where} claims[{number}]", _CLAIM_NUMBERS)
    for key, wanted in (("cells", _CELL), ("best", _BEST), ("doublings", _DOUBLING)):
        for number, each in enumerate(_rows(value, key, where)):
            _row(each, wanted, f"{where} {key}[{number}]", ("low", "high", "pairs", "loss_high", "wall_s", "flops"))
    for number, each in enumerate(_rows(value, "laws", where)):
        at = f"{where} laws[{number}]"
        documents.convert(dict[_Word, Scalar], _at(each, "group", at), f"{at}.group")
        documents.convert(_Texts, each.get("conclusions", []), f"{at}.conclusions")
        _numbers({key: one for key, one in each.items() if key not in ("group", "conclusions")}, at)
    lengths = [cell.get("length") for cell in value["cells"]]
    if value["laws"] and not all(isinstance(length, int | float) and length > 0 for length in lengths):
        raise DocumentError(f"{where} cells: a study with laws has a length above 0 in each")
    return value


def _rows(value: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = _at(value, key, where)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DocumentError(f"{where} {key}: expected a list of keys and values")
    return found


def _row(value: dict[str, Any], wanted: dict[str, Any], where: str, numbers: tuple[str, ...]) -> None:
    """The wanted keys have their types, some others are numbers where they are there, and the rest is plain."""
    for key, kind in wanted.items():
        documents.convert(kind, _at(value, key, where), f"{where}.{key}")
    for key in numbers:
        documents.convert(_Number, value.get(key), f"{where}.{key}")
    documents.convert(dict[_Word, Scalar], value, where)


def _at(value: dict[str, Any], key: str, where: str) -> Any:
    if key not in value:
        raise DocumentError(f"{where} {key}: key is missing")
    return value[key]
