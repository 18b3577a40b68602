"""Show what was found: one page, one README, figures, and the numbers experiments compare.

In:  the tables and arrays of the other stages, and the training times of `data/timings`.
Out: `reports/index.html` (one file, opens offline), `reports/README.md` with
     `reports/figures/*.png`, `reports/metrics.json`, and `reports/plots/*.csv` for `dvc plots`.
"""

import base64
from pathlib import Path

import jinja2
from markupsafe import Markup

from stages.common import artifacts, console, plots
from stages.common.params import read_params
from stages.report import explorer, networks, story, summaries, verdicts
from stages.report.results import Results, read

HERE = Path(__file__).parent


def render(template: str, **values: object) -> str:
    """Fill one of the templates beside this file; HTML is escaped, Markdown is not.

    `inline(name)` puts a file beside this one into the page as it is: its style or script.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=template.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["inline"] = lambda name: Markup((HERE / name).read_text(encoding="utf-8"))
    environment.globals["symbols"] = verdicts.SYMBOLS
    return environment.get_template(template).render(**values).rstrip() + "\n"


def footer(results: Results) -> tuple[str, ...]:
    """How long the training took, and on what: in the page alone, since it differs every time."""
    devices = dict.fromkeys(timing["device"] for timing in results.timings.values())
    seconds = [timing["seconds"] for timing in results.timings.values()]
    return (
        f"Trained {len(seconds)} networks in {sum(seconds):.0f} s on {' and '.join(devices)}. "
        "Made by dvc repro with the settings in params.yaml.",
    )


def main() -> None:
    results = read(read_params())
    sections = story.sections(results)
    pictures = [picture for section in sections for picture in section.pictures]
    images = {}
    for picture in console.progress(pictures, "figures"):
        path = artifacts.REPORTS / "figures" / f"{picture.name}.png"
        figure = picture.draw(results)
        artifacts.replace(path, lambda temporary, figure=figure: plots.save(figure, temporary))
        images[picture.name] = base64.b64encode(path.read_bytes()).decode("ascii")

    content = {
        "title": story.title(results),
        "notice": networks.notice(results),
        "lead": story.lead(results),
        "accuracy": story.accuracy(results),
        "sections": sections,
    }
    page = render(
        "template.html",
        **content,
        footer=footer(results),
        images=images,
        explorer=explorer.parts(results),
    )
    artifacts.write_text(artifacts.REPORTS / "index.html", page)
    artifacts.write_text(artifacts.REPORTS / "README.md", render("template.md", **content))
    artifacts.write_json(artifacts.REPORTS / "metrics.json", summaries.metrics(results))
    for name, table in summaries.plot_tables(results).items():
        artifacts.write_csv(artifacts.REPORTS / "plots" / f"{name}.csv", table)
    console.say(
        f"{len(pictures)} figures, {len(page) / 1e6:.1f} MB: open "
        f"{artifacts.REPORTS / 'index.html'} in a browser"
    )


if __name__ == "__main__":
    console.run(main)
