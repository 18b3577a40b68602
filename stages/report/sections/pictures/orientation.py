"""Whether maps follow the image or their filters, and which are active on background."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.run import Run
from stages.report import plots, words

ORDER = 60
SHOWN = 3  # conv layers in the grid of maps, the last ones
CASES = ("upright", "turned", "untrained", "untrained_turned")
# Of conv_1's maps: active on background, active on ink; their names and colours.
ACTIVE = {
    (True, False): ("background alone", plots.COLOR_BOTH),
    (True, True): ("both", plots.COLOR_C),
    (False, True): ("ink alone", plots.COLOR_A),
    (False, False): ("neither", plots.COLOR_OTHER),
}


def oriented_layers(run: Run) -> list[str]:
    """The conv layers whose maps of images of a have an index, in every network and case."""
    table = run.every_shown(files.ORIENTATION)
    table = table[table["class"] == run.pair[0]].set_index("layer")[list(CASES)]
    return [layer for layer in run.conv_layers if table.loc[[layer]].notna().all(axis=None)]


def by_layer(run: Run) -> pd.DataFrame:
    """A row a layer and shown network: the index in images of a, of b and of other classes.

    `stays` is the part that is the same in turned images, `follows` the part that turns with them.
    """
    table = run.every_shown(files.ORIENTATION)
    table = table[table["layer"].isin(oriented_layers(run))]
    keys, (a, b) = ["layer", "seed"], run.pair
    found = table[table["class"] == a].set_index(keys)
    others = table[~table["class"].isin(run.pair)].groupby(keys)["upright"].mean()
    found["of_b"] = table[table["class"] == b].set_index(keys)["upright"]
    found["of_others"] = others
    found["stays"] = (found["upright"] + found["turned"]) / 2
    found["follows"] = (found["upright"] - found["turned"]) / 2
    return found.reset_index()


def signs(table: pd.DataFrame) -> dict[str, list[str]]:
    """The layers whose index changes its sign in turned images in all networks, or in none.

    The rest is `mixed`.
    """
    found: dict[str, list[str]] = {"flips": [], "keeps": [], "mixed": []}
    for layer, of in table.groupby("layer", sort=False):
        product = of["upright"] * of["turned"]
        kind = "flips" if (product < 0).all() else "keeps" if (product > 0).all() else "mixed"
        found[kind].append(layer)
    return found


def background(run: Run) -> pd.DataFrame:
    """A row a shown network: maps of conv_1 by what activates them, and points active in an image.

    `value` is the median value on background over the map's highest, of maps active there.
    """
    rows = []
    for seed, of in run.every_shown(files.BACKGROUND).groupby("seed", sort=False):
        on = of[of["on_background"]]
        counts = {
            name: int(((of["on_background"] == back) & (of["on_ink"] == ink)).sum())
            for (back, ink), (name, _) in ACTIVE.items()
        }
        row = {"seed": seed, "maps": len(of), "on": len(on), **counts}
        row |= {name: of[name].sum() for name in ("outside", "outside_points")}
        row |= {name: of[name].sum() for name in ("inside", "inside_points")}
        seen = on[(on["outside_points"] > 0) & (on["highest"] > 0)]
        rows.append(row | {"value": (seen["value"] / seen["highest"]).median()})
    return pd.DataFrame(rows)


def numbers(run: Run) -> dict:
    """The index by layer with its controls, and what is active on background."""
    table, first, layers = by_layer(run), background(run), oriented_layers(run)
    sample = run.every_shown(files.ORIENTATION)
    empty = run.every_shown(files.MAP_ORIENTATION).groupby(["layer", "seed"])["on_empty"].sum()
    columns = [*CASES, "of_b", "of_others", "averaged", "maps_r", "maps_r_untrained"]
    rows = table.groupby("layer", sort=False)[columns].mean().reset_index()
    return {
        "layers": layers,
        "by": {layer: table[table["layer"] == layer] for layer in layers},
        "rows": rows,
        "own": rows.dropna(subset=["maps_r", "maps_r_untrained"]).to_dict("records"),
        "pixels": sample.loc[sample["class"] == run.pair[0], "pixels"].iloc[0],
        "images": int(sample["images"].max()),
        "side": run.design.settings.sides(run.design.side)[-1],
        "first_layer": first,
        "shares": {
            name: (first[name] / first[f"{name}_points"]).dropna() for name in ("outside", "inside")
        },
        "empty": {layer: empty[layer] for layer in run.conv_layers},
        "networks": len(run.shown),
        **signs(table),
    }


def metrics(run: Run) -> dict[str, float]:
    """The last layer's index in images of a, its parts, and maps of conv_1 on background."""
    table, first = by_layer(run), background(run)
    last = table[table["layer"] == run.last]
    values = {"stays": last["stays"], "follows": last["follows"], "background": first["on"]}
    return {name: of.mean() for name, of in values.items()}


def _signed(index: float) -> str:
    return f"{index:+z.2f}".replace("-", "−") if index == index else words.NOTHING


def oriented_maps(run: Run) -> plots.Figure:
    """A typical image of a, upright and turned, with its most horizontal and most vertical maps."""
    data, layers = run.read(files.ORIENTED_MAPS, seed=run.seed), oriented_layers(run)[-SHOWN:]
    most = max([1, *(len(data[f"{layer}_map"]) for layer in layers)])
    rows, colormap = 2 * max(len(layers), 1), run.params.report.colormap
    figure, axes = plots.subplots(rows, most + 1, figsize=(1.2 * most + 1.9, 1.42 * rows + 0.8))
    for axis in axes.flat:
        axis.set_visible(False)
    for at, line in enumerate(axes):
        line[0].set_visible(True)
        plots.ink(line[0], np.rot90(data["image"], at % 2))
        plots.frame(line[0])
        line[0].set_title(_signed(data["image_index"][at % 2]), fontsize=10)
        name = f"{layers[at // 2]}\n" if layers else ""
        line[0].set_ylabel(name + CASES[at % 2], fontsize=10)
    for place, layer in enumerate(layers):
        both = [data[f"{layer}_{case}"] for case in CASES[:2]]
        look = {"cmap": colormap, "vmin": 0, "vmax": plots.scale(np.stack(both))}
        for line, maps, index in zip(axes[2 * place :], both, data[f"{layer}_index"], strict=False):
            for axis, values, value, number in zip(
                line[1:], np.moveaxis(maps, 2, 0), index, data[f"{layer}_map"], strict=False
            ):
                axis.set_visible(True)
                axis.imshow(values, interpolation="nearest", **look)
                plots.bare(axis)
                axis.set_title(f"{number}: {_signed(value)}", fontsize=10)
    figure.suptitle(f"Most horizontal to most vertical maps (cnn-{run.seed})")
    return figure


def orientation(run: Run) -> plots.Figure:
    """The horizontal index by layer, after and before training; every map of two layers."""
    table, layers, (a, b) = by_layer(run), oriented_layers(run), run.names
    figure, axes = plots.subplots(2, 2, figsize=(8.2, 8))
    trained, before = axes[0]
    looks = {
        "upright": (trained, a, plots.COLOR_A, "o-"),
        "turned": (trained, f"{a}, turned", plots.COLOR_A, "^--"),
        "of_b": (trained, b, plots.COLOR_B, "s-"),
        "of_others": (trained, "other classes", "black", "d:"),
        "averaged": (trained, "image, averaged", "#888888", "x:"),
        "untrained": (before, a, plots.COLOR_A, "o-"),
        "untrained_turned": (before, f"{a}, turned", plots.COLOR_A, "^--"),
    }
    for name, (axis, label, color, form) in looks.items():
        values = table.pivot_table(name, "layer", "seed").reindex(layers)
        look = {"color": color, "markersize": 5}
        axis.plot(range(len(layers)), values.mean(axis=1), form, label=label, **look)
        axis.plot(range(len(layers)), values, form[0], alpha=0.35, **look)
    for axis, title in ((trained, "trained"), (before, "before training")):
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_xticks(range(len(layers)), layers)
        axis.set(xlim=(-0.3, len(layers) - 0.7), ylim=(-1.05, 1.05), title=title)
        axis.legend(fontsize=9, ncols=2, loc="lower left", columnspacing=1)
    trained.set_ylabel("horizontal index of the layer's maps")
    ends = list(dict.fromkeys([*layers[:1], *layers[-1:]]))
    axes[1, 1].set_visible(len(ends) > 1)
    for axis, layer in zip(axes[1], ends, strict=False):
        _every_map(axis, run, layer)
    axes[1, 0].set_ylabel("the same, images turned")
    figure.suptitle("Do maps turn with the image?")
    return figure


def _every_map(axis: plots.Axes, run: Run, layer: str) -> None:
    """Index upright against turned of a layer's maps, by their share of the energy."""
    table = run.read(files.MAP_ORIENTATION, seed=run.seed).query("layer == @layer")
    size = 6 + 30 * table["energy"] * len(table)
    look = {"color": plots.COLOR_A, "alpha": 0.5, "linewidths": 0}
    axis.scatter(table["upright"], table["turned"], size, **look)
    for slope, line, name in ((-1, "--", "turns with the image"), (1, "-", "stays")):
        axis.plot([-1, 1], [-slope, slope], line, color="black", linewidth=0.9, label=name)
    axis.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
    axis.set(title=f"each map of {layer} (cnn-{run.seed})")
    axis.set(xlabel=f"horizontal index, {run.names[0]}")
    axis.legend(fontsize=9, loc="lower right", frameon=True, framealpha=1, edgecolor="white")


def background_maps(run: Run) -> plots.Figure:
    """Kernel sum and bias of every map of conv_1, and where its maps are active."""
    figure, axes = plots.subplots(2, 2, figsize=(8.2, 8.2))
    for axis in axes[0]:
        axis.remove()
    _biases(figure.add_subplot(axes[0, 0].get_gridspec()[0, :]), run)
    data = run.read(files.ORIENTED_MAPS, seed=run.seed)
    on = run.read(files.BACKGROUND, seed=run.seed)["on_background"]
    shares = (
        ("background", on.sum(), "active on background"),
        ("other", (~on).sum(), "all others"),
    )
    for axis, (name, maps, title) in zip(axes[1], shares, strict=True):
        look = {"cmap": run.params.report.colormap, "vmin": 0, "vmax": 1}
        shown = axis.imshow(data[f"{name}_share"], **look)
        plots.bare(axis)
        axis.set_title(f"{words.count(int(maps), 'map')}: {title}")
    figure.colorbar(shown, ax=axes[1], shrink=0.8, pad=0.02, label="share of the maps active")
    figure.suptitle(f"conv_1 on background and on ink (cnn-{run.seed})")
    return figure


def _biases(axis: plots.Axes, run: Run) -> None:
    """Every map of conv_1 by the sum of its kernel and its bias, coloured by what it is active on.

    Above the solid line it is active on background; right of the dotted one, on ink.
    """
    table = run.read(files.BACKGROUND, seed=run.seed)
    for (back, ink), (name, color) in ACTIVE.items():
        of = table[(table["on_background"] == back) & (table["on_ink"] == ink)]
        look = {"color": color, "alpha": 0.85, "label": f"{name}: {len(of)}"}
        axis.scatter(of["kernel_sum"], of["bias"], 42, **look)
    axis.axhline(0, color="black", linewidth=0.9)
    spread = np.abs(table["bias"]).max() or 1
    axis.plot([-spread, spread], [spread, -spread], color="black", linewidth=0.9, linestyle=":")
    axis.set(xlabel="sum of the kernel's weights", ylabel="bias")
    above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": len(ACTIVE)}
    axis.legend(title="active on", fontsize=9.5, columnspacing=1.2, **above)
