"""Let the pages of `dvc plots` draw without a network: `python -m stages.compare.offline`.

DVC's own page loads Vega, Vega-Lite and Vega-Embed from the web. This writes a template with all
three inside, as the package `vl-convert-python` bundles them, and names it in `.dvc/config.local`.
"""

import subprocess
import sys
from pathlib import Path

from stages.common import artifacts, console
from stages.common.console import StageError

TEMPLATE = Path("tmp/plots.html")  # in .dvc, which is what DVC takes it to be relative to
PLACES = ("{scripts}", "{plot_divs}", "{refresh_tag}")  # DVC replaces these wherever they stand
ENDING = ("</script", "<!--")  # HTML reads these in a script, in any case of letters
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>DVC plots</title>
{refresh_tag}
<link rel="icon" href="data:,">
<style>body {{ font-family: system-ui, sans-serif; }} table {{ border-spacing: 15px; }}</style>
<script>{libraries}</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def libraries() -> str:
    """Vega and what belongs to it as one script, of the newest Vega-Lite that templates ask for.

    Raises StageError where the package is missing, or the script would break the page.
    """
    try:
        import vl_convert
    except ModuleNotFoundError:
        raise StageError(
            "The package vl-convert-python, which has Vega in it, is not installed. "
            "`make plots-offline` installs it."
        ) from None
    newest = [name for name in vl_convert.get_vegalite_versions() if name.startswith("5.")][-1]
    script = vl_convert.javascript_bundle(vl_version=newest)
    if found := [mark for mark in (*PLACES, *ENDING) if mark in script.lower()]:
        raise StageError(
            f"Vega's script has {found[0]} in it, which would break DVC's page. Install the "
            "version of vl-convert-python in requirements-plots.txt."
        )
    return script


def main() -> None:
    if not Path(".dvc").is_dir():
        raise StageError("This folder has no .dvc. Run this in the project's root.")
    places = {place.strip("{}"): place for place in PLACES}
    page = PAGE.format(libraries=libraries(), **places)
    artifacts.write_text(Path(".dvc") / TEMPLATE, page)
    config = ["config", "--quiet", "--local", "plots.html_template", TEMPLATE.as_posix()]
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *config], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2].rstrip(".")
        raise StageError(f"DVC cannot set plots.html_template: {reason}. Mend .dvc/config.local.")
    console.say(
        f"dvc plots draws without a network from now on ({len(page) / 1e6:.1f} MB a page).\n"
        "Back to pages that load Vega: dvc config --local --unset plots.html_template"
    )


if __name__ == "__main__":
    console.run(main, stage=False)
