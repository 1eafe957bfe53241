"""`rcfam tokenize`: a vocabulary, and every recording's keystrokes as tokens."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcfam.cli.folders import VOCABULARY, Recordings, open_whole, recordings_in, repository_of
from rcfam.cli.params import DEFAULT, Parameters, ParamsFileOption, SettingsOption
from rcfam.errors import RcfamError
from rcfam.kinds import TOKENS
from rcfam.outputs import replacing
from rcfam.printable import say

if TYPE_CHECKING:
    from rcfam.dataset.split import Candidate, Span


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
        places = recordings_in(recordings)
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
            reader = open_whole(place)
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


def _source(name: str, place: Path) -> "Candidate":
    from rcfam.dataset import dataset_tables

    reader = open_whole(place)
    return dataset_tables.source(name, repository_of(name, reader), reader.frames, reader.marks)


def _streams(places: dict[str, Path], spans: "list[Span]"):  # type: ignore[no-untyped-def]
    """(keys, breaks) of each span."""
    from rcfam.dataset import dataset_tables

    for span in spans:
        reader = open_whole(places[span.name])
        yield reader.keys(span.start, span.stop), dataset_tables.breaks(reader.marks) - span.start
