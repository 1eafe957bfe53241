"""The page: complete, escaped, honest, and asking for nothing."""

import json
import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import altair
import polars as pl
import pytest

from rcfam.report import LAW_TABLES, Inputs, ReportError, ReportParams, charts, figure, page
from rcfam.report.html import cell, embedded, table
from rcfam.report.page import limits
from rcfam.report.paper_comparison import disagreements, reading
from rcfam.report.plots import VEGALITE
from rcfam.report.studies import label, name_of, varied
from tests.support.oracles import planted, reported


@pytest.fixture(scope="module")
def material() -> Inputs:
    return reported.material()


@pytest.fixture(scope="module")
def text(material: Inputs) -> str:
    return page(material, ReportParams(title=f"A title {reported.HOSTILE}"))


class Elements(HTMLParser):
    """Every element and attribute that a browser would see, and the text outside scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.within = tag

    def handle_data(self, data: str) -> None:
        if self.within not in ("script", "style"):
            self.words.append(data)


def parsed(text: str) -> Elements:
    found = Elements()
    found.feed(text)
    return found


def test_nothing_is_loaded_from_elsewhere(text: str) -> None:
    for tag, attributes in parsed(text).found:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base", "form")
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert "default-src 'none'" in text


def test_hostile_words_stay_words(text: str) -> None:
    found = parsed(text)
    assert "img" not in {tag for tag, _ in found.found}
    assert not any(name.startswith("on") for _, attributes in found.found for name in attributes)
    assert (
        "".join(found.words).count(reported.HOSTILE) == 15
    )  # title twice, language, sample, provenance twice, parameters, four in each study
    assert text.count("window.broken=1</script>") == 0


def test_every_chart_has_its_place_and_its_document(material: Inputs, text: str) -> None:
    names = set(charts(material))
    of_law = {"law", "residuals", "slopes", "steps", "wall", "evolution", "evaluation", "positions"}
    of_data = {"languages", "frequency", "coverage"}
    of_studies = {
        "study-tiny-carry",
        "study-tiny-carry-wall",
        "study-tiny-critical-batch",
        "study-tiny-critical-batch-wall",
    }
    assert names == of_law | of_data | of_studies
    for name in names:
        found = re.search(rf'<script type="application/json" id="spec-{name}">(.*?)</script>', text)
        assert found is not None and 'data-spec="spec-' + name in text
        assert json.loads(found.group(1))["mark" if name in of_data else "layer"]


def test_charts_are_drawn_without_a_browser(material: Inputs) -> None:
    for spec in charts(material).values():
        svg, png = figure(spec, 600, 1.0)
        assert svg.startswith("<svg") and "NaN" not in svg and png.startswith(b"\x89PNG")


def test_json_in_a_script_cannot_end_it() -> None:
    words = {"a": reported.HOSTILE}
    assert json.loads(embedded(words)) == words
    assert "<" not in embedded(words) and "&" not in embedded(words)
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded({"a": float("nan")})


def test_the_script_speaks_the_charts_version() -> None:
    assert altair.SCHEMA_VERSION.removeprefix("v").startswith(f"{VEGALITE}.")


def test_the_summary_stands_first(text: str) -> None:
    places = [text.index(f'id="{name}"') for name in ("summary", "law", "curves", "wall", "evaluation", "paper")]
    assert places == sorted(places)
    assert text.index("What this does not show") < text.index('id="law"')


@pytest.mark.parametrize(
    ("plateau", "kind", "words"),
    [
        (0.60, "differs", "Loss falls faster with length here"),
        (0.36, "agrees", "The intervals overlap"),
        (0.10, "differs", "Loss falls more slowly"),
        (-0.3, "differs", "A fall of loss with length is not shown here"),
    ],
)
def test_a_difference_from_the_paper_is_said_first(plateau: float, kind: str, words: str) -> None:
    truth = planted.Planted(plateau=plateau, tau=30.0, step_noise=0.01)
    made = reported.material(truth, lengths=(2, 4, 16, 64), seeds=1)
    found = reading(made)
    said = getattr(found, kind)[0]
    assert words in said and "0.315 (0.260 to 0.369), 19.6 % less loss a doubling" in said
    everything = [*found.differs, *found.agrees, *found.unsettled]
    assert all(sum(text.startswith(name) for text in everything) == 1 for name in ("Exponent", "Wall time"))
    text = page(made, ReportParams())
    assert text.index(escape(said)) < text.index("What the data support")


def test_a_plateau_is_measured_or_foretold(material: Inputs) -> None:
    steps = material.tables["evolution"]["step"].max()
    assert isinstance(steps, float)
    told = replace(material, law={**material.law, "plateau": 0.1, "plateau_steps": 2 * steps})
    seen = replace(material, law={**material.law, "plateau": 0.1, "plateau_steps": steps / 10})
    assert any("foretold, not measured; the paper's is 0.308 (19.2 %" in text for text in reading(told).unsettled)
    assert any(text.startswith("Plateau") and "0.100" in text for text in reading(seen).differs + reading(seen).agrees)
    still = reading(replace(material, law={**material.law, "plateau": 0.1, "plateau_steps": 1e-3}))
    assert any("stands at 0.100 from the start; the paper's" in text for text in still.differs + still.agrees)


def test_a_bend_and_missing_crossovers_differ(material: Inputs) -> None:
    bent = reading(replace(material, law={**material.law, "bend_p": 0.001, "crossed": 0, "pairs": 6}))
    assert any("in 0 of 6 pairs" in text for text in bent.differs)
    assert any(text.startswith("Shape: the law") and "0.64, 0.34" in text for text in bent.differs)
    straight = reading(replace(material, law={**material.law, "bend_p": 0.5, "crossed": 6, "pairs": 6}))
    assert any("no bend is shown" in text for text in straight.agrees)
    assert any("in 6 of 6 pairs" in text for text in straight.agrees)


def test_studies_of_the_paper_are_read_and_ours_are_not_held_against_it(material: Inputs) -> None:
    found = reading(material)
    assert any("Study critical-batch, tiny (appendix F): 1 claim, 0 borne out, 1 refuted" in t for t in found.differs)
    assert not any("carry" in text for text in (*found.differs, *found.agrees, *found.unsettled))


def test_every_study_has_its_place(text: str) -> None:
    for words in (
        'id="studies"',
        'id="study-tiny-carry"',
        "11 of 12 runs, missing: arm-x,seed-1",
        "the pure law of each",
    ):
        assert words in text
    assert text.index('id="studies"') < text.index('id="paper"')


def test_without_studies_nothing_is_said_of_them(material: Inputs) -> None:
    assert "studies" not in page(replace(material, studies=()), ReportParams())


def test_a_summary_without_its_parts_is_named(material: Inputs) -> None:
    with pytest.raises(ReportError, match=r"study 'x' has no 'size'"):
        replace(material, studies=({"study": "x"},))


def test_cells_are_called_by_what_tells_them_apart() -> None:
    cells = [{"arm": "a", "length": 4, "batch": 1}, {"arm": "b", "length": 8, "batch": 1}]
    assert varied(cells, ["arm", "length", "batch", "seed"]) == ["arm"] and label(cells[1], ["arm"]) == "b"
    both = [{"length": x, "train.batch": y} for x in (4, 8) for y in (1, 2)]
    assert varied(both, ["length", "train.batch"]) == ["length", "train.batch"]
    assert label(both[3], ["length", "train.batch"]) == "length 8, batch 2"
    assert name_of({"study": '"><x', "size": "tiny"}) == "study-tiny-x"


def test_the_limits_name_what_was_not_measured(material: Inputs) -> None:
    full = " ".join(limits(material))
    assert "128 times as many positions" in full and "One seed" not in full
    bare = replace(material, evaluation=None, law={**material.law, "alpha_over_seeds_low": None})
    less = " ".join(limits(bare))
    assert "No held-out data" in less and "With one seed" in less


def test_the_disagreements_are_computed() -> None:
    words = " ".join(disagreements())
    for figure_ in ("0.315", "0.288", "0.475", "0.42", "0.64, 0.34, 0.30, 0.25, 0.22", "0.007 %", "(6.9)"):
        assert figure_ in words


def test_a_page_without_extras_says_what_is_missing(material: Inputs) -> None:
    bare = Inputs(law=material.law, tables=material.tables, conclusions=material.conclusions)
    text = page(bare, ReportParams())
    assert 'id="replay"' not in text and 'id="spec-positions"' not in text
    for words in ("No run was evaluated", "No statistics of a dataset", "No held-out data were evaluated"):
        assert words in text
    assert 'id="spec-evaluation"' not in text


def test_a_table_without_wall_times_says_so(material: Inputs) -> None:
    empty = {name: material.tables[name].clear() for name in ("crossovers", "loss_over_wall")}
    text = page(replace(material, tables={**material.tables, **empty}), ReportParams())
    assert "The run table holds no wall times." in text and 'id="spec-wall"' not in text


@pytest.mark.parametrize("name", LAW_TABLES)
def test_a_missing_table_is_named(material: Inputs, name: str) -> None:
    with pytest.raises(ReportError, match=f"'{name}' is missing"):
        Inputs(law={"alpha": 1.0}, tables={k: v for k, v in material.tables.items() if k != name}, conclusions=())


@pytest.mark.parametrize("columns", [["loss"], ["length"], []])
def test_an_evaluation_of_other_columns_is_still_shown_or_left_out(material: Inputs, columns: list[str]) -> None:
    assert material.evaluation is not None
    text = page(replace(material, evaluation=material.evaluation.select("run", *columns)), ReportParams())
    assert 'id="spec-evaluation"' not in text and 'id="evaluation"' in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "\N{EN DASH}"),
        (3, "3"),
        (12_345, "12,345"),
        (0.12345, "0.1235"),
        (1e-5, "1.00e-05"),
        (98_765.4, "98,765"),
    ],
)
def test_numbers_for_people(value: float | None, shown: str) -> None:
    assert cell(value) == shown


def test_tables_are_escaped_and_aligned() -> None:
    made = table(["a<b", "n"], [("x&y", 1)])
    assert "a&lt;b" in made and "x&amp;y" in made and '<td class="text">' in made and "<td>1</td>" in made


@pytest.mark.parametrize("values", [{"picture_width": 10}, {"picture_scale": 0.0}])
def test_parameters_out_of_bounds_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        ReportParams(**values)  # type: ignore[arg-type]


def test_empty_columns_do_not_break_the_charts(material: Inputs) -> None:
    none = pl.lit(None, pl.Float64)
    law = material.tables["law"].with_columns(irreducible=none, irreducible_residual=none)
    band = material.tables["band"].with_columns(irreducible=none, low=none, high=none)
    made = charts(replace(material, tables={**material.tables, "law": law, "band": band}))
    assert all(figure(spec, 300, 1.0)[0].startswith("<svg") for spec in made.values())
