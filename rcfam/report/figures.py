"""Charts as SVG and PNG files' contents, drawn without a browser and without network."""

import json
import resource
from typing import Any, Final

import vl_convert

from rcfam.errors import RcfamError

ADDRESS_SPACE: Final = 70 << 30
"""Bytes that the drawing engine reserves as it starts (measured: it starts at 70 GiB, and not at 40); it uses few."""

LIGHT: dict[str, Any] = {
    "background": "#ffffff",
    "view": {"stroke": None},
    "range": {"ordinal": {"scheme": "viridis", "extent": [0.0, 0.85]}},
    "axis": {"gridColor": "#e4e4e4", "labelFontSize": 12, "titleFontSize": 12},
}


def check_address_space() -> None:
    """Raise RcfamError where this process may not reserve what the drawing engine reserves: that one ends by a trap."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < ADDRESS_SPACE:
        raise RcfamError(
            f"drawing charts needs {ADDRESS_SPACE >> 30} GiB of address space, not of memory; "
            f"`ulimit -v` allows {limit / (1 << 30):.1f} GiB"
        )


def figure(spec: dict[str, Any], width: int, scale: float) -> tuple[str, bytes]:
    """One chart as an SVG document and a PNG picture, `width` CSS pixels wide, in the light theme."""
    whole = json.dumps({**spec, "width": width, "config": LIGHT})
    return vl_convert.vegalite_to_svg(whole), vl_convert.vegalite_to_png(whole, scale=scale)
