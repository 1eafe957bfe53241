"""`rcfam dataset`: the index of recordings and tokens, and what is in them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcfam.cli.folders import VOCABULARY, Recordings, open_whole, recordings_in, repository_of, say_unlisted
from rcfam.cli.params import DEFAULT, Parameters, ParamsFileOption, SettingsOption
from rcfam.kinds import DATASET, TOKENS
from rcfam.outputs import check, replacing
from rcfam.printable import say

if TYPE_CHECKING:
    import polars as pl

LEDGER = "ledger.parquet"


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
        say_unlisted(tokens, check(tokens, TOKENS, hashes=True))
        split = dataset_tables.read_split(tokens / dataset_tables.SPLIT)
        tokenizer = Tokenizer.load(tokens / VOCABULARY)
        if (split.held_out, split.seed) != (wanted.held_out, wanted.seed):
            raise DatasetError(
                f"{tokens}: split with held_out {split.held_out} and seed {split.seed}, {params} says "
                f"{wanted.held_out} and {wanted.seed}: run rcfam tokenize again"
            )
        survey = Collector(tokenizer, split)
        places = recordings_in(recordings)
        for name, place in tqdm(places.items(), desc="index", unit="recording"):
            reader = open_whole(place)
            found = token_files.load(tokens / f"{name}{token_files.SUFFIX}")
            survey.add(name, repository_of(name, reader), reader, found)
            reader.close()
        table = survey.index()
        with tqdm(total=int(table["frames"].sum()), desc="compare", unit="key", unit_scale=True) as bar:
            commits, files = compare(table, survey.commits(), lambda name: open_whole(places[name]), bar.update)
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
