"""Which pixels each point of the CNN sees, measured: the field of every conv and pool layer.

Out: `data/input_patterns/receptive_field.csv`, a row a cell of one map: layer, row, column, and
     the box of pixels that reach it: top, left, height, width. No data and no training enter:
     with positive weights everywhere and no bias nothing cancels, so a single lit pixel shows in
     every point that it can reach.
"""

import numpy as np
import pandas as pd

from stages.common import artifacts, console, network
from stages.common.backend import keras


def with_positive_weights(net: "keras.Model") -> "keras.Model":
    """`net` with 1 over the number of its inputs for every weight, and no bias."""
    for layer in net.layers:
        layer.set_weights(
            [
                np.full(w.shape, 1 / np.prod(w.shape[:-1]) if w.ndim > 1 else 0, w.dtype)
                for w in layer.get_weights()
            ]
        )
    return net


def reach(net: "keras.Model", layer: str) -> np.ndarray:
    """Which pixels change which points of `layer`: bool (28, 28, rows, columns)."""
    rows, columns = net.input_shape[1:3]
    one_lit = np.eye(rows * columns, dtype=np.float32).reshape(-1, rows, columns, 1)
    outputs = network.extractor(net, (layer,)).predict(one_lit, batch_size=98, verbose=0)
    maps = outputs[layer]
    return (maps > 0).any(axis=3).reshape(rows, columns, *maps.shape[1:3])


def fields(layer: str, reached: np.ndarray) -> pd.DataFrame:
    """The box around the pixels that reach each point, from `reach`'s array."""
    table = []
    for row, column in np.ndindex(reached.shape[2:]):
        down, right = np.nonzero(reached[:, :, row, column])
        top, left = down.min(), right.min()
        size = (down.max() - top + 1, right.max() - left + 1)
        table.append((layer, row, column, top, left, *size))
    names = ("layer", "row", "column", "top", "left", "height", "width")
    return pd.DataFrame(table, columns=names)


def main() -> None:
    net = with_positive_weights(network.build("cnn"))
    tables = [fields(layer, reach(net, layer)) for layer in network.CONV_AND_POOL_LAYERS]
    artifacts.write_csv(artifacts.RECEPTIVE_FIELD, pd.concat(tables, ignore_index=True))
    for table in tables:
        first, last = table.iloc[0], table.iloc[-1]
        apart = (last["top"] - first["top"]) // max(1, last["row"])
        console.say(
            f"{first['layer']}: a point sees {first['height']} x {first['width']} pixels, "
            f"{apart} apart, down to row {last['top'] + last['height'] - 1}"
        )


if __name__ == "__main__":
    console.run(main)
