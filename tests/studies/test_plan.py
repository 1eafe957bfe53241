"""The catalogue and its plans: every run has a whole parameter file that its rooms accept; expansion is pure."""

import copy
from pathlib import Path

import pytest

from rcfam import documents, params
from rcfam.evaluation import EvaluateParams
from rcfam.model import ModelParams
from rcfam.scaling import FitParams
from rcfam.studies import Claim, Size, Study, StudyError, files, load, names, plan
from rcfam.studies.planning import owner, settings
from rcfam.training import StudyParams, TrainParams
from tests.support.parameters import preset

ROOT = Path(__file__).parents[2]
PARAMS = params.read(ROOT / "params.yaml")
BIG = preset("paper-82m")
NOTHING = Size(set={}, vary={}, score=None)


def study(vary: dict[str, object], changes: dict[str, object] | None = None) -> Study:
    size = Size(set=changes or {}, vary=vary, score=None)
    claim = Claim("less", {"length": "largest"}, {"length": "smallest"}, "steps", None)
    return Study("q", "p", "y", "n", None, "recordings", "held_out", (), (claim,), NOTHING, size, "made-up")


def test_the_catalogue_is_complete_and_every_file_is_in_it() -> None:
    assert len(names()) == 12
    assert {path.stem for path in files.CATALOGUE.glob("*.yaml")} == {*names(), "_sizes"}
    for name in names():
        assert load(name).question.endswith(("?", "held constant.", "overfitted.", "FLOPs.", "elsewhere."))


@pytest.mark.parametrize("document", [PARAMS, BIG], ids=["default", "paper-82m"])
@pytest.mark.parametrize("size", files.SIZES)
@pytest.mark.parametrize("name", names())
def test_every_run_has_parameters_that_its_rooms_accept(name: str, size: str, document: dict[str, object]) -> None:
    before = copy.deepcopy(document)
    runs = plan(load(name), size, document)
    assert document == before
    assert len(runs) >= 6
    assert len({run.id for run in runs}) == len(runs)
    for run in runs:
        documents.build(ModelParams, run.params["model"], run.id)
        documents.build(TrainParams, run.params["train"], run.id)
        alone = documents.build(StudyParams, run.params["study"], run.id)
        assert (alone.lengths, alone.seeds) == ((run.length,), (run.seed,))
        assert set(run.factors) >= {"length", "seed"}
    common = settings(owner(load(name)), size, document)
    documents.build(EvaluateParams, common["evaluate"], name)
    documents.build(FitParams, common["fit"], name)


def test_claims_and_groups_name_what_varies() -> None:
    for name in names():
        chosen = load(name)
        for size in files.SIZES:
            vary = owner(chosen).size(size).vary
            known = set(files.factors(vary))
            assert known.issuperset(chosen.group)
            for claim in chosen.claims:
                assert known.issuperset({*claim.less, *(claim.than or {})}), (name, claim.says)
                scored = claim.by not in ("steps", "wall", "flops", "tokens")
                assert not scored or chosen.size(size).score is not None, (name, size, claim.says)


def test_axes_multiply_and_what_changes_together_stays_together() -> None:
    pairs = [{"length": 4, "train.batch": 8}, {"length": 16, "train.batch": 2}]
    runs = plan(study({"actions": pairs, "model.width": [8, 16], "seed": [0]}), "full", PARAMS)
    found = {(run.length, run.params["train"]["batch"], run.params["model"]["width"]) for run in runs}
    assert found == {(4, 8, 8), (4, 8, 16), (16, 2, 8), (16, 2, 16)}
    assert runs[0].id == "length-4,width-8,seed-0"
    assert runs[0].factors == {"length": 4, "batch": 8, "width": 8, "seed": 0}
    assert runs[0].frames == 4 * 8 * PARAMS["train"]["steps"]


def test_an_axis_is_a_list() -> None:
    with pytest.raises(ValueError, match=r"vary\.length: 2 is no list"):
        Size(set={}, vary={"length": 2}, score=None)


def test_a_run_s_parameter_file_reads_back(tmp_path: Path) -> None:
    (run, *_) = plan(load("heads"), "tiny", PARAMS)
    (tmp_path / "params.yaml").write_text(params.text(run.params), encoding="utf-8")
    assert params.read(tmp_path / "params.yaml") == run.params


@pytest.mark.parametrize(
    ("vary", "changes", "message"),
    [
        (
            {"length": [2], "seed": [0]},
            {"train.bach": 3},
            "train.bach: unknown key; did you mean 'train.batch'",
        ),
        ({"length": [2], "seed": [0]}, {"clone.repositories": "x"}, "clone.repositories: unknown key"),
        ({"length": [2]}, {}, "without a whole number as its seed"),
        ({"length": [2, 2], "seed": [0]}, {}, "two runs have the same factors"),
    ],
)
def test_a_study_that_cannot_be_planned_says_why(
    vary: dict[str, object], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        plan(study(vary, changes), "full", PARAMS)


def test_pieces_of_a_batch_keep_their_size() -> None:
    document = copy.deepcopy(PARAMS)
    document["train"] |= {"batch": 64, "accumulate": 8}
    runs = plan(study({"length": [2], "train.batch": [4, 16, 64, 100], "seed": [0]}), "full", document)
    assert [run.params["train"]["accumulate"] for run in runs] == [1, 2, 8, 13]


def test_unknown_names_are_told() -> None:
    with pytest.raises(StudyError, match="no study 'lenght'; known: length, wall-time"):
        load("lenght")
    with pytest.raises(StudyError, match="size 'huge' is not one of tiny, full"):
        plan(load("length"), "huge", PARAMS)
