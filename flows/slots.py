"""Many child processes side by side: where each computes, and what came of it."""

import os
import queue
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import as_completed
from prefect.states import Failed
from tqdm import tqdm

from flows.stage_run import Children, StageRun
from rcfam.printable import printable

MANY = 512  # threads that wait for children


class Slots:
    """Who computes where: cores for so many runs at once, or one GPU for each."""

    def __init__(self, count: int, device: str) -> None:
        self._free: queue.Queue[dict[str, str]] = queue.Queue()
        for number in range(count):
            self._free.put({"CUDA_VISIBLE_DEVICES": number_of_gpu(number)} if device == "cuda" else {})
        self.count = count

    def take(self) -> dict[str, str]:
        """The environment of a free place; waits for one."""
        return self._free.get()

    def give(self, place: dict[str, str]) -> None:
        self._free.put(place)


def number_of_gpu(place: int) -> str:
    """The name of the GPU of a place, for CUDA_VISIBLE_DEVICES."""
    visible = gpus()
    return visible[place % len(visible)] if visible else str(place)


def gpus() -> list[str]:
    """The GPUs that this process may use."""
    if (named := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [each for each in named.split(",") if each]
    return sorted(path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*"))


def default_jobs(device: str, threads: int) -> int:
    """Runs at once: one a GPU, or as many as the cores have room for."""
    if device == "cuda":
        return max(1, len(gpus()))
    return max(1, len(os.sched_getaffinity(0)) // threads)


@dataclass
class RunRow:
    """What happened to one run: a row of the `runs` artifact."""

    run: str
    result: str = "not run"
    seconds: float = 0.0
    failure: str = ""


Job = Callable[[dict[str, str]], StageRun]
"""Takes the environment of its place."""


def run_all(
    jobs: Mapping[str, Job],
    rows: Mapping[str, RunRow],
    title: str,
    done: str,
    places: Slots,
    retries: int,
    children: Children,
) -> list[str]:
    """Do the jobs, each a task; fill in their rows, `done` where one ended well; a line for each failure."""
    if not jobs:
        return []
    waiting = {_task(name, job, places, retries, children).submit(): name for name, job in jobs.items()}
    failures = []
    with tqdm(total=len(rows), initial=len(rows) - len(jobs), desc=printable(title), unit="run") as bar:
        for future in as_completed(list(waiting)):
            row = rows[waiting[future]]
            outcome = future.result(raise_on_failure=False)
            if not isinstance(outcome, StageRun):  # Prefect itself failed
                outcome = StageRun("failed", 0.0, f"run '{row.run}' failed: {outcome}")
            row.result = "failed" if outcome.failure else done
            row.seconds, row.failure = round(outcome.seconds, 1), outcome.failure
            if outcome.failure:
                failures.append(outcome.failure)
                bar.write(printable(outcome.failure), file=sys.stderr)
            bar.update()
    return failures


def _task(name: str, job: Job, places: Slots, retries: int, children: Children) -> Task[..., Any]:
    """Named like the job, retried unless the flow is stopping, its result cached nowhere."""

    def run() -> StageRun | State[StageRun]:
        place = places.take()
        try:
            outcome = job(place)
        finally:
            places.give(place)
        return Failed(message=outcome.failure, data=outcome) if outcome.failure else outcome

    return Task(
        run,
        task_run_name=name.replace("{", "{{").replace("}", "}}"),
        retries=retries,
        retry_condition_fn=lambda _task, _run, _state: not children.stopped,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
