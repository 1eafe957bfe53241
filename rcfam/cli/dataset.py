"""`rcfam tokenize`, `rcfam dataset`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcfam.cli.params import DEFAULT, Parameters, ParamsFileOption, SettingsOption
from rcfam.errors import RcfamError
from rcfam.kinds import DATASET, RECORDINGS, TOKENS
from rcfam.outputs import FolderMark, check, replacing
from rcfam.printable import say, whole

if TYPE_CHECKING:
    import polars as pl

    from rcfam.dataset.split import Candidate, Span
    from rcfam.recording import Reader

VOCABULARY = "vocabulary.json"
LEDGER = "ledger.parquet"

Recordings = Annotated[Path, typer.Argument(help="The folder that `rcfam render` wrote.")]


def tokenize(
    recordings: Recordings,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the vocabulary and the tokens go.")],
    params: ParamsFileOption = DEFAULT,
    settings: SettingsOption = None,
) -> None:
    """Learn the vocabulary from the training side alone; turn every recording's keystrokes into tokens."""
    from tqdm import tqdm

    from rcfam.dataset import DatasetParams, dataset_tables
    from rcfam.dataset import tokens as token_files
    from rcfam.dataset.split import TRAIN, split
    from rcfam.tokenizer import TokenizeParams, train

    parameters = Parameters(params, settings, "tokenize", "dataset")
    vocabulary = parameters.section("tokenize", TokenizeParams)
    sides = parameters.section("dataset", DatasetParams)
    with replacing(out, TOKENS, [recordings, params]) as fresh:
        places = _recordings(recordings)
        sources = [
            _source(name, place) for name, place in tqdm(places.items(), desc="open", unit="recording", leave=False)
        ]
        spans = split(sources, sides.held_out, sides.seed)
        training = [span for span in spans if span.side == TRAIN]
        with tqdm(total=sum(s.stop - s.start for s in training), desc="learn", unit="key", unit_scale=True) as bar:
            tokenizer = train(_streams(places, training), vocabulary, bar.update)
        keystrokes = tokens = 0
        tokenizer.save(fresh / VOCABULARY)
        for name, place in tqdm(places.items(), desc="tokenize", unit="recording"):
            reader = _open(place)
            breaks = dataset_tables.breaks(reader.marks)
            found = token_files.Tokens(*tokenizer.encode(reader.keys(0, reader.frames), breaks), breaks)
            token_files.save(fresh / f"{name}{token_files.SUFFIX}", found)
            keystrokes, tokens = keystrokes + reader.frames, tokens + len(found.tokens_N)
        if tokens == 0:
            raise RcfamError(f"{recordings}: no keystroke in {len(places)} recordings, nothing to tokenize")
        dataset_tables.write_split(
            fresh / dataset_tables.SPLIT, dataset_tables.Split(sides.held_out, sides.seed, tokenizer.hash, spans)
        )
    say(
        f"{keystrokes:,} keystrokes -> {tokens:,} tokens, {keystrokes / tokens:.2f} each; "
        f"vocabulary {len(tokenizer):,}, padded to {tokenizer.padded:,}: {out / VOCABULARY}"
    )


def dataset(
    recordings: Recordings,
    tokens: Annotated[Path, typer.Argument(help="The folder that `rcfam tokenize` wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where index and statistics go.")],
    params: ParamsFileOption = DEFAULT,
    settings: SettingsOption = None,
) -> None:
    """Index recordings and tokens, by the split that the vocabulary was learned with; count what is in them."""
    from tqdm import tqdm

    from rcfam import tables
    from rcfam.dataset import DatasetError, DatasetParams, dataset_tables, index, statistics
    from rcfam.dataset import tokens as token_files
    from rcfam.dataset.collector import Collector
    from rcfam.dataset.comparing import compare
    from rcfam.tokenizer import Tokenizer

    wanted = Parameters(params, settings, "dataset").section("dataset", DatasetParams)
    with replacing(out, DATASET, [recordings, tokens, params]) as fresh:
        _say(tokens, check(tokens, TOKENS, hashes=True))
        split = dataset_tables.read_split(tokens / dataset_tables.SPLIT)
        tokenizer = Tokenizer.load(tokens / VOCABULARY)
        if (split.held_out, split.seed) != (wanted.held_out, wanted.seed):
            raise DatasetError(
                f"{tokens}: split with held_out {split.held_out} and seed {split.seed}, {params} says "
                f"{wanted.held_out} and {wanted.seed}: run rcfam tokenize again"
            )
        survey = Collector(tokenizer, split)
        places = _recordings(recordings)
        for name, place in tqdm(places.items(), desc="index", unit="recording"):
            reader = _open(place)
            found = token_files.load(tokens / f"{name}{token_files.SUFFIX}")
            survey.add(name, _repository(name, reader), reader, found)
            reader.close()
        table = survey.index()
        with tqdm(total=int(table["frames"].sum()), desc="compare", unit="key", unit_scale=True) as bar:
            commits, files = compare(table, survey.commits(), lambda name: _open(places[name]), bar.update)
        frequency = statistics.token_table(tokenizer, survey.counts)
        ledger = tables.read(recordings / LEDGER, {}, others=True) if (recordings / LEDGER).exists() else None
        numbers = statistics.statistics(table, commits, files, frequency, ledger)
        about = survey.about(wanted.sampling, os.path.relpath(recordings, out), os.path.relpath(tokens, out))
        index.write(fresh, about, table)
        commits.write_parquet(fresh / "commits.parquet")
        files.write_parquet(fresh / "files.parquet")
        frequency.write_parquet(fresh / "tokens.parquet")
        numbers.write_parquet(fresh / "statistics.parquet")
    _print(numbers, out)


def _source(name: str, place: Path) -> "Candidate":
    from rcfam.dataset import dataset_tables

    reader = _open(place)
    return dataset_tables.source(name, _repository(name, reader), reader.frames, reader.marks)


def _streams(places: dict[str, Path], spans: "list[Span]"):  # type: ignore[no-untyped-def]
    """(keys, breaks) of each span."""
    from rcfam.dataset import dataset_tables

    for span in spans:
        reader = _open(places[span.name])
        yield reader.keys(span.start, span.stop), dataset_tables.breaks(reader.marks) - span.start


def _recordings(folder: Path) -> dict[str, Path]:
    """The recordings of a folder, by name; what its mark lists is there and as it was written."""
    _say(folder, check(folder, RECORDINGS, hashes=True))
    places = {place.stem: place for place in sorted(folder.glob("*.tsr"))}
    if not places:
        raise RcfamError(f"{folder}: no recordings (*.tsr)")
    return places


def _say(folder: Path, mark: FolderMark | None) -> None:
    if mark is None:
        say(f"{folder}: no list of what was written there; what lies there is taken as it is")


def _open(place: Path) -> "Reader":
    """A whole recording. One that is cut off or damaged would silently be a smaller dataset: it is refused."""
    from rcfam.recording import Reader

    reader = Reader(place)
    if reader.damage is not None:
        raise RcfamError(f"{place}: damaged, render it again: {reader.damage}")
    return reader


def _repository(name: str, reader: "Reader") -> str:
    return whole(reader.provenance.get("name", name))


def _print(numbers: "pl.DataFrame", out: Path) -> None:
    import polars as pl

    for side in ("train", "held_out"):
        chosen = numbers.filter((pl.col("of") == "side") & (pl.col("name") == side))
        value = dict(zip(chosen["quantity"], chosen["value"], strict=True))
        say(
            f"{side}: {value['commits']:,.0f} commits, {value['keystrokes']:,.0f} keystrokes, "
            f"{value['tokens']:,.0f} tokens, "
            f"{value['nats per token, training frequencies alone']:.2f} nats each by frequency alone"
        )
        share = value.get("share of text that training has typed too")
        if share is not None:
            say(f"{side}: {share:.1%} of its text stands in training too, by commit in {out / 'commits.parquet'}")
        if value.get("files mostly typed in training too"):
            say(
                f"{side}: warning: {value['files mostly typed in training too']:,.0f} of {value['files']:,.0f} files, "
                f"{value['share of keystrokes in files mostly typed in training too']:.1%} of its keystrokes, are near "
                f"duplicates of what training typed: {out / 'files.parquet'}"
            )
    say(f"index and statistics: {out}")
