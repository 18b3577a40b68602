"""Show what was measured: one page, one README, figures, and the numbers experiments compare.

In:  the tables and arrays of the other stages, and the training times of `data/timings`.
Out: `reports/index.html` (one file, opens offline), `reports/README.md` with
     `reports/figures/*.png`, `reports/metrics.json`, `reports/metrics_by_seed.csv`, and
     `reports/plots/*.csv` for `dvc plots`.
"""

from pathlib import Path

from stages.common import artifacts, console, files
from stages.common.names import MODELS
from stages.common.params import read_params
from stages.common.run import Run
from stages.report import by_seed, explorer, lead, metrics, page
from stages.report.sections.claims import claims

REPORTS = Path("reports")


def main() -> None:
    run = Run(read_params())
    writer = page.of_run(run, REPORTS / "figures")
    opening = writer.section(lead)
    chapters = [writer.chapter(*of) for of in console.progress(page.chapters(), "chapters")]

    # In the page alone, since they differ every time.
    timings = [run.read(files.TIMINGS, model=m, seed=s) for m in MODELS for s in run.seeds]
    patching = explorer.parts(run)
    more = {"chapters": chapters, "explorer": patching, "timings": timings}
    whole = page.index("page.html", opening, scripts=[patching["script"]], **more)
    artifacts.write_text(REPORTS / "index.html", whole)
    readme = writer.readme(opening, chapters, **claims.numbers(run))
    artifacts.write_text(REPORTS / "README.md", readme)
    artifacts.write(files.METRICS, metrics.every_metric(run))
    artifacts.write(files.METRICS_BY_SEED, by_seed.table(run))
    for name, table in metrics.plot_tables(run).items():
        artifacts.write_csv(REPORTS / "plots" / f"{name}.csv", table)
    size = f"{len(writer.drawn)} figures, {len(whole) / 1e6:.1f} MB"
    console.say(f"{size}: open {REPORTS / 'index.html'} in a browser")


if __name__ == "__main__":
    console.run(main)
