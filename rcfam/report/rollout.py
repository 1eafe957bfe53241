"""The section of the model at the keyboard: what it finished by itself, beside others, and one of its sessions."""

import altair as alt
import polars as pl

from rcfam.report import html
from rcfam.report.inputs import Inputs
from rcfam.report.replay import document

COLUMNS = {
    "policy": "who types",
    "goal": "to finish a",
    "before": "keys before its end",
    "rollouts": "rollouts",
    "completed": "finished",
    "share": "of the edit",
    "agreed_keys": "keys in agreement",
    "steps": "tokens typed",
    "wasted": "wasted",
    "invalid": "invalid",
    "diverged": "diverged at once",
    "recovered": "of them recovered",
    "faults": "faults",
    "timeouts": "timeouts",
    "silent": "without a token",
}
_KEY = ("policy", "goal", "before", "completed")


def charts(material: Inputs) -> dict[str, alt.Chart | None]:
    """Charts by name: rollout."""
    return {"rollout": _remaining(material.rollout_curves)}


def _remaining(curves: pl.DataFrame | None) -> alt.Chart | None:
    if curves is None:
        return None
    data = (
        curves.drop_nulls("remaining")
        .group_by("policy", "step", maintain_order=True)
        .agg(remaining=pl.col("remaining").clip(0, 2).median())
    )
    if data.height == 0:
        return None
    return (
        alt.Chart(data)
        .mark_line()
        .encode(
            alt.X("step:Q", title="tokens typed"),
            alt.Y("remaining:Q", title="bytes left to edit, over those at the start"),
            alt.Color("policy:N", sort=None, title=None, legend=alt.Legend(orient="top", columns=3, labelLimit=260)),
            tooltip=[alt.Tooltip("policy:N"), alt.Tooltip("step:Q"), alt.Tooltip("remaining:Q", format=".2f")],
        )
        .properties(height=260)
    )


def section(material: Inputs, specs: dict[str, dict[str, object]]) -> str:
    """The section, without its frame; empty where nobody typed."""
    table = material.rollout
    if table is None or table.height == 0:
        return ""
    parts = [
        html.paragraph(
            "A model sees the frame and emits a token, whose keys are pressed in the terminal; then it sees the next "
            "frame. It begins in held-out commits, so many keystrokes before the known end of an editor session "
            "(a file) or of the whole commit, and has finished when the files are byte for byte the typist's."
        ),
        _finished(table),
        "<details><summary>All that was measured</summary>",
        html.frame(
            _rounded(table), {name: title for name, title in COLUMNS.items() if name in table.columns}, "Means."
        ),
        html.paragraph(
            "Of the edit: the share of the differing bytes that was gone at the end. Wasted: the share of keys that "
            "changed nothing. Invalid: the share that no keyboard sends, that is no key at all, or that the editor or "
            "the shell complained of. Hurt: after the first token the files were as the typist never has them; "
            "after a wrong key that token is one key that the typist would not press. Mended: later they were again as "
            "the typist has them after some key; the blind typist types all its keys in spite of the wrong one. Keys "
            "in agreement: up to the first that is not the typist's. Without a token: the logits were not finite, as "
            "after a training that diverged.",
            "note",
        ),
        "</details>",
        html.chart("rollout", "bytes left to edit over tokens typed, by who types", specs),
        html.paragraph("Medians over all rollouts in which bytes were left to edit; at 2 the drawing ends.", "note"),
    ]
    if material.rollout_sample is not None:
        parts += [
            "<h3>One of its sessions</h3>",
            html.paragraph(material.rollout_sample.title, "note"),
            html.player("rollout-replay", document(material.rollout_sample)),
        ]
    return "".join(parts)


def _finished(table: pl.DataFrame) -> str:
    """Who finished how often: a row for each who types, a column for each beginning."""
    places = table.select("goal", "before").unique().sort("goal", "before").rows()
    shares = {(policy, goal, before): share for policy, goal, before, share in table.select(_KEY).iter_rows()}
    policies = table["policy"].unique(maintain_order=True)
    return html.table(
        ["who types", *(f"{goal}, {before} keys before" for goal, before in places)],
        [[policy, *(_share(shares.get((policy, *place))) for place in places)] for policy in policies],
        "Finished, of all rollouts, from so many keys before the end of a file or a commit.",
    )


def _share(value: float | None) -> str:
    return html.NOTHING if value is None else f"{100 * value:.0f} %"


def _rounded(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col(pl.Float64).round(3))
