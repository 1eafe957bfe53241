"""What every test starts from."""

import os
import signal

import pytest

# A shell's background jobs ignore SIGINT, and what they start inherits that: no test could interrupt anything there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked slow unless RCFAM_SLOW is set, as it is in continuous integration."""
    if "RCFAM_SLOW" not in os.environ:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: RCFAM_SLOW=1 runs it"))
