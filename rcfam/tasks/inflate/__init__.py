"""Diff-Inflate-Bench: a file's final state from the sequence of its diffs (paper, section 8.2.2).

The paper tells no more of its judge and its prompts than what they demand; those in `prompts` are ours. Its contestants
had their thinking turned down as far as they allow: pass `reasoning_effort` or its like in an endpoint's body. A model
that was trained after the commits of a case may know the file: the cases hold the commits' times.
"""

from rcfam.tasks.inflate.cases import (
    Case,
    Chain,
    InflateError,
    InflateParams,
    Version,
    chains,
    chains_of,
    load,
    make,
    sample,
    table,
    write,
)
from rcfam.tasks.inflate.chart import chart
from rcfam.tasks.inflate.endpoint import Answer, Endpoint, ask
from rcfam.tasks.inflate.offline import OFFLINE, do_nothing, git_apply, latest_shown
from rcfam.tasks.inflate.scoring import (
    JUDGES,
    SCHEMA,
    Attempt,
    accuracy,
    judge,
    priced,
    spending,
    try_model,
    try_offline,
    wilson,
)
from rcfam.tasks.inflate.trees import same_tree, same_trees

__all__ = [
    "JUDGES",
    "OFFLINE",
    "SCHEMA",
    "Answer",
    "Attempt",
    "Case",
    "Chain",
    "Endpoint",
    "InflateError",
    "InflateParams",
    "Version",
    "accuracy",
    "ask",
    "chains",
    "chains_of",
    "chart",
    "do_nothing",
    "git_apply",
    "judge",
    "latest_shown",
    "load",
    "make",
    "priced",
    "same_tree",
    "same_trees",
    "sample",
    "spending",
    "table",
    "try_model",
    "try_offline",
    "wilson",
    "write",
]
