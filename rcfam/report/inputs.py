"""What a report is made of, as values: nothing here knows where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import polars as pl

from rcfam.bounds import Range, Size, check
from rcfam.errors import RcfamError
from rcfam.report.replay import Sample


class ReportError(RcfamError):
    """Material from which no report can be made."""


@dataclass(frozen=True)
class ReportParams:
    """The page."""

    title: Annotated[str, Size(0, 1_000)] = "Loss against length of training windows"
    """Title of the page."""
    picture_width: Annotated[int, Range(200, 4_000)] = 720
    """Width of the SVG and PNG figures in CSS pixels."""
    picture_scale: Annotated[float, Range(least=0.5, most=8)] = 2.0
    """PNG pixels for each CSS pixel."""

    def __post_init__(self) -> None:
        check(self)


LAW_TABLES = (
    "points",
    "law",
    "band",
    "fits",
    "slopes",
    "forecasts",
    "evolution",
    "crossovers",
    "loss_over_steps",
    "loss_over_wall",
)
STUDY_KEYS = (
    *("study", "size", "question", "paper", "confirmed", "refuted", "answer", "says", "factors", "planned", "finished"),
    *("failed", "window", "confidence", "claims", "laws", "cells", "best", "doublings"),
)


@dataclass(frozen=True)
class Inputs:
    """The law and all that stands beside it. Tables that are not there are left out of the page, and it says so."""

    law: Mapping[str, float | int | str | None]
    """law.json."""
    tables: Mapping[str, pl.DataFrame]
    """The law's tables by name, every one of LAW_TABLES."""
    conclusions: tuple[str, ...]
    runs: pl.DataFrame | None = None
    """The run table."""
    evaluation: pl.DataFrame | None = None
    """One row a run on held-out windows."""
    positions: pl.DataFrame | None = None
    """One row a run and position of the held-out window: length, position, loss."""
    sample: Sample | None = None
    """A stretch of a recording to replay."""
    rollout: pl.DataFrame | None = None
    """Means over rollouts, one row for who typed, towards what, from how far."""
    rollout_curves: pl.DataFrame | None = None
    """One row a rollout and step: policy, step, remaining."""
    rollout_sample: Sample | None = None
    """One rollout to replay."""
    dataset: pl.DataFrame | None = None
    """Rows (of, name, quantity, value)."""
    studies: tuple[Mapping[str, Any], ...] = ()
    """Summaries of studies, each with every key of STUDY_KEYS."""
    provenance: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Group -> name -> value: revisions, versions, machine, files."""
    parameters: str = ""
    """The parameter file as it was."""

    def __post_init__(self) -> None:
        """Raise ReportError where a table of the law is missing."""
        missing = [name for name in LAW_TABLES if name not in self.tables]
        if missing:
            raise ReportError(f"the law's table '{missing[0]}' is missing; run the fit again")
        if "alpha" not in self.law:
            raise ReportError("the law has no 'alpha'; run the fit again")
        for number, study in enumerate(self.studies):
            lacking = [name for name in STUDY_KEYS if name not in study]
            if lacking:
                raise ReportError(f"the summary of study {study.get('study', number)!r} has no '{lacking[0]}'")
