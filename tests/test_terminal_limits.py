"""What a terminal may hold, and that no key costs more than its time, whatever was typed before it."""

import dataclasses

import pytest

from rcfam.errors import RcfamError
from rcfam.terminal import Limits, Terminal


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, 1 << 60, 1.5, "1", True, None])
def test_a_limit_out_of_its_bounds_is_one_line_that_names_it(name: str, value: object) -> None:
    with pytest.raises(RcfamError, match=rf"limit {name} of {value!r} is no whole number of \d+ to \d+$"):
        Limits(**{name: value})  # type: ignore[arg-type]


def test_a_terminal_keeps_the_limits_that_it_is_given() -> None:
    assert Terminal().limits == Limits()
    assert Terminal(limits=Limits(disk_files=3)).limits.disk_files == 3
