"""What each verb's output folder holds, and by what a folder that has no mark is known to be the verb's.

Checkouts of earlier versions have no marks, and of some outputs git or DVC brings the files without one.
"""

from typing import Final

from rcfam.outputs import Kind

CODE: Final = Kind("code hashes", ("**/*.sha256",), proofs=(("cli/code.py.sha256", ()),))
MIRRORS: Final = Kind(
    "mirrors", ("*.git/**", "manifest.json"), proofs=(("manifest.json", ("version", "repositories")),)
)
RECORDINGS: Final = Kind(
    "recordings",
    ("*.tsr", "ledger.parquet", "manifest.json"),
    proofs=(("manifest.json", ("version", "repositories", "totals")),),
)
TOKENS: Final = Kind(
    "tokens",
    ("*.tokens.npz", "vocabulary.json", "split.json"),
    proofs=(("split.json", ("held_out", "seed", "vocabulary", "spans")),),
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
    proofs=(("dataset.json", ("version", "vocabulary_hash", "sampling", "recordings", "tokens")),),
)

RUN: Final = (
    "step-*.safetensors",
    "step-*.json",
    "best.safetensors",
    "best.json",
    "final.safetensors",
    "final.json",
    "table.parquet",
    "failure.json",
    "failure-*.json",
    "rank-*/step-*.safetensors",
    "rank-*/step-*.json",
)
"""One run's own folder, FOLDER/seed-S of RUNS."""
RUNS: Final = Kind(
    "runs",
    (
        "runs.parquet",
        *(f"seed-*/{pattern}" for pattern in RUN),
        # what a study puts beside a run
        "run.json",
        "params.yaml",
        "failure.txt",
        "scores.parquet",
        "positions.parquet",
        "scored.txt",
    ),
    proofs=(("seed-*/*.json", ("version", "sha256", "identity")), ("run.json", ("factors", "data"))),
)
LIVE: Final = Kind("live metrics", ("metrics.json", "plots/metrics/**"), proofs=(("plots/metrics/*/*.tsv", ()),))
EVENTS: Final = Kind("TensorBoard events", ("*/events.out.tfevents.*",), proofs=(("*/events.out.tfevents.*", ()),))

EVALUATION: Final = Kind(
    "evaluation",
    ("evaluation.parquet", "positions.parquet", "metrics.json"),
    proofs=(("metrics.json", ("length-*",)),),
)
ROLLOUT: Final = Kind(
    "rollouts",
    (
        "rollouts.parquet",
        "curves.parquet",
        "summary.parquet",
        "metrics.json",
        "recordings/**",
        "unfinished/**",
    ),
    proofs=(("metrics.json", ("typist",)),),
)
ROLLED: Final = Kind("recordings of rollouts", ("*/[0-9]*.tsr",), proofs=(("*/[0-9]*.tsr", ()),))
LAW: Final = Kind(
    "law", ("law.json", "tables/*.csv", "tables/conclusions.txt"), proofs=(("law.json", ("alpha", "amplitude")),)
)
REPORT: Final = Kind(
    "report",
    ("index.html", "plots.html", "figures/*.svg", "figures/*.png"),
    proofs=(("plots.html", ()),),
)

STUDY: Final = Kind(
    "study",
    (
        "runs/**",
        "data/**",
        "summary.json",
        "runs.parquet",
        "runs.csv",
        "evaluation.parquet",
        "positions.parquet",
        "tables/*.csv",
    ),
    proofs=(("summary.json", ("study", "size", "answer")), ("runs/*/run.json", ("factors", "data"))),
)
TRACKING: Final = Kind(
    "tracking tasks",
    ("*/seed-*/**", "*.csv", "accuracy.svg", "accuracy.png"),
    proofs=(("*/seed-*/data/data.json", ("task", "seed", "depth")),),
)
INFLATE: Final = Kind(
    "inflate",
    ("cases.parquet", "answers/**", "results/*.parquet", "accuracy.parquet", "accuracy.svg", "accuracy.png"),
    proofs=(("cases.parquet", ()),),
)
SEARCH: Final = Kind("search", ("trials.csv", "front.csv"), proofs=(("trials.csv", ()),))
