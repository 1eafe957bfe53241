"""Frames as PNG and GIF."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.recording import Writer, picture
from rcfam.terminal.cells import BOLD, CLUSTER_BASE, DIM, HIDDEN, INVERSE, RGB, STRIKE, UNDERLINE
from tests.support.recording_screens import ATTRIBUTES, CLUSTERS, typed

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

STYLES = [0, BOLD, DIM, UNDERLINE, INVERSE, HIDDEN, STRIKE]


def test_colours() -> None:
    assert picture.colour(0, (1, 2, 3)) == (1, 2, 3)
    assert picture.colour(RGB | 0x102030, (0, 0, 0)) == (16, 32, 48)
    assert picture.colour(1 + 9, (0, 0, 0)) == (255, 0, 0)
    assert picture.colour(1 + 16, (9, 9, 9)) == (0, 0, 0) and picture.colour(1 + 231, (0, 0, 0)) == (255, 255, 255)
    assert picture.colour(1 + 232, (0, 0, 0)) == (8, 8, 8) and picture.colour(1 + 255, (0, 0, 0)) == (238, 238, 238)


@pytest.mark.parametrize("fonts", [picture.FONTS, ()])
def test_cells_are_drawn_in_their_places(monkeypatch: pytest.MonkeyPatch, fonts: tuple[str, ...]) -> None:
    """With a font of the system, where there is one, and with Pillow's own."""
    monkeypatch.setattr(picture, "FONTS", fonts)
    table = np.array([[2, 5, style] for style in STYLES], np.uint32)
    painter = picture.Painter(table, ["e\u0301"])
    cells = np.full((3, 8), 0x20, np.uint32)
    cells[0, : len(STYLES)] = [ord("M") | number << 21 for number in range(len(STYLES))]
    cells[1, :3] = [0x4E2D, 0, CLUSTER_BASE]
    shown = painter.paint(cells, np.array([2, 3, 1], np.int32))
    height, width = shown.shape[0] // 3, shown.shape[1] // 8
    tiles = shown.reshape(3, height, 8, width, 3).transpose(0, 2, 1, 3, 4)
    red, blue = picture.colour(2, (0, 0, 0)), picture.colour(5, (0, 0, 0))
    ink = [int((tiles[0, k] == red).all(axis=-1).sum()) for k in range(len(STYLES))]
    paper = int((tiles[0, 0] == blue).all(axis=-1).sum())
    assert ink[1] > ink[0] and ink[2] == 0 and ink[3] > ink[0] and ink[4] == paper and ink[5] == 0 and ink[6] > ink[0]
    assert (tiles[2, 3] == red).all() and (tiles[2, 2] == blue).all()  # the cursor
    again = painter.paint(cells, np.array([2, 3, 0], np.int32))
    assert (again.reshape(3, height, 8, width, 3)[2, :, 3] == blue).all()


def test_png_and_gif_hold_the_frames(tmp_path: Path) -> None:
    cells, cursors, keys = typed("def f():\n    pass\n", 8, 40)
    path = tmp_path / "a.tsr"
    with path.open("wb") as file, Writer(file, 8, 40, ATTRIBUTES, {}, 7) as writer:
        writer.add_clusters(CLUSTERS)
        writer.append(cells, cursors, keys)
    png, gif = tmp_path / "a.png", tmp_path / "a.gif"
    for arguments in (["--to", "png", "--start", "9", "-o", png], ["--to", "gif", "--every", "2", "-o", gif]):
        result = CliRunner().invoke(app, ["export", str(path), *map(str, arguments)])
        assert result.exit_code == 0, result.exception
    painter = picture.Painter(ATTRIBUTES, CLUSTERS)
    with Image.open(png) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), painter.paint(cells[9], cursors[9]))
    with Image.open(gif) as image:
        assert image.n_frames == len(keys[::2]) and image.info["duration"] == 100
        image.seek(5)
        difference = np.asarray(image.convert("RGB"), int) - painter.paint(cells[10], cursors[10])
        assert np.abs(difference).mean() < 2


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RcfamError, match="cannot read the font"):
        picture.Painter(ATTRIBUTES, [], tmp_path / "none.ttf")
    painter = picture.Painter(ATTRIBUTES, [])
    with pytest.raises(RcfamError, match="no frame"):
        painter.gif([], 0.1, io.BytesIO())
    painter.check(picture.MOST_PICTURES, 2, 2)
    with pytest.raises(RcfamError, match=r"5,001 pictures of [\d,]+ pixels: at most 5,000; .* one in 2 or more"):
        painter.check(picture.MOST_PICTURES + 1, 2, 2)
    with pytest.raises(RcfamError, match=r"4,000 pictures of [\d,]+ pixels: at most \d+; ask for fewer"):
        painter.check(4_000, 100, 300)
    monkeypatch.setattr(picture, "MOST_PICTURE_PIXELS", 1_000)
    with pytest.raises(RcfamError, match=r"pictures of [\d,]+ pixels: at most 1,000; ask for a smaller size"):
        painter.check(1, 100, 100)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(RcfamError, match="pip install"):
        picture.Painter(ATTRIBUTES, [])
