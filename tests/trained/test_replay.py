"""A step whose loss was not finite, once more."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from rcfam.errors import RcfamError
from rcfam.trained import replay
from rcfam.training import checkpoint
from rcfam.training.errors import CheckpointError, TrainingError
from rcfam.training.run import Job, run
from tests.support.oracles.backpropagation import typed_windows
from tests.support.oracles.training import OPTIMISER, TRAIN, job, open_source

DATA = Path("data-a")


def wild(folder: Path) -> Job:
    """Weights grow until something overflows."""
    return job(folder, train=replace(TRAIN, checkpoint_every=1, optimiser=replace(OPTIMISER, other_rate=1e30)))


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    with pytest.raises(TrainingError, match="not finite"):
        run(wild(tmp_path), lambda step: None)
    return tmp_path


def test_the_failed_step_fails_again_from_the_checkpoint_before_it(failed: Path) -> None:
    said = json.loads((failed / "failure.json").read_text())
    saved = checkpoint.steps_saved(failed)
    assert saved[-1] == said["step"] - 1  # what was there before the failure is still there
    before = {path: path.read_bytes() for path in failed.iterdir()}
    found = replay(failed, DATA, open_source)
    assert {path: path.read_bytes() for path in failed.iterdir()} == before
    assert (found.run, found.step, found.start) == ("test/length-6/seed-1", said["step"], saved[-1])
    assert str(found.loss) == str(said["loss"])
    assert str(found.grad_norm) == str(said["grad_norm"])
    assert [[w.recording, w.first_token] for w in found.windows] == said["windows"]
    assert {n: {k: str(v) for k, v in norms._asdict().items()} for n, norms in found.norms.items()} == {
        n: {k: str(v) for k, v in norms.items()} for n, norms in said["norms"].items()
    }


def test_a_planted_nan_shows_where_it_is(tmp_path: Path) -> None:
    """One weight of a checkpoint is no number: the next step stops, and its norms name the parameter."""
    calm = job(tmp_path, train=replace(TRAIN, checkpoint_every=4))
    with pytest.raises(KeyboardInterrupt):
        run(calm, interrupt_after(9))
    stem = checkpoint.stem_of(tmp_path, 8)
    found = checkpoint.load(stem)
    found.tensors["model.vote.weight"][3, 5] = math.nan
    checkpoint.save(stem, found.tensors, found.identity, found.progress)
    with pytest.raises(TrainingError, match="step 9: loss nan"):
        run(calm, lambda step: None)
    again = replay(tmp_path, DATA, open_source)
    assert (again.step, again.start) == (9, 8)
    assert [n for n, norms in again.norms.items() if not math.isfinite(norms.weight)] == ["vote.weight"]
    assert [[w.recording, w.first_token] for w in again.windows] == typed_windows(6, 2, 1009).ids_B2.tolist()
    assert all(math.isnan(window.loss) for window in again.windows)


def interrupt_after(number: int):  # type: ignore[no-untyped-def]
    def report(step) -> None:  # type: ignore[no-untyped-def]
        if step.progress.step == number:
            raise KeyboardInterrupt

    return report


def test_what_cannot_be_replayed_is_refused(failed: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="No such file"):
        replay(tmp_path / "nowhere", DATA, open_source)
    with pytest.raises(CheckpointError, match="dataset is 'data-a' in the checkpoint, 'other' now"):
        replay(failed, Path("other"), open_source)
    path = failed / "failure.json"
    said = json.loads(path.read_text())
    for change, message in (
        ({"step": 1}, "past step 1"),
        ({"identity": said["identity"] | {"world": 2}}, "2 ranks"),
        ({"identity": {"world": 1}}, "identity.attributes: key is missing"),
        ({"step": "x"}, "step: expected int"),
    ):
        path.write_text(json.dumps(said | change))
        with pytest.raises(RcfamError, match=message):
            replay(failed, DATA, open_source)


def test_a_step_that_is_finite_now_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(job(tmp_path), interrupt_after(9))
    identity = checkpoint.identity_in(checkpoint.stem_of(tmp_path, 8))
    (tmp_path / "failure.json").write_text(json.dumps({"step": 10, "identity": identity}))
    with pytest.raises(TrainingError, match="step 10 is finite this time: loss"):
        replay(tmp_path, DATA, open_source)
    run(job(tmp_path), lambda step: None)
    assert not (tmp_path / "failure.json").exists()
