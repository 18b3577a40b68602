"""Every metric: its mean over networks, and how it differs from that of the first experiment."""

from itertools import groupby

from markupsafe import Markup

from stages.common import artifacts, files, inference
from stages.compare import differences, written
from stages.compare.comparison import Comparison
from stages.compare.experiments import Experiment
from stages.report import by_seed

ORDER = 2


def numbers(comparison: Comparison) -> dict:
    """Groups of rows: a metric, its meaning, and a cell for each experiment."""
    groups = [
        (group, [row(comparison, metric) for metric in of])
        for group, of in groupby(comparison.metrics, key=lambda name: name.partition(".")[0])
        if group != "claims"  # which have a section of their own
    ]
    return {
        "groups": groups,
        "names": comparison.names,
        "tested": comparison.tests,
        "level": inference.LEVEL,
    }


def row(comparison: Comparison, metric: str) -> dict:
    """A metric with its cells."""
    form = artifacts.forms(files.METRICS)[metric]
    cells = [cell(comparison, metric, of) for of in comparison.experiments]
    apart = " (of all networks together: not tested)" if by_seed.whole(metric) else ""
    return {"name": metric, "meaning": form.meaning + apart, "cells": cells}


def cell(comparison: Comparison, metric: str, of: Experiment) -> Markup:
    """Mean and interval of an experiment; below, of another than the first, the difference."""
    if metric not in of.metrics:
        return aside("not in this run")
    values, number = of.values(metric), form(comparison, metric)
    lines = [Markup(format(of.metrics[metric], number))]
    if values.count() > 1:
        _, low, high = differences.mean_interval(values)
        lines[0] += " " + aside(f"({low:{number}} to {high:{number}})")
    if of is not comparison.first and not by_seed.whole(metric):
        lines.append(difference(comparison, metric, of))
    return Markup("<br>").join(lines)


def difference(comparison: Comparison, metric: str, of: Experiment) -> Markup:
    """The difference from the first experiment with its mark, or why there is none."""
    compared = comparison.compared.get((metric, of.name))
    if not compared:
        return aside(untested(comparison, metric, of))
    (low, high), number = compared.difference.interval(), "+" + form(comparison, metric)
    text = written.networks(compared.difference)
    if compared.mark != "same":
        value = f"{compared.difference.value:{number}} ({low:{number}} to {high:{number}})"
        text = f"{value}, {text}"
    if compared.mark == "open":
        n = compared.difference.settled_with(compared.margin, comparison.tests)
        text += f"; {n or 'over 1,000'} networks each would settle it"
    return badge(compared.mark) + " " + aside(text)


def untested(comparison: Comparison, metric: str, of: Experiment) -> str:
    """Why a metric that the experiment has is not compared."""
    if metric not in comparison.first.metrics:
        return f"not in {comparison.first.name}"
    few = [run for run in (comparison.first, of) if run.values(metric).count() < 2]
    counts = [f"{run.name} has it of {run.values(metric).count()}" for run in few]
    return f"not tested: that takes two networks each, and {' and '.join(counts)}"


def form(comparison: Comparison, metric: str) -> str:
    """How a metric's numbers are written, the same in all experiments. Never -0."""
    return f"z,.{written.of_metric(metric, comparison)}f"


def aside(text: str) -> Markup:
    """A remark in small type."""
    return Markup('<span class="aside">{}</span>').format(text)


def badge(mark: str) -> Markup:
    """A mark: its symbol, its words, and a class for its colour."""
    symbol, words = written.MARKS[mark]
    return Markup('<span class="outcome {}"><span aria-hidden="true">{}</span> {}</span>').format(
        mark.replace(" ", "-"), symbol, words
    )
