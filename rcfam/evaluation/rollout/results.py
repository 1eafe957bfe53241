"""What is said of rollouts: tables, metrics, and each of them as a recording."""

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import numpy as np
import polars as pl

from rcfam.evaluation.rollout.closed_loop import DONE, TIMEOUT, Session
from rcfam.evaluation.rollout.distance import MOST
from rcfam.evaluation.rollout.policies import SILENT
from rcfam.recording import Reader, Writer
from rcfam.terminal.fork import fork

TURN_MARK: Final = "rollout"
"""Kind of the mark where the policy takes over from the teacher; the text is its name."""
_PRESSED_AT_ONCE: Final = 64
"""So that Ctrl-C is heard between costly keys."""
ROLLOUTS: Final = {
    "policy": pl.String,
    "number": pl.Int64,
    "recording": pl.String,
    "commit": pl.String,
    "goal": pl.String,
    "before": pl.Int64,
    "path": pl.String,
    "frame": pl.Int64,
    "tokens_left": pl.Int64,
    "keys_left": pl.Int64,
    "ended": pl.String,
    "completed": pl.Boolean,
    "steps": pl.Int64,
    "keys": pl.Int64,
    "wasted": pl.Int64,
    "invalid": pl.Int64,
    "agreed_steps": pl.Int64,
    "agreed_keys": pl.Int64,
    "distance_before": pl.Int64,
    "distance_after": pl.Int64,
    "share": pl.Float64,
    "diverged": pl.Boolean,
    "recovered": pl.Boolean,
    "fault": pl.String,
    "file": pl.String,
}
"""One row a rollout. `share`: of the bytes that were left to edit, those done at the end, none where it got worse; null
where none were left. `diverged`: after the first step the files were as the typist has them after none of its keys (a
distance does not tell: a stray letter where others are to come costs nothing); `recovered`: and after a later step they
were as the typist has them again.
"""
KEPT: Final[dict[str, Any]] = {**ROLLOUTS, "distances": pl.List(pl.Int64)}
"""And the bytes to be edited before the first step and after each."""
CURVES: Final = {
    "policy": pl.String,
    "number": pl.Int64,
    "goal": pl.String,
    "before": pl.Int64,
    "step": pl.Int64,
    "distance": pl.Int64,
    "remaining": pl.Float64,
}
"""One row a rollout and step, 0 being the start; after its end a rollout keeps its last value. `remaining`: the
distance over the one at the start.
"""


def row(policy: str, session: Session, file: str) -> dict[str, Any]:
    """One rollout as KEPT has it."""
    place, start = session.start.place, session.start
    before, after = session.distances[0], session.distances[-1]
    diverged = session.strayed()
    return {
        "policy": policy,
        "number": start.number,
        "recording": place.recording,
        "commit": place.commit,
        "goal": place.goal,
        "before": place.before,
        "path": place.path,
        "frame": place.frame,
        "tokens_left": len(start.offsets_N),
        "keys_left": len(start.keys_K),
        "ended": session.ended,
        "completed": session.ended == DONE,
        "steps": session.steps,
        "keys": len(session.keys),
        "wasted": session.wasted,
        "invalid": session.invalid,
        "agreed_steps": session.agreed_steps,
        "agreed_keys": session.agreed_keys,
        "distance_before": before,
        "distance_after": after,
        "share": max(0.0, 1 - after / before) if 0 < before <= MOST else None,
        "diverged": diverged,
        "recovered": diverged and session.came_back(),
        "fault": session.fault,
        "file": file,
        "distances": session.distances,
    }


def curves(kept: pl.DataFrame, steps: int) -> pl.DataFrame:
    """Rollouts as KEPT has them -> CURVES."""
    found = []
    for row in kept.iter_rows(named=True):
        distances, before = row["distances"], row["distance_before"]
        held = distances + [distances[-1]] * (steps + 1 - len(distances))
        known = 0 < before <= MOST
        found.append(
            pl.DataFrame(
                {
                    **{name: row[name] for name in ("policy", "number", "goal", "before")},
                    "step": np.arange(steps + 1),
                    "distance": held,
                    "remaining": [distance / before if known else None for distance in held],
                },
                CURVES,
            )
        )
    return pl.concat(found)


def summary(rollouts: pl.DataFrame, by: Sequence[str] = ("policy", "goal", "before")) -> pl.DataFrame:
    """Means over rollouts. `wasted` and `invalid` are shares of all keys, `recovered` of the rollouts that diverged."""
    keys = pl.col("keys").sum().clip(1)
    return rollouts.group_by(by, maintain_order=True).agg(
        rollouts=pl.len(),
        completed=pl.col("completed").mean(),
        share=pl.col("share").mean(),
        wasted=pl.col("wasted").sum() / keys,
        invalid=pl.col("invalid").sum() / keys,
        agreed_keys=pl.col("agreed_keys").mean(),
        agreed_steps=pl.col("agreed_steps").mean(),
        steps=pl.col("steps").mean(),
        diverged=pl.col("diverged").sum(),
        recovered=pl.when(pl.col("diverged").any()).then(pl.col("recovered").sum() / pl.col("diverged").sum()),
        faults=(pl.col("fault") != "").sum(),
        timeouts=(pl.col("ended") == TIMEOUT).sum(),
        silent=(pl.col("ended") == SILENT.value).sum(),
    )


def metrics(rollouts: pl.DataFrame) -> dict[str, dict[str, float | None]]:
    """Policy -> means over all its rollouts, as `dvc metrics` shows them.

    A policy is named without the blanks and dots that take a metric's path apart: `model-at-0_7`.
    """
    names = (
        "completed",
        "share",
        "wasted",
        "invalid",
        "agreed_keys",
        "diverged",
        "recovered",
        "faults",
        "timeouts",
        "silent",
    )
    rows = summary(rollouts, ("policy",)).iter_rows(named=True)
    key = str.maketrans(" .", "-_")
    return {
        row["policy"].translate(key): {n: None if row[n] is None else round(float(row[n]), 6) for n in names}
        for row in rows
    }


def record(file: BinaryIO, session: Session, reader: Reader, policy: str, first: int) -> int:
    """Write a rollout as a recording: what the teacher typed from frame `first` of `reader` on, then the policy's keys.

    A key that the terminal failed on, or that never came back, is left out. Returns the number of frames.
    """
    start = session.start
    terminal, place = fork(start.terminal), start.place
    provenance = {
        "name": f"{place.recording} {start.number}",
        "policy": policy,
        "commit": place.commit,
        "goal": f"{place.goal} {place.path}".strip(),
        "ended": session.ended,
    }
    keys_K = np.array(session.keys[: session.pressed], np.uint32)
    with Writer(file, reader.rows, reader.columns, np.asarray(reader.attributes, np.uint32), provenance) as writer:
        writer.add_clusters(list(terminal.clusters))
        writer.append(*reader.read(first, place.frame))
        writer.mark("program", f"{terminal.window}:{terminal.program}")
        writer.mark(TURN_MARK, policy)
        for first in range(0, len(keys_K), _PRESSED_AT_ONCE):
            writer.press(terminal, keys_K[first : first + _PRESSED_AT_ONCE])
        return writer.frames
