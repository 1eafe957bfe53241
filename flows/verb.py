"""Any `rcfam` verb as a Prefect flow: `rcfam task inflate`, `rcfam rollout` and the like, to be started, put on a
schedule and looked at in the web interface. On a shell the verb itself does.

Paths keep to this checkout's data (flows/bounds.py). Keys of endpoints come from the environment of `make ui` alone: no
verb takes one as a word, so none is recorded.
"""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Failed
from pydantic import Field

from flows import PROJECT, bounds, server
from flows.liveness import held
from flows.stage_run import Children
from flows.stages import program
from rcfam.history import HistoryError, shown

PLAIN = {"TYPER_USE_RICH": "0"}  # the last line of an error says what is wrong, and not the foot of a frame


def _name() -> str:
    words = " ".join(_shown(str(word)) for word in flow_run.get_parameters()["words"])
    return f"rcfam {words}"[:100]


def _shown(word: str) -> str:
    """A word without what may be secret in an address."""
    try:
        return shown(word)
    except HistoryError:
        return "ADDRESS"


@flow(name="verb", flow_run_name=_name, persist_result=False, validate_parameters=True)
def verb(words: Annotated[list[str], Field(min_length=1)]) -> "str | State[str]":
    """Run a verb in this checkout's folder; gives the last line that it said. Raises BoundsError.

    Args:
        words: What stands after `rcfam` on a command line, such as ["task", "inflate", ".", "--model", "NAME"].
    """
    bounds.check_words(words)
    said = [""]

    def log(line: str) -> None:
        said[:] = [line]
        get_run_logger().info(line)

    children = Children()
    with held(server.home(), str(flow_run.get_id())):
        try:
            outcome = children.run(f"rcfam {words[0]}", program("rcfam", *words), PROJECT, log, PLAIN)
        finally:
            children.stop()
    return Failed(message=outcome.failure, data=said[0]) if outcome.failure else said[0]
