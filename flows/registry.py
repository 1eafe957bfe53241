"""What the web interface finds on the server: the work pool, deployments, schedules, and no ghosts."""

import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import DeploymentSchedule, StateType
from prefect.exceptions import ObjectNotFound

from flows.liveness import bury, bury_abandoned

__all__ = ["bury", "bury_abandoned", "forget_missed", "make_pool", "restore", "schedules"]

MISSED_AFTER_S = 60.0
# A job without variables: the server refuses any, and the worker has no place to put them. `env` is left out and not
# empty: Prefect merges a run's own `env` into a template that has one, whatever variables the template declares.
JOB: dict[str, Any] = {
    "job_configuration": {"command": None, "working_dir": None, "stream_output": True},
    "variables": {"type": "object", "properties": {}, "additionalProperties": False},
}


def make_pool(name: str) -> None:
    """Make the work pool for processes on this machine, or give the one that is there the job template above."""
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=JOB))
        else:
            client.update_work_pool(name, WorkPoolUpdate(base_job_template=JOB))


def schedules() -> dict[UUID, list[DeploymentSchedule]]:
    """The schedules of every deployment on the server."""
    with get_client(sync_client=True) as client:
        return {deployment.id: list(deployment.schedules) for deployment in client.read_deployments()}


def restore(earlier: dict[UUID, list[DeploymentSchedule]]) -> None:
    """Give the deployments their earlier schedules: registering one again replaces what people set by hand."""
    with get_client(sync_client=True) as client:
        for deployment, wanted in earlier.items():
            for schedule in client.read_deployment_schedules(deployment):
                client.delete_deployment_schedule(deployment, schedule.id)
            if wanted:
                client.create_deployment_schedules(deployment, [(each.schedule, each.active) for each in wanted])


def forget_missed() -> int:
    """Delete the scheduled runs whose time came while no worker was there; return how many.

    The server makes runs ahead of time, and would start all that were missed at once.
    """
    deadline = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=MISSED_AFTER_S)
    wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])))
    forgotten = 0
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=wanted, limit=200):
            if run.auto_scheduled and run.expected_start_time is not None and run.expected_start_time < deadline:
                client.delete_flow_run(run.id)
                forgotten += 1
    return forgotten
