"""`-S key=value` on the verbs, and options that stand for keys of a dataclass."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.testing import CliRunner

from rcfam.bounds import Range, Size
from rcfam.cli import app, options
from rcfam.cli.params import Parameters, SettingsOption
from rcfam.documents import DocumentError
from rcfam.params import Setting
from rcfam.rendering import RenderParams
from rcfam.scaling import FitParams
from tests.support.parameters import write_preset

READS = {
    "clone": ["-o", "out"],
    "render": [".", "-o", "out.tsr"],
    "tokenize": ["recordings", "-o", "out"],
    "dataset": ["recordings", "tokens", "-o", "out"],
    "train": ["dataset", "--length", "4", "-o", "out"],
    "evaluate": ["runs", "dataset", "-o", "out"],
    "rollout": ["runs", "-o", "out"],
    "study": ["length", "--size", "full"],
    "fit": ["runs.csv"],
    "report": ["-o", "out"],
    "flops": [],
    "preset": ["tiny", "--params", "other.yaml"],
    "task frjt": ["-o", "out", "--size", "tiny"],
    "task maze": ["-o", "out", "--size", "tiny"],
    "task inflate": ["-o", "out"],
}
"""Every verb that reads parameters, with words that it needs."""


@pytest.mark.parametrize("verb", list(READS))
def test_every_verb_that_reads_parameters_takes_settings(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_preset("tiny", tmp_path / "params.yaml")
    for wrong in ("trian.steps=3", "rneder.rows=30"):
        done = CliRunner().invoke(app, [*verb.split(), *READS[verb], "-S", wrong])
        assert isinstance(done.exception, DocumentError), done.output
        assert str(done.exception).startswith("-S") and wrong.partition("=")[0] in str(done.exception)
    assert [each.name for each in tmp_path.iterdir()] == ["params.yaml"]


def test_settings_are_put_over_the_file(tmp_path: Path) -> None:
    path = write_preset("tiny", tmp_path / "params.yaml")
    settings = [Setting("fit.window", 3), Setting("fit.confidence", 0.9)]
    found = Parameters(path, settings, "fit", "study").section("fit", FitParams)
    assert (found.window, found.confidence, found.bootstrap) == (3, 0.9, 500)
    assert Parameters(path, settings).sections["fit"]["window"] == 3
    for key, value, said in [
        ("fit.windwo", 3, "-S: fit.windwo: unknown key; did you mean 'fit.window'?"),
        ("fit.window", 0, "-S: fit.window: 0 is not at least 1"),
        ("fit.window", "x", "-S: fit.window: expected int, found 'x'"),
        ("render.rows", 30, "-S render.rows: this verb reads fit"),
        ("fits.window", 3, "-S fits.window: this verb reads fit; did you mean 'fit'?"),
    ]:
        with pytest.raises(DocumentError) as caught:
            Parameters(path, [Setting(key, value)], "fit").section("fit", FitParams)
        assert said in str(caught.value) and "\n" not in str(caught.value)


def test_without_a_file_settings_are_put_over_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = Parameters(None, [Setting("render.style", "arrows")], "render").section("render", RenderParams)
    assert found == RenderParams(style="arrows")


@dataclass(frozen=True)
class Cake:
    """A cake."""

    layers: Annotated[int, Range(1, 9)] = 2
    """Its layers. More is better."""
    taste: Literal["sweet", "salty"] = "sweet"
    """How it tastes."""
    name: str | None = None
    """What it is called."""
    candles: bool = True
    """Lit."""
    guests: tuple[str, ...] = ()
    """Who comes."""
    slices: Annotated[tuple[int, ...], Size(1, 9)] = (1,)
    """How it is cut."""


@pytest.fixture
def baked() -> Callable[..., list[Setting] | str]:
    cake = typer.Typer()
    told: list[Any] = []

    @cake.command(cls=options.command(options.Fields("cake", lambda: Cake, called={"guests": "guest"})))
    def bake(oven: str, settings: SettingsOption = None) -> None:
        told.append(settings)

    def run(*words: str) -> list[Setting] | str:
        done = CliRunner().invoke(cake, ["hot", *words])
        if done.exit_code:
            return done.output + str(done.exception)
        return done.output if "--help" in words else list(told.pop() or ())

    return run


def test_a_field_has_an_option_of_its_own(baked: Callable[..., list[Setting] | str]) -> None:
    assert baked() == []
    assert baked("--layers", "3", "--taste", "salty", "-S", "cake.layers=4") == [
        Setting("cake.layers", 4),
        Setting("cake.layers", 3),
        Setting("cake.taste", "salty"),
    ]
    assert baked("--name", "2026", "--no-candles") == [Setting("cake.name", "2026"), Setting("cake.candles", False)]
    assert baked("--guest", "*.py", "--guest", "a,b") == [Setting("cake.guests", ["*.py", "a,b"])]
    assert baked("--slices", "1,2", "--slices", "4") == [Setting("cake.slices", [1, 2, 4])]
    assert "No such option" in str(baked("--guests", "x"))


def test_help_says_what_the_docstrings_say(baked: Callable[..., list[Setting] | str]) -> None:
    told = " ".join(str(baked("--help")).replace("│", " ").split())
    for words in (
        "--layers",
        "Its layers.",
        "How it tastes (sweet, salty).",
        "--candles",
        "--no-candles",
        "Who comes.",
    ):
        assert words in told
    assert "More is better" not in told


def test_rendering_has_an_option_for_every_field() -> None:
    told = CliRunner().invoke(app, ["render", "--help"]).output
    for name in ("rows", "style", "first-parent", "since", "max-commits", "author", "path", "chunk-frames", "level"):
        assert f"--{name}" in told
