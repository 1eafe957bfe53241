"""A page for `dvc plots show` that needs no network: DVC's own loads Vega from a CDN and stays blank offline."""

import vl_convert

VEGALITE = "5.20"  # the major version that DVC's plot templates are written for

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
    code = bundle(VEGALITE)
    for placeholder in ("{plot_divs}", "{scripts}", "{refresh_tag}"):
        if placeholder in code:
            raise ValueError(f"the bundle holds DVC's placeholder {placeholder}")
    return _PAGE.replace("BUNDLE", code)


def bundle(vegalite: str) -> str:
    """Vega, Vega-Lite of that version and Vega-Embed as one script that defines `vegaEmbed`, safe inside an element."""
    code: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vegalite)
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")  # only string literals could hold them
