"""The page in a real browser: dark and light, wide and narrow, and nothing leaves it."""

from pathlib import Path

import pytest

from rcfam.report import ReportParams, page, template
from tests.support.oracles import chromium, reported

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(chromium.program() is None, reason="no chromium on this machine"),
]

READY = "document.documentElement?.dataset.drawn !== undefined"
CHARTS = "document.querySelectorAll('.chart svg.marks').length"
WIDE = "document.documentElement.scrollWidth"
INK = "getComputedStyle(document.querySelector('.chart svg.marks .role-axis-title text')).fill"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(page(reported.material(), ReportParams(title=reported.HOSTILE)), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1100, 400])
def test_the_page_is_whole(address: Path, width: int, dark: bool) -> None:
    ask = [CHARTS, WIDE, INK, GROUND, "window.broken === undefined", "document.images.length"]
    seen = chromium.visit(address, READY, ask, width, dark)
    assert seen.complaints == []
    assert seen.requests == [address.resolve().as_uri()]
    charts, wide, ink, ground, unbroken, images = seen.values
    assert charts == 15 and unbroken and images == 0
    assert wide <= width
    assert _bright(ink) == dark and _bright(ground) != dark
    assert seen.picture.startswith(b"\x89PNG")


def test_the_theme_button_redraws_the_charts(address: Path) -> None:
    click = "document.getElementById('theme').click(); new Promise(done => setTimeout(() => done(1), 1500))"
    seen = chromium.visit(address, READY, [GROUND, click, GROUND, click, GROUND, INK, CHARTS], 800, dark=False)
    first, _, light, _, dark, ink, charts = seen.values
    assert first == light and _bright(light) and not _bright(dark) and _bright(ink) and charts == 15
    assert seen.complaints == []


def test_the_player_shows_frames_and_keys(address: Path) -> None:
    words = "document.querySelector('.player pre').textContent"
    said = "document.querySelector('.player output').textContent"
    sample = reported.sample()
    last = len(sample.keys_N) - 1
    slide = "(n => { const s = document.querySelector('input'); s.value = n; s.dispatchEvent(new Event('input')); })"
    seen = chromium.visit(address, READY, [words, f"{slide}({last})", words, said, f"{slide}(3)", words, said])
    middle, _, whole, caption, _, early, key = seen.values
    assert "def f(x):" in middle and reported.HOSTILE not in middle
    assert "def f(x):" in whole and "<script>" in whole and "\u4e2d" in whole
    assert early.split() == ["def"] and key == "frame 1003 · key space"
    assert caption == f"frame {1_000 + last} · key <Enter>"
    assert seen.complaints == []


def test_the_plots_page_draws_without_network(tmp_path: Path) -> None:
    spec = '{"data": {"values": [{"x": 1, "y": 2}]}, "mark": "point", "encoding": {"x": {"field": "x"}}}'
    division = f'<div id="p"></div><script>vegaEmbed("#p", {spec}).then(() => {{ window.done = 1; }})</script>'
    path = tmp_path / "plots.html"
    path.write_text(template().replace("{plot_divs}", division).replace("{refresh_tag}", ""), encoding="utf-8")
    seen = chromium.visit(path, "window.done === 1", ["document.querySelectorAll('#p canvas, #p svg').length"])
    assert seen.complaints == [] and seen.requests == [path.resolve().as_uri()] and seen.values[0] >= 1


def _bright(colour: str) -> bool:
    parts = [float(part) for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    return sum(parts) > 3 * 128
