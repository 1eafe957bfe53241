"""A flow's main thread that waits is woken by Ctrl-C, whatever libraries did to the handler."""

import signal
import subprocess
import sys

import pytest

from flows import PROJECT

WAITS = """
import threading
import polars
from flows import interrupts
interrupts.heed()
try:
    print("waits", flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_waiting_main_thread_is_interrupted(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", WAITS], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "waits\n"
        process.send_signal(number)
        try:
            assert process.communicate(timeout=30)[0] == "interrupted\n"
        finally:
            process.kill()
