"""Prefect flows and Optuna search over the same `rcfam` verbs that DVC runs.

Prefect and DVC read their settings from the environment when they are imported, so the defaults stand here: nothing is
reported to anybody, and Prefect keeps its database in the project's own `.prefect` folder. What the user has set wins.
"""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # Prefect would start one by itself, without a password
    "PREFECT_HOME": str(PROJECT / ".prefect"),
}

for _name, _value in _DEFAULTS.items():
    os.environ.setdefault(_name, _value)

# A proxy for the outside world must not stand between the programs of one machine.
for _name in ("NO_PROXY", "no_proxy"):
    _hosts = [host for host in os.environ.get(_name, "").split(",") if host]
    os.environ[_name] = ",".join(dict.fromkeys([*_hosts, "127.0.0.1", "localhost"]))
