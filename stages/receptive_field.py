"""Which pixels each point of the CNN sees, measured: the field of every conv and pool layer.

Out: `data/input_patterns/receptive_field.csv`, a row a cell of one map: the box of pixels that
     reach it; `field_sizes.csv`, a row a layer. Of the data only the size of its images
     enters: with positive weights and no bias nothing cancels, so a lit pixel shows in every point
     that it can reach.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, network, trained
from stages.common.backend import prepare
from stages.common.intervals import NOTHING, Value
from stages.common.params import read_params
from stages.common.run import Run

if TYPE_CHECKING:
    import keras


def with_positive_weights(net: "keras.Model") -> "keras.Model":
    """`net` with 1 over the number of its inputs for every weight, and no bias."""
    inputs = [(w, np.prod(w.shape[:-1])) for w in net.get_weights()]
    net.set_weights([np.full_like(w, 1 / n if w.ndim > 1 else 0) for w, n in inputs])
    return net


def reach(net: "keras.Model", layer: str) -> np.ndarray:
    """Which pixels change which points of `layer`: bool (side, side, rows, columns)."""
    rows, columns = net.input_shape[1:3]
    one_lit = np.eye(rows * columns, dtype=np.float32).reshape(-1, rows, columns, 1)
    extractor = trained.extractor(net, (layer,))
    # Row by row: the maps for all pixels of 64 x 64 at once took 7 GB.
    by_row = (extractor.predict_on_batch(lit)[layer] > 0 for lit in np.split(one_lit, rows))
    return np.stack([maps.any(axis=3) for maps in by_row])


def fields(layer: str, reached: np.ndarray) -> pd.DataFrame:
    """The box around the pixels that reach each point, from `reach`'s array."""
    table = []
    for row, column in np.ndindex(reached.shape[2:]):
        down, right = np.nonzero(reached[:, :, row, column])
        box = (down.min(), right.min(), np.ptp(down) + 1, np.ptp(right) + 1)
        table.append((layer, row, column, *box))
    return pd.DataFrame(table, columns=list(artifacts.forms(files.RECEPTIVE_FIELD)))


def sizes(layer: str, cells: pd.DataFrame) -> dict:
    """The row of `field_sizes.csv` of one layer, from its `fields`."""
    apart = [
        cells.sort_values(["row", "column"]).groupby(across)[place].diff().dropna()
        for across, place in (("column", "top"), ("row", "left"))
    ]
    row: dict[str, object] = {"layer": layer}
    for name, pixels in (("size", cells[["height", "width"]]), ("stride", np.concatenate(apart))):
        ends = (np.median, np.min, np.max)
        value = Value(*(float(end(pixels)) for end in ends)) if pixels.size else NOTHING
        row |= value.columns(name)
    return row


def main() -> None:
    run = Run(read_params())
    prepare(run.params.train.threads)
    net = with_positive_weights(network.build(run.design))
    names = run.params.network.cnn.names
    tables = {layer: fields(layer, reach(net, layer)) for layer in names}
    rows = [sizes(layer, cells) for layer, cells in tables.items()]
    artifacts.write(files.RECEPTIVE_FIELD, pd.concat(tables.values(), ignore_index=True))
    artifacts.write(files.FIELD_SIZES, pd.DataFrame(rows))
    for row in rows:
        last = tables[row["layer"]].iloc[-1]
        console.say(
            f"{row['layer']}: a point sees {row['size']:g} x {row['size']:g} pixels, "
            f"{row['stride']:g} apart, down to row {last['top'] + last['height'] - 1}"
        )


if __name__ == "__main__":
    console.run(main)
