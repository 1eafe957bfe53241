"""A study on disk.

FOLDER/runs/RUN/params.yaml     the run's whole parameter file
FOLDER/runs/RUN/run.json        what it was made of, and the data; another plan makes the run anew
FOLDER/runs/RUN/seed-S/, runs.parquet    what `rcfam train` writes
FOLDER/runs/RUN/failure.txt     the last words of a run that failed
FOLDER/data/                    what is made for the study alone
FOLDER/summary.json             what the study found (findings.py)
FOLDER/runs.parquet, runs.csv   one run table with a column for every varied factor
FOLDER/evaluation.parquet, positions.parquet, tables/*.csv
"""

import hashlib
import json
from pathlib import Path

from rcfam import documents, kinds, outputs, params
from rcfam.atomic import writing
from rcfam.documents import DocumentError
from rcfam.studies.files import Study, StudyError
from rcfam.studies.planning import Planned

DONE = "runs.parquet"


def place(out: Path, size: str, study: Study) -> Path:
    """The folder of a study that has runs of its own."""
    return out / size / study.name


def run_folder(folder: Path, run: Planned) -> Path:
    """Where one run stands."""
    return folder / "runs" / run.id


def dataset_of(folder: Path, study: Study, given: Path) -> Path:
    """The dataset that a study trains on."""
    return given if study.data == "recordings" else folder / "data" / "dataset"


def mark_of(dataset: Path) -> str:
    """A hash of what a dataset says of itself. Raises StudyError where there is none."""
    digest = hashlib.sha256()
    for name in ("dataset.json", "index.parquet"):
        try:
            digest.update((dataset / name).read_bytes())
        except OSError as error:
            raise StudyError(
                f"{dataset}: no dataset: {error.strerror}; run the pipeline up to its stage first"
            ) from error
    return digest.hexdigest()[:16]


def finished(folder: Path, run: Planned, mark: str) -> bool:
    """Whether the run has ended well, with this plan and this data."""
    home = run_folder(folder, run)
    return (home / DONE).exists() and _read(home / "run.json") == _document(run, mark)


def prepare(folder: Path, run: Planned, mark: str) -> None:
    """Write the parameter file of a run that is to be trained; what another plan left there is cleared away."""
    home = run_folder(folder, run)
    if _read(home / "run.json") != _document(run, mark):
        with outputs.adding(home, kinds.RUNS):
            outputs.clear(home, kinds.RUNS.holds)
            write_params(home / "params.yaml", run.params)
            with writing(home / "run.json", durable=True) as part:
                part.write_text(json.dumps(_document(run, mark), indent=1) + "\n", encoding="utf-8")
    (home / "failure.txt").unlink(missing_ok=True)


def write_params(path: Path, document: dict[str, object]) -> None:
    """Write a parameter file whole."""
    with writing(path) as part:
        part.write_text(params.text(document), encoding="utf-8")


def _document(run: Planned, mark: str) -> dict[str, object]:
    """What decides a run; sections that training does not read stay out."""
    kept = {name: run.params[name] for name in ("model", "train", "study")}
    plain: dict[str, object] = json.loads(json.dumps({"factors": run.factors, "data": mark, **kept}))
    return plain


def _read(path: Path) -> object:
    try:
        return documents.load_json(path)
    except DocumentError:
        return None
