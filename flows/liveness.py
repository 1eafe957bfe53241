"""Which flow runs are still alive. Prefect learns nothing of a flow that is killed outright: it stays RUNNING for ever.

Each flow run holds a lock on a file of its own in Prefect's folder. The kernel lets go of a lock when its process ends,
in whatever way; a run that is said to be running and whose lock is free is dead. Runs elsewhere have no such file.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

UNFINISHED = (StateType.RUNNING, StateType.CANCELLING, StateType.PENDING)


@contextmanager
def held(home: Path, flow_run: UUID | str) -> Iterator[None]:
    """Hold the lock of a flow run for the time of the block."""
    path = home / "alive" / str(flow_run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def dead(home: Path) -> list[UUID]:
    """The flow runs that ended without letting go of their lock by themselves."""
    folder = home / "alive"
    return [UUID(path.name) for path in sorted(folder.iterdir()) if _is_free(path)] if folder.is_dir() else []


def _is_free(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:  # it ended well just now
        return False
    except BlockingIOError:
        return False
    return True


def bury(home: Path) -> int:
    """Mark dead flow runs, and what they ran, as crashed on the server in use; return how many flow runs."""
    buried = 0
    for flow_run in dead(home):
        with get_client(sync_client=True) as client:
            try:
                state = client.read_flow_run(flow_run).state
            except ObjectNotFound:  # of another database
                continue
            if state is not None and state.type in UNFINISHED:
                _mark(client, flow_run)
                buried += 1
        (home / "alive" / str(flow_run)).unlink(missing_ok=True)
    return buried


def bury_abandoned(home: Path, pool: str) -> int:
    """Mark the unfinished runs of a work pool that hold no lock as crashed too; return how many.

    They were killed before they took their lock. Call it while no worker of the pool runs: a run that has just begun
    has no lock yet either. One that stayed RUNNING would let no other run of its deployment begin.
    """
    wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNFINISHED))))
    its_pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=wanted, work_pool_filter=its_pool, limit=200)
        left = [run.id for run in found if not (home / "alive" / str(run.id)).exists()]
        for flow_run in left:
            _mark(client, flow_run)
    return len(left)


def _mark(client: SyncPrefectClient, flow_run: UUID) -> None:
    crashed: State[None] = Crashed(message="The process of this run was killed.")
    client.set_flow_run_state(flow_run, crashed, force=True)
    mine = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    for each in client.read_task_runs(flow_run_filter=mine):
        if each.state is not None and each.state.type in UNFINISHED:
            client.set_task_run_state(each.id, crashed, force=True)
