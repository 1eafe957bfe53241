"""What a person wants to know of a dataset before training on it, as tables."""

# V vocabulary

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rcfam.dataset.coverage import LENGTHS, WINDOWS, expected_coverage
from rcfam.dataset.split import HELD_OUT, TRAIN
from rcfam.tokenizer import Tokenizer

SCHEMA: Final = {"of": pl.String, "name": pl.String, "quantity": pl.String, "value": pl.Float64}

_RANKS: Final = 48  # at most, of the token frequency

# Extension -> language, for the extensions met most often; others stand under their own name.
LANGUAGES: Final = {
    ".bash": "Shell",
    ".c": "C",
    ".cc": "C++",
    ".cfg": "Configuration",
    ".cpp": "C++",
    ".css": "CSS",
    ".csv": "Data",
    ".cu": "CUDA",
    ".go": "Go",
    ".h": "C",
    ".hpp": "C++",
    ".html": "HTML",
    ".ini": "Configuration",
    ".java": "Java",
    ".js": "JavaScript",
    ".json": "JSON",
    ".kt": "Kotlin",
    ".lua": "Lua",
    ".md": "Markdown",
    ".php": "PHP",
    ".py": "Python",
    ".pyi": "Python",
    ".rb": "Ruby",
    ".rs": "Rust",
    ".rst": "reStructuredText",
    ".sh": "Shell",
    ".sql": "SQL",
    ".swift": "Swift",
    ".toml": "TOML",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".txt": "Text",
    ".vim": "Vim script",
    ".xml": "XML",
    ".yaml": "YAML",
    ".yml": "YAML",
}
_BY_NAME: Final = {"makefile": "Make", "dockerfile": "Docker", "cmakelists.txt": "CMake"}


def language(path: str) -> str:
    """The language of a file, by its name: 'Python', or '.xyz' where the extension is not known, 'no extension'
    without one.
    """
    place = PurePosixPath(path)
    suffix = place.suffix.lower()
    return _BY_NAME.get(place.name.lower()) or LANGUAGES.get(suffix) or suffix or "no extension"


def token_table(tokenizer: Tokenizer, counts: Mapping[str, NDArray[np.int64]]) -> pl.DataFrame:
    """One row a token: token, name, kind, keystrokes, and how often it stands on each side (`counts[side]`: (V,))."""
    numbers = range(len(tokenizer))
    return pl.DataFrame(
        {
            "token": numbers,
            "name": [tokenizer.name(number) for number in numbers],
            "kind": [tokenizer.kind(number) for number in numbers],
            "keystrokes": tokenizer.keystrokes_V,
            TRAIN: counts[TRAIN],
            HELD_OUT: counts[HELD_OUT],
        }
    )


def statistics(
    index: pl.DataFrame,
    commits: pl.DataFrame,
    files: pl.DataFrame,
    tokens: pl.DataFrame,
    ledger: pl.DataFrame | None,
) -> pl.DataFrame:
    """Rows (of, name, quantity, value): of 'all', a 'side', a 'token kind', a 'language', what was 'left out' for a
    reason, the 'token frequency' (name: rank; value: share of the side's tokens), and the 'window coverage' (name: L;
    quantity: windows drawn; value: share of training tokens expected to be seen).

    `index` is the dataset's, `commits` and `files` are `comparing.compare`'s, `tokens` is `token_table`'s, `ledger` the
    rendering's account of changes.
    """
    rows = _amounts("all", "all", index, commits, tokens[TRAIN] + tokens[HELD_OUT], tokens)
    for side in (TRAIN, HELD_OUT):
        here = index.filter(pl.col("side") == side)
        rows += _amounts("side", side, here, commits.filter(pl.col("side") == side), tokens[side], tokens)
        rows += _file_rows(side, here, files.filter(pl.col("side") == side))
    told = commits.drop_nulls("shared")
    frames = told["frames"].to_numpy()
    if frames.sum():
        share = float((told["shared"].to_numpy() * frames).sum() / frames.sum())
        rows.append(("side", HELD_OUT, "share of text that training has typed too", share))
        rows.append(("side", HELD_OUT, "commits mostly typed in training too", float((told["shared"] > 0.5).sum())))
    whole = tokens.with_columns(uses=pl.col(TRAIN) + pl.col(HELD_OUT))
    for kind in whole["kind"].unique().sort():
        chosen = whole.filter(pl.col("kind") == kind)
        rows.append(("token kind", kind, "vocabulary", float(len(chosen))))
        rows.append(("token kind", kind, "tokens", float(chosen["uses"].sum())))
        rows.append(("token kind", kind, "keystrokes", float((chosen["uses"] * chosen["keystrokes"]).sum())))
    rows += _language_rows(files, ledger)
    if ledger is not None:
        rows += _ledger_rows(ledger)
    rows += _frequency_rows(tokens)
    rows += _coverage_rows(index)
    return pl.DataFrame(rows, SCHEMA, orient="row")


def _frequency_rows(tokens: pl.DataFrame) -> list[tuple[str, str, str, float]]:
    """How often the most frequent tokens of each side stand there, at ranks about evenly spaced on a logarithmic
    scale."""
    ranks = np.unique(np.geomspace(1, max(len(tokens), 1), _RANKS).round().astype(int))
    rows = []
    for side in (TRAIN, HELD_OUT):
        uses_V = np.sort(tokens[side].to_numpy())[::-1]
        share_V = uses_V / max(int(uses_V.sum()), 1)
        rows += [
            ("token frequency", str(rank), side, float(share_V[rank - 1])) for rank in ranks if share_V[rank - 1] > 0
        ]
    return rows


def _coverage_rows(index: pl.DataFrame) -> list[tuple[str, str, str, float]]:
    tokens_S = index.filter(pl.col("side") == TRAIN)["tokens"].to_numpy()
    rows = []
    for length in LENGTHS if tokens_S.sum() else ():
        shares = expected_coverage(tokens_S, length, WINDOWS)
        rows += [
            ("window coverage", str(length), str(drawn), share) for drawn, share in zip(WINDOWS, shares, strict=True)
        ]
    return rows


def _amounts(
    of: str, name: str, index: pl.DataFrame, commits: pl.DataFrame, uses_V: pl.Series, tokens: pl.DataFrame
) -> list[tuple[str, str, str, float]]:
    keystrokes, count = int(index["frames"].sum()), int(index["tokens"].sum())
    spelled = int((uses_V * tokens["keystrokes"]).filter(tokens["kind"] == "spelling").sum())
    amounts = {
        "repositories": index["repository"].n_unique(),
        "recordings": index["recording"].n_unique(),
        "commits": len(commits),
        "keystrokes": keystrokes,
        "tokens": count,
        "keystrokes per token": keystrokes / count if count else 0.0,
        "vocabulary used": int((uses_V > 0).sum()),
        "keystrokes spelled": spelled,
        "nats per token, training frequencies alone": _unigram_loss(uses_V.to_numpy(), tokens[TRAIN].to_numpy()),
    }
    return [(of, name, quantity, float(value)) for quantity, value in amounts.items()]


def _unigram_loss(uses_V: NDArray[np.int64], training_V: NDArray[np.int64]) -> float:
    """Cross-entropy of tokens under the frequencies of the training side, each count plus one: a model without eyes."""
    expected_V = (training_V + 1) / (training_V.sum() + len(training_V))
    return float(-(uses_V * np.log(expected_V)).sum() / max(uses_V.sum(), 1)) + 0.0


def _ledger_rows(ledger: pl.DataFrame) -> list[tuple[str, str, str, float]]:
    rendered = ledger.filter(pl.col("left_out").is_null())
    rows = [
        ("all", "all", "changes", float(len(ledger))),
        ("all", "all", "changes left out", float(len(ledger) - len(rendered))),
        ("all", "all", "share of changes left out", 1 - len(rendered) / len(ledger) if len(ledger) else 0.0),
    ]
    reasons = (
        ledger.drop_nulls("left_out")
        .group_by("left_out", maintain_order=True)
        .len()
        .sort("len", "left_out", descending=[True, False])
    )
    return rows + [("left out", reason, "changes", float(count)) for reason, count in reasons.iter_rows()]


def _file_rows(side: str, index: pl.DataFrame, files: pl.DataFrame) -> list[tuple[str, str, str, float]]:
    rows = [("side", side, "files", float(len(files)))]
    told = files.drop_nulls("shared")
    if len(told):
        double = told.filter(pl.col("shared") > 0.5)
        share = int(double["keystrokes"].sum()) / max(int(index["frames"].sum()), 1)
        rows.append(("side", side, "files with enough text to compare", float(len(told))))
        rows.append(("side", side, "files mostly typed in training too", float(len(double))))
        rows.append(("side", side, "share of keystrokes in files mostly typed in training too", share))
    return rows


def _language_rows(files: pl.DataFrame, ledger: pl.DataFrame | None) -> list[tuple[str, str, str, float]]:
    """Keystrokes in the editor by language, and the changes and files that the ledger tells of; most keystrokes first.

    What is typed elsewhere, commands and messages, has no language.
    """
    typed = files.with_columns(language=pl.col("path").map_elements(language, pl.String))
    counted = typed.group_by("language", maintain_order=True).agg(keystrokes=pl.col("keystrokes").sum())
    if ledger is not None:
        changed = ledger.filter(pl.col("left_out").is_null())
        changed = changed.with_columns(language=pl.col("path").map_elements(language, pl.String))
        changes = changed.group_by("language", maintain_order=True).agg(
            changes=pl.len(), files=pl.col("path").n_unique()
        )
        counted = counted.join(changes, "language", "full", coalesce=True)
    rows = []
    order = [name for name in ("keystrokes", "changes") if name in counted.columns]
    for row in counted.sort(
        [*order, "language"], descending=[*(True for _ in order), False], nulls_last=True
    ).iter_rows(named=True):
        quantities = {name: row[name] or 0 for name in row if name != "language"}
        rows += [("language", row["language"], name, float(value)) for name, value in quantities.items()]
    return rows
