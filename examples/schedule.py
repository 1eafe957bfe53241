"""A Prefect schedule of your own around a verb: render and index a folder of mirrors every night.

python examples/schedule.py --once      run it now
python examples/schedule.py             serve it every night at 02:30, until Ctrl-C
"""

import subprocess
import sys

from prefect import flow, task


@task(retries=2, retry_delay_seconds=60)
def rcfam(*words: str) -> None:
    """Run one verb; a failure is retried twice."""
    subprocess.run([sys.executable, "-m", "rcfam", *words], check=True)


@flow(log_prints=True)
def nightly(verbs: list[list[str]]) -> None:
    """Run verbs one after another."""
    for words in verbs:
        rcfam(*words)


def main() -> None:
    """Serve the flow, or run it once with verbs that only look at the parameters."""
    if "--once" in sys.argv:
        nightly([["params"]])
        return
    verbs = [["clone", "-o", "data/mirrors"], ["render", "data/mirrors", "-o", "data/recordings"]]
    nightly.serve(name="nightly", cron="30 2 * * *", parameters={"verbs": verbs})


if __name__ == "__main__":
    main()
