"""What each verb's output folder holds, and by what a folder that earlier versions wrote is known."""

from typing import Final

from rcfam.outputs import Kind

MIRRORS: Final = Kind("mirrors", ("*.git/**", "manifest.json"), "manifest.json", ("version", "repositories"))
RECORDINGS: Final = Kind(
    "recordings",
    ("*.tsr", "ledger.parquet", "manifest.json"),
    "manifest.json",
    ("version", "repositories", "totals"),
)
TOKENS: Final = Kind(
    "tokens",
    ("*.tokens.npz", "vocabulary.json", "split.json"),
    "split.json",
    ("held_out", "seed", "vocabulary", "spans"),
)
DATASET: Final = Kind(
    "dataset",
    (
        "dataset.json",
        "index.parquet",
        "commits.parquet",
        "files.parquet",
        "tokens.parquet",
        "statistics.parquet",
    ),
    "dataset.json",
    ("version", "vocabulary_hash", "sampling", "recordings", "tokens"),
)
