"""A stretch of a recording as the player's document."""

import json

import numpy as np
import pytest

from rcfam.report.html import embedded
from rcfam.report.replay import Sample, colour, document, style, text
from rcfam.terminal import cells as grid
from tests.support.oracles import reported


def test_rows_put_on_top_of_each_other_give_back_every_frame() -> None:
    sample = reported.sample()
    made = json.loads(embedded(document(sample)))
    screen = [""] * made["rows"]
    for n, frame in enumerate(made["frames"]):
        for row, runs in frame["rows"]:
            screen[row] = "".join(words for words, _ in runs)
        wanted = ["".join(chr(g) for g in row if g) for row in grid.glyphs(sample.cells_NRC[n]).tolist()]
        assert screen == wanted
        assert frame["cursor"] == sample.cursors_N3[n].tolist()
    assert made["frames"][0]["key"] == "d" and made["frames"][-1]["key"] == "<Enter>"


def test_only_changed_rows_are_kept() -> None:
    made = document(reported.sample())
    assert len(made["frames"][0]["rows"]) == 12
    assert max(len(frame["rows"]) for frame in made["frames"][1:]) == 1


def test_runs_follow_attributes() -> None:
    cells = np.array([[[grid.pack(97), grid.pack(98, 1), grid.pack(99, 1)]]], np.uint32)
    sample = Sample("", 0, cells, np.zeros((1, 3), np.int32), np.array([32], np.uint32), np.zeros((2, 3), np.uint32))
    assert document(sample)["frames"][0]["rows"] == [[0, [["a", 0], ["bc", 1]]]]


def test_clusters_wide_cells_and_strays_become_text() -> None:
    wide = np.array([0x4E2D, 0, grid.CLUSTER_BASE, grid.CLUSTER_BASE + 1, 0xD800], np.uint32)
    assert text(wide, ("e\u0301",)) == "\u4e2de\u0301\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("value", "css"),
    [
        (grid.DEFAULT_COLOUR, ""),
        (grid.palette(1), "#cd3131"),
        (grid.palette(16), "#000000"),
        (grid.palette(196), "#ff0000"),
        (grid.palette(231), "#ffffff"),
        (grid.palette(232), "#080808"),
        (grid.palette(255), "#eeeeee"),
        (grid.RGB | 0x0A0B0C, "#0a0b0c"),
    ],
)
def test_colours(value: int, css: str) -> None:
    assert colour(value) == css


def test_styles() -> None:
    assert style(0, 0, 0) == ""
    assert style(grid.palette(1), 0, grid.BOLD) == "color:#cd3131;font-weight:bold"
    assert style(grid.palette(1), 0, grid.INVERSE) == "color:#101418;background:#cd3131"
    assert style(0, 0, grid.UNDERLINE | grid.STRIKE) == "text-decoration:underline line-through"
