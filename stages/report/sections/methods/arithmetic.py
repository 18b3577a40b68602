"""The article's counts, recomputed; what one point sees; what pooling saves."""

from collections.abc import Callable
from typing import NamedTuple

from matplotlib.ticker import MaxNLocator

from stages.common import fields, files
from stages.common.architecture import Cnn, Layer
from stages.common.run import Run
from stages.report import plots, words

ORDER = 10
SIDE = 28  # pixels of the article's images
ARTICLE = Cnn(
    maps=(32, 64, 128), kernel=3, convolutions=1, pooling="max", activation="relu", dense=100
)
# Layers without pooling between them, from kernels and strides; maps do not matter to fields.
WINDOWS = (3, 4, 2)
DEEP = [Layer(f"conv_{n}", maps, 3, 1) for n, maps in enumerate([32, 64] + [128] * 11, start=1)]
THICK = 0.8  # a bar, of its lane


class Statement(NamedTuple):
    """Something article I counts: what it says, and a function that recomputes it as text."""

    about: str
    said: str
    recomputed: Callable[[], str]


def _article(column: str, keep: Callable[[Layer], bool] = bool) -> str:
    """One column of `fields.rows` of the article's network."""
    stack = fields.rows(ARTICLE.layers, SIDE)
    return ", ".join(f"{getattr(row, column):,}" for row in stack if keep(row.layer))


def _fields(stride: int) -> str:
    """Fields behind the second and the third of WINDOWS, in steps of `stride`."""
    layers = [Layer("conv", 1, kernel, stride) for kernel in WINDOWS]
    _, *behind = fields.rows(layers, SIDE)
    return " and ".join(f"{row.field} × {row.field}" for row in behind)


def _pool_1() -> str:
    """Field of pool_1 of the article's network, and whether neighbours share pixels."""
    row = fields.rows(ARTICLE.layers, SIDE)[1]
    shared = row.field - row.stride
    return f"{row.field} × {row.field}, " + (f"overlapping by {shared}" if shared else "disjoint")


def _deep() -> str:
    """Parameters of DEEP, cut to thousands as the article's number is."""
    parameters = sum(row.parameters for row in fields.rows(DEEP, SIDE))
    return f"{parameters // 1000 / 1000} million"


# fmt: off
STATEMENTS = (
    Statement("weights and biases of conv_1, conv_2, conv_3", "320, 18,496, 73,856",
              lambda: _article("parameters", lambda layer: not layer.is_pool)),
    Statement("points along an axis: conv_1, pool_1, conv_2, pool_2, conv_3", "26, 13, 11, 5, 3",
              lambda: _article("side")),
    Statement("pixels along an axis that a point of these layers sees", "3, 4, 8, 10, 18",
              lambda: _article("field")),
    Statement("effective stride of conv_3, in pixels", "5",
              lambda: str(fields.rows(ARTICLE.layers, SIDE)[-1].stride)),
    Statement("fields of neighbouring points of pool_1", "4 × 4, disjoint", _pool_1),
    Statement("fields after windows of 3, 4 and then 2, all at stride 1", "6 × 6 and 7 × 7",
              lambda: _fields(1)),
    Statement("the same, all at stride 2", "7 × 7 and 11 × 11", lambda: _fields(2)),
    Statement("parameters of thirteen conv layers without pooling, of 32, 64 and eleven times 128 "
              "maps", "1.568 million", _deep),
)
# fmt: on


def statements() -> list[dict]:
    """Every statement with what it is, and whether that is what the article says."""
    found = []
    for about, said, recomputed in STATEMENTS:
        is_ = recomputed()
        right = is_ == said
        verdict = "yes" if right else "no"
        found.append({"about": about, "said": said, "is": is_, "right": right, "verdict": verdict})
    return found


def stack(run: Run) -> list[fields.Row]:
    """The layers of this run's network."""
    return fields.rows(run.design.settings.layers, run.design.side)


def costs(run: Run) -> list[dict]:
    """What this run's network costs with its pooling and without, and how many times as much."""
    design, batch = run.design, run.params.cnn.batch_size
    cnn = design.settings
    pooled, flat = (
        fields.cost(layers, design.side, cnn.dense, design.classes, batch)._asdict()
        for layers in (cnn.layers, fields.without_pooling(cnn.layers))
    )
    shown = {
        "dense_weights": ("weights of the dense layer", "{:,.0f}", 1),
        "parameters": ("parameters of the network", "{:,.0f}", 1),
        "activation_bytes": (f"activations of a batch of {batch:,} images, MB", "{:,.1f}", 1e6),
        "products": ("multiply-adds for an image, millions", "{:,.2f}", 1e6),
    }
    rows = []
    for name, (what, form, unit) in shown.items():
        texts = {
            key: form.format(of[name] / unit) for key, of in (("pooled", pooled), ("flat", flat))
        }
        rows.append({"name": name, "what": what, "factor": flat[name] / pooled[name], **texts})
    return rows


def numbers(run: Run) -> dict:
    """The article's counts, this network's, and what its pooling saves."""
    layers, deep = stack(run), fields.rows(DEEP, SIDE)
    last, side = layers[-1], run.design.side
    flat = fields.without_pooling(run.design.settings.layers)
    measured = run.read(files.FIELD_SIZES).set_index("layer")["size"]
    return {
        "measured": all(measured[row.layer.name] == row.field for row in layers),
        "article_pixels": SIDE,
        "statements": statements(),
        "deep": deep[-1],
        "deep_parameters": sum(row.parameters for row in deep),
        "own": [{"name": row.layer.name, "kernel": row.layer.kernel, **row._asdict()}
                for row in layers],
        "is_article": (run.design.settings.layers, side) == (ARTICLE.layers, SIDE),
        "last": last,
        "pixels": side,
        "seen": last.field + (last.side - 1) * last.stride,
        "costs": {row["name"]: row for row in costs(run)},
        "flat_field": fields.rows(flat, side)[-1].field,
        "pools": any(row.layer.stride > 1 for row in layers),
    }  # fmt: skip


def nested_fields(run: Run) -> plots.Figure:
    """The field of one last point and of all points that feed it, along one axis of the image.

    Bars of a layer that would overlap lie in lanes of their own.
    """
    layers, side = stack(run), run.design.side
    point = (layers[-1].side - 1) // 2
    pixels, *fed = fields.feeding(run.design.settings.layers, point)
    lanes = [min(-(-row.field // row.stride), row.side) for row in layers]
    height = min(1.6 + 0.2 * (sum(lanes) + len(layers)), 9)
    figure, axes = plots.subplots(figsize=(8, height))
    axis, names, middles = axes[0, 0], [f"image: {len(pixels)} pixels"], [0.5]
    for pixel in range(side):
        color = plots.COLOR_OTHER if pixel in pixels else "#e6e6e6"
        axis.barh(0.5, 1, left=pixel, height=1, color=color, edgecolor="white")
    bottom = 1.7
    for row, points, count in zip(layers, fed, lanes, strict=True):
        color = plots.COLOR_B if row.layer.is_pool else plots.COLOR_A
        drawn = range(row.side) if row is layers[-1] else points
        for other in drawn:
            look = {"fc": color, "ec": "white", "lw": 1.5}
            look = look if other in points else {"fc": "none", "ec": "#aaaaaa"}
            place = bottom + count - (other - drawn[0]) % count - 0.5
            axis.barh(place, row.field, left=other * row.stride, height=THICK, **look)
        middles.append(bottom + count / 2)
        names.append(f"{row.layer.name}: {words.count(len(points), 'point')}\nof {row.field} px")
        bottom += count + 0.7
    axis.set_yticks(middles, names)
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=False, axis="y")
    axis.set(xlim=(0, side), ylim=(0, bottom), xlabel="pixel along one axis of the image")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(f"What one point of {run.last} sees, through all layers")
    return figure
