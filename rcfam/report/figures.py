"""Charts as SVG and PNG files' contents, drawn without a browser and without network."""

import json
from typing import Any

import vl_convert

LIGHT: dict[str, Any] = {
    "background": "#ffffff",
    "view": {"stroke": None},
    "range": {"ordinal": {"scheme": "viridis", "extent": [0.0, 0.85]}},
    "axis": {"gridColor": "#e4e4e4", "labelFontSize": 12, "titleFontSize": 12},
}


def figure(spec: dict[str, Any], width: int, scale: float) -> tuple[str, bytes]:
    """One chart as an SVG document and a PNG picture, `width` CSS pixels wide, in the light theme."""
    whole = json.dumps({**spec, "width": width, "config": LIGHT})
    return vl_convert.vegalite_to_svg(whole), vl_convert.vegalite_to_png(whole, scale=scale)
