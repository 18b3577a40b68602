"""Every metric: its mean over networks, and how it differs from that of the first experiment."""

from itertools import groupby

from markupsafe import Markup

from stages.common import artifacts, files, inference
from stages.compare import differences, written
from stages.compare.comparison import Comparison
from stages.compare.experiments import Experiment

ORDER = 2


def numbers(comparison: Comparison) -> dict:
    """Groups of rows: a metric, its meaning, and a cell for each experiment."""
    groups = [
        (group, [row(comparison, metric) for metric in of])
        for group, of in groupby(comparison.metrics, key=lambda name: name.partition(".")[0])
    ]
    return {
        "groups": groups,
        "names": comparison.names,
        "tested": len(comparison.compared),
        "level": inference.LEVEL,
    }


def row(comparison: Comparison, metric: str) -> dict:
    """A metric with its cells."""
    form = artifacts.forms(files.METRICS)[metric]
    cells = [cell(comparison, metric, of) for of in comparison.experiments]
    return {"name": metric, "meaning": form.meaning, "cells": cells}


def cell(comparison: Comparison, metric: str, of: Experiment) -> Markup:
    """Mean and interval of an experiment; below, of another than the first, the difference."""
    if metric not in of.metrics:
        return Markup('<span class="aside">not in this run</span>')
    values, places = of.values(metric), written.of_metric(metric, comparison)
    text = Markup(f"{of.metrics[metric]:,.{places}f}")
    if len(values) > 1:
        _, low, high = differences.mean_interval(values)
        text += Markup(' <span class="aside">({:,.{places}f} to {:,.{places}f})</span>').format(
            low, high, places=places
        )
    if of is comparison.first:
        return text
    return text + Markup("<br>") + difference(comparison, metric, of)


def difference(comparison: Comparison, metric: str, of: Experiment) -> Markup:
    """The difference from the first experiment with its mark, or why there is none."""
    if compared := comparison.compared.get((metric, of.name)):
        (low, high), places = compared.difference.interval(), written.of_metric(metric, comparison)
        numbers = (
            f"{compared.difference.value:+,.{places}f} ({low:+,.{places}f} to {high:+,.{places}f})"
        )
        settled = settling(comparison, compared) if compared.mark == "open" else ""
        return badge(compared.mark) + Markup(' <span class="aside">{}{}</span>').format(
            numbers, settled
        )
    return Markup('<span class="aside">{}</span>').format(untested(comparison, metric, of))


def untested(comparison: Comparison, metric: str, of: Experiment) -> str:
    """Why a metric that the experiment has is not compared."""
    if artifacts.forms(files.METRICS)[metric].dtype == "whole":
        return "of all networks together: not tested"
    if metric not in comparison.first.metrics:
        return f"not in {comparison.names[0]}"
    few = [name.name for name in (comparison.first, of) if len(name.values(metric)) < 2]
    return f"not tested: {' and '.join(few)} {'have' if len(few) > 1 else 'has'} it of one network"


def settling(comparison: Comparison, compared) -> str:
    """How many networks would settle an open difference."""
    n = compared.difference.settled_with(compared.margin, len(comparison.compared))
    return f"; {n} networks each would settle it" if n else "; over 1,000 networks would settle it"


def badge(mark: str) -> Markup:
    """A mark: its symbol, its words, and a class for its colour."""
    symbol, words = written.MARKS[mark]
    return Markup('<span class="outcome {}"><span aria-hidden="true">{}</span> {}</span>').format(
        mark.replace(" ", "-"), symbol, words
    )
