"""`dvc plots` over the law's tables, with our templates and the offline page."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from tests.support.oracles import chromium, planted

dvc_render = pytest.importorskip("dvc_render", reason="DVC is not installed")
HOME = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that `dvc plots show` writes for the plots of dvc.yaml."""
    from dvc.repo import Repo

    from rcfam.params import read

    folder = tmp_path_factory.mktemp("plots")
    repo = Repo.init(folder, no_scm=True)
    (folder / ".dvc" / "plots").mkdir()
    for template in (HOME / ".dvc" / "plots").glob("*.json"):
        shutil.copy(template, folder / ".dvc" / "plots")
    plots = read(HOME / "dvc.yaml")["plots"]
    (folder / "dvc.yaml").write_text(json.dumps({"plots": plots}))
    planted.table(planted.Planted(), (2, 8, 32, 128), 2, 60).write_parquet(folder / "runs.parquet")
    fitted = CliRunner().invoke(app, ["fit", str(folder / "runs.parquet"), "-o", str(folder / "data" / "law")])
    assert fitted.exit_code == 0, fitted.output
    made = CliRunner().invoke(app, ["plots-template", "-o", str(folder / "plots.html")])
    assert made.exit_code == 0, made.output

    from dvc.render.match import match_defs_renderers

    data = repo.plots.show()
    renderers = [found.renderer for found in match_defs_renderers(data, templates_dir=folder / ".dvc" / "plots")]
    assert len(renderers) == len(plots)
    return Path(dvc_render.render_html(renderers, folder / "out" / "index.html", html_template=folder / "plots.html"))


def test_every_plot_of_the_pipeline_has_its_data(shown: Path) -> None:
    text = shown.read_text(encoding="utf-8")
    assert text.count("vegaEmbed('#") == 4
    assert "cdn.jsdelivr" not in text and "<DVC_METRIC" not in text
    for title in ("Loss against length", "Loss over steps", "Loss over wall time", "Exponent over steps"):
        assert title in text


@pytest.mark.real
@pytest.mark.skipif(chromium.program() is None, reason="no chromium on this machine")
def test_the_plots_are_drawn_and_nothing_leaves_the_page(shown: Path) -> None:
    drawn = "document.querySelectorAll('svg.marks, canvas.marks').length"
    lines = "document.querySelectorAll('svg.marks .mark-line path').length"
    seen = chromium.visit(shown, f"{drawn} === 4", [lines], 800)
    assert seen.requests == [shown.resolve().as_uri()]
    assert not [said for said in seen.complaints if "Infinite extent" not in said]  # DVC's own template says it
    assert seen.values[0] >= 1 + 4 + 4 + 2
