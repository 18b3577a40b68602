"""Feature visualisation of the pair's logits: images that the network takes most for a class."""

from stages.common import files
from stages.common.run import Run
from stages.report import plots, searched

ORDER = 70


def numbers(run: Run) -> dict:
    """What the patterns reach, against real images, and how many are classified as intended."""
    patterns, (a, b) = run.read(files.PATTERNS, seed=run.seed), run.pair
    values = searched.class_patterns_table(run)
    meant = patterns["class_logits"].argmax(axis=1) == [a, b, b, a]
    as_meant = meant & (values["value"] > values["natural"])
    return {"classes": values, "as_meant": int(as_meant.sum())}


def class_patterns(run: Run) -> plots.Figure:
    """The patterns that raise the pair's logits and their difference, and all their logits."""
    patterns, table = run.read(files.PATTERNS, seed=run.seed), searched.class_patterns_table(run)
    top = patterns["class_top_images"]
    widths, classes = [1.25] + [1] * top.shape[1] + [2.6], range(len(run.class_names))
    figure, axes = plots.subplots(len(top), len(widths), figsize=(11.5, 6.9), width_ratios=widths)
    short = [name if len(name) <= 2 else str(k) for k, name in enumerate(run.class_names)]
    for row, facts in enumerate(table.to_dict("records")):
        title = "{title}: {value:.1f} for the pattern; real images reach {natural:.1f}"
        plots.beside(
            axes[row, :-1], patterns["class_pattern"][row], top[row], title.format(**facts)
        )
        bars, colors = axes[row, -1], plots.class_colors(classes, run.pair)
        bars.bar(classes, patterns["class_logits"][row], color=colors)
        bars.axhline(0, color="black", linewidth=0.8)
        bars.set_xticks(classes, short)
        bars.tick_params(labelsize=7.5, length=0)
        bars.grid(visible=False, axis="x")
    axes[0, -1].set_title("logits of the pattern, by class", fontsize=9)
    figure.get_layout_engine().set(hspace=0.1)
    figure.suptitle(f"Patterns that raise logits of cnn-{run.seed}, and the closest real images")
    return figure
