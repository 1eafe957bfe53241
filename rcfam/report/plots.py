"""A page for `dvc plots show` that needs no network: DVC's own loads Vega from a CDN and stays blank offline."""

from functools import cache

import vl_convert

VEGALITE = "6.4"  # whose documents Altair 6 writes
# DVC's plot templates name Vega-Lite 5 as their schema, which version 6 draws as well, with a complaint.
_ANY_VERSION = """
window.vegaEmbed = (place, spec, options) => {
  const { $schema, ...rest } = spec;
  const actions = { export: true, source: false, compiled: false, editor: false };
  return vegaEmbed(place, rest, { mode: "vega-lite", actions, ...options });
};
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh_tag}
<title>Plots</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 70rem; padding: 0 1rem; background: #fff; }
  body > div { overflow-x: auto; }
  table { border-spacing: 15px; }
</style>
<script>BUNDLE</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def template() -> str:
    """The HTML template, about 1 MB, with Vega, Vega-Lite and Vega-Embed inside, for `plots.html_template`."""
    code = bundle(_ANY_VERSION)
    for placeholder in ("{plot_divs}", "{scripts}", "{refresh_tag}"):
        if placeholder in code:
            raise ValueError(f"the bundle holds DVC's placeholder {placeholder}")
    return _PAGE.replace("BUNDLE", code)


@cache
def bundle(snippet: str = "window.vegaEmbed = vegaEmbed;") -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that ends with `snippet`, safe inside an element of a page."""
    code: str = vl_convert.javascript_bundle(snippet, VEGALITE)
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")  # only string literals could hold them
