"""`rcfam task inflate`: Diff-Inflate-Bench."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rcfam import documents
from rcfam import params as parameters
from rcfam.cli.options import Fields
from rcfam.cli.params import SettingsOption
from rcfam.errors import RcfamError
from rcfam.kinds import INFLATE
from rcfam.outputs import adding
from rcfam.printable import printable, say

if TYPE_CHECKING:
    import polars as pl

    from rcfam.tasks.inflate import Case, Endpoint, InflateParams

PICTURE_SCALE = 2.0


def _inflate_params() -> type:
    from rcfam.tasks.inflate import InflateParams

    return InflateParams


FIELDS = Fields("inflate", _inflate_params, leave_out=("start", "max_patch_bytes"), called={"paths": "path"})


def inflate(
    repositories: Annotated[
        list[Path] | None, typer.Argument(help="Git repositories; without one, the cases that --out holds.")
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for cases, results, tables and figures.")] = Path(
        "data/tasks/inflate"
    ),
    settings: SettingsOption = None,
    birth: Annotated[bool, typer.Option("--birth", help="Begin every case with the file's birth.")] = False,
    model: Annotated[list[str] | None, typer.Option(help="A model to ask; may be given often.")] = None,
    judge: Annotated[str | None, typer.Option(help="A model that compares what is not exact.")] = None,
    body: Annotated[str, typer.Option(help="More of each request to a --model, as JSON.")] = "{}",
    concurrency: Annotated[int, typer.Option(help="Requests at a time.")] = 4,
    attempts: Annotated[int, typer.Option(help="For each request, waiting longer each time.")] = 6,
    timeout: Annotated[float, typer.Option(help="Seconds for one whole answer.")] = 300.0,
    price_in: Annotated[
        list[float] | None, typer.Option(help="Of a million tokens asked; once, or for each --model in order.")
    ] = None,
    price_out: Annotated[list[float] | None, typer.Option(help="Of a million tokens answered.")] = None,
) -> None:
    """Diff-Inflate-Bench: a file's final state from its diffs, by git apply, a parallel shortcut, and models.

    Models answer at an OpenAI-compatible endpoint: OPENAI_BASE_URL and OPENAI_API_KEY; a judge elsewhere:
    JUDGE_BASE_URL and JUDGE_API_KEY. Answers are kept under --out: a second run asks only for what is missing.
    """
    from rcfam.tasks import inflate as room

    birth_settings = {"inflate.start": "birth"} if birth else {}
    document = {"inflate": parameters.defaults(room.InflateParams)}
    document = parameters.overridden(document, dict(settings or ()) | birth_settings, "-S")
    params = documents.build(room.InflateParams, document["inflate"], "inflate")
    if judge is not None and not model:
        raise RcfamError(f"--judge {judge}: it judges what a --model answers, and none is named")
    shared: dict[str, Any] = {"concurrency": concurrency, "attempts": attempts, "timeout_s": timeout}
    more = _body(body)
    models = [_endpoint(name, "OPENAI", more, shared) for name in model or ()]
    prices = _prices(price_in or [], price_out or [], len(models))
    judging = None if judge is None else _endpoint(judge, "JUDGE", {}, shared)

    with adding(out, INFLATE, repositories or ()):
        found = _draw(repositories, params, out) if repositories else room.load(out / "cases.parquet")
        _say_cases(found)
        for name, contestant in room.OFFLINE.items():
            with _bar(name, len(found) * len(found[0].patches)) as bar:
                _keep(out, room.judge(room.try_offline(name, contestant, found, bar.update), None, out / "answers"))
        for endpoint, price in zip(models, prices, strict=True):
            _ask(endpoint, judging, found, out, price)
        _tell(out, found)


def _prices(asked: list[float], answered: list[float], models: int) -> list[tuple[float, float] | None]:
    """For each model what a million tokens cost, asked and answered; None where no price is told."""
    if not asked and not answered:
        return [None] * models
    for option, prices in (("--price-in", asked), ("--price-out", answered)):
        if not prices or len(prices) not in (1, models):
            raise RcfamError(f"{option} stands {len(prices)} times: expected once, or {models} times as --model does")
    both = (prices if len(prices) == models else prices * models for prices in (asked, answered))
    return list(zip(*both, strict=True))


def _body(text: str) -> dict[str, Any]:
    body = documents.json_value(text, "--body")
    if not isinstance(body, dict):
        raise RcfamError(f"--body: expected names and values, found {type(body).__name__}")
    return body


def _endpoint(
    model: str, prefix: Literal["OPENAI", "JUDGE"], body: dict[str, Any], shared: dict[str, Any]
) -> "Endpoint":
    from rcfam.tasks.inflate import Endpoint

    if not (os.environ.get("JUDGE_BASE_URL") or os.environ.get("JUDGE_API_KEY")):
        prefix = "OPENAI"  # both or none: no key goes to an address that it is not for
    key = os.environ.get(f"{prefix}_API_KEY")
    if not key:
        raise RcfamError(f"{prefix}_API_KEY is not set: {model} cannot be asked (any word will do if none is needed)")
    url = os.environ.get(f"{prefix}_BASE_URL") or None
    return Endpoint(model=model, key=key, url=url, body=body, alone=prefix == "JUDGE", **shared)


def _bar(what: str, total: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc=printable(what), unit="answer", disable=None, leave=False, delay=1)


def _draw(repositories: list[Path], params: "InflateParams", out: Path) -> "list[Case]":
    from rcfam.history import Repository
    from rcfam.tasks import inflate as room

    pool = []
    for path, name in _names(repositories):
        with _bar(name, 0):
            pool.extend(room.chains_of(Repository(path), name, params))
    cases = room.sample(pool, params)
    if not cases:
        raise RcfamError("no file of these histories has as many steps within the bounds")
    room.write(out / "cases.parquet", cases)
    return cases


def _names(paths: list[Path]) -> list[tuple[Path, str]]:
    """A name for each repository: its folder's, with the folder above where that is not enough to tell them apart."""
    whole = [path.resolve() for path in paths]
    whole = [path.parent if path.name == ".git" else path for path in whole]
    short = [path.name.removesuffix(".git") for path in whole]
    if len(set(short)) < len(short):
        short = ["/".join(path.parts[-2:]) for path in whole]
    if len(set(short)) < len(short):
        raise RcfamError("a repository is named twice")
    return list(zip(paths, short, strict=True))


def _say_cases(cases: "list[Case]") -> None:
    from collections import Counter
    from datetime import UTC, datetime

    counts = Counter(case.n for case in cases)
    say(f"{len(cases)} cases: " + ", ".join(f"{count} of N = {n}" for n, count in sorted(counts.items())))
    first, last = (datetime.fromtimestamp(time, UTC).date() for time in _times(cases))
    say(f"commits of {first} to {last}: a model that was trained later may know these files")


def _times(cases: "list[Case]") -> tuple[int, int]:
    return min(case.first.time for case in cases), max(case.last.time for case in cases)


def _ask(
    endpoint: "Endpoint",
    judging: "Endpoint | None",
    cases: "list[Case]",
    out: Path,
    price: tuple[float, float] | None,
) -> None:
    import polars as pl

    from rcfam.tasks import inflate as room

    total = len(cases) * len(cases[0].patches)
    with _bar(endpoint.model, total) as bar:
        tried = room.try_model(endpoint, cases, out / "answers", bar.update)
    with _bar(f"{endpoint.model} judged", 0) as bar:
        results = room.judge(tried, judging, out / "answers", bar.update)
    if price is not None:
        results = room.priced(results, *price)
    _keep(out, results)
    say(_bill(endpoint.model, results, "", price))
    if judging is not None:
        say(_bill(f"{judging.model} as its judge", results, "judge_", None))
    lost = results.filter(pl.col("exact").is_null())["told"]
    if lost.len():
        say(f"{endpoint.model}: {lost.len()} left out, the first: {printable(lost[0])}")


def _bill(who: str, results: "pl.DataFrame", part: str, price: tuple[float, float] | None) -> str:
    """What was asked now and what it cost; what earlier runs have paid does not count."""
    fresh = results.filter(f"{part}fresh")
    asked, said = (int(fresh[f"{part}{way}_tokens"].sum()) for way in ("input", "output"))
    text = f"{who}: {fresh.height} new answers, {asked:,} tokens asked, {said:,} answered"
    if price is not None:
        text += f", cost {(asked * price[0] + said * price[1]) / 1e6:.4f}"
    return text


def _keep(out: Path, results: "pl.DataFrame") -> None:
    from hashlib import sha256

    from rcfam.atomic import writing

    name = results["contestant"][0]
    plain = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)
    mark = "" if plain == name else "-" + sha256(name.encode()).hexdigest()[:6]
    with writing(out / "results" / f"{plain}{mark}.parquet") as path:
        results.write_parquet(path, compression="zstd")


def _tell(out: Path, cases: "list[Case]") -> None:
    """Tables and figure of every contestant that has answered these very cases, also in earlier runs."""
    import polars as pl

    from rcfam.atomic import writing
    from rcfam.report import figure
    from rcfam.tables import read
    from rcfam.tasks import inflate as room

    wanted = {(case.id, context) for case in cases for context in case.patches}
    kept = []
    for path in sorted((out / "results").glob("*.parquet")):
        try:
            table = read(path, {}, others=True)
        except RcfamError:
            table = pl.DataFrame()
        if table.schema == pl.Schema(room.SCHEMA) and set(table.select("case", "context").iter_rows()) == wanted:
            kept.append(table)
        else:
            say(f"{path} is of other cases, of an older version or damaged, and left out of the tables")
    results = pl.concat(kept)
    table = room.accuracy(results)
    with writing(out / "accuracy.parquet") as path:
        table.write_parquet(path)
    svg, png = figure(room.chart(table), 0, PICTURE_SCALE)
    with writing(out / "accuracy.svg") as path:
        path.write_text(svg, encoding="utf-8")
    with writing(out / "accuracy.png") as path:
        path.write_bytes(png)
    say(f"\nshare right, and its 95 % interval (Wilson)\n\n{_lines(table)}\n")
    if spent := _spent(room.spending(results)):
        say(f"what all answers took, also those of earlier runs\n\n{spent}\n")
    say(f"written: {out}/")


def _spent(table: "pl.DataFrame") -> str:
    """Tokens and cost of the contestants that took any, for a terminal."""
    rows = [row for row in table.iter_rows(named=True) if row["input_tokens"] or row["output_tokens"]]
    if not rows:
        return ""
    width = max(len(row["contestant"]) for row in rows)
    lines = [f"{'':{width}}  {'answers':>9}{'tokens asked':>16}{'answered':>14}{'an answer':>12}{'cost':>12}"]
    for row in rows:
        cost = "" if row["cost"] is None else f"{row['cost']:.4f}"
        each = row["output_tokens"] / row["answers"]
        numbers = f"{row['answers']:>9,}{row['input_tokens']:>16,}{row['output_tokens']:>14,}{each:>12,.0f}{cost:>12}"
        lines.append(f"{row['contestant']:{width}}  {numbers}")
    return "\n".join(lines)


def _lines(table: "pl.DataFrame") -> str:
    """The accuracies for a terminal, a column for each N."""
    steps = sorted(table["n"].unique().to_list())
    width = max(len(name) for name in table["contestant"])
    lines = [f"{'':{width}}  {'':3} {'judge':6}" + "".join(f"{f'N = {n}':>17}" for n in steps)]
    rows: dict[tuple[str, int, str], dict[int, str]] = {}
    for row in table.iter_rows(named=True):
        cell = f"{row['accuracy']:.2f} ({row['low']:.2f}-{row['high']:.2f})"
        rows.setdefault((row["contestant"], row["context"], row["judge"]), {})[row["n"]] = cell
    for (name, context, judge), cells in rows.items():
        shares = "".join(f"{cells.get(n, ''):>17}" for n in steps)
        lines.append(f"{name:{width}}  U{context:<2} {judge:6}{shares}")
    return "\n".join(lines)
