// What the explorer knows and computes: the packed data, the CNN's head, and edits of points.
// Nothing here touches the page but the script that holds the data, which stages/report/explorer.py
// describes. A point's number p stands for (map, row, column) in that order.

const data = JSON.parse(document.getElementById("explorer-data").textContent);
const [classA, classB] = data.pair;

function typed({ dtype, data: text }) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new { float32: Float32Array, uint16: Uint16Array }[dtype](bytes.buffer);
}

const arrays = Object.fromEntries(
  Object.entries(data.arrays).map(([name, packed]) => [name, typed(packed)]),
);
const cells = data.rows * data.columns; // points of a map
const pointCount = data.maps * cells;
const units = arrays.dense_bias.length;
const classCount = arrays.logits_bias.length;

/** Row `row` of a packed array whose rows are as long as the last axis of its shape. */
function rowOf(name, row) {
  const width = data.arrays[name].shape.at(-1);
  return arrays[name].subarray(row * width, (row + 1) * width);
}

/** The place of a point: its map, row and column. */
function placeOf(point) {
  const cell = point % cells;
  return {
    map: (point - cell) / cells,
    row: Math.floor(cell / data.columns),
    column: cell % data.columns,
  };
}

/** The dense layer before its ReLU, from the values of all points. */
function hiddenOf(values) {
  const sums = Float64Array.from(arrays.dense_bias);
  values.forEach((value, point) => {
    if (value !== 0) rowOf("dense_kernel", point).forEach((w, unit) => (sums[unit] += value * w));
  });
  return sums;
}

/** The logits, from the dense layer before its ReLU. */
function logitsOf(hidden) {
  const logits = Float64Array.from(arrays.logits_bias);
  hidden.forEach((value, unit) => {
    if (value > 0) rowOf("logits_kernel", unit).forEach((w, label) => (logits[label] += value * w));
  });
  return logits;
}

/** The values of an image's points, the `switched` ones at the class mean in row `target`. */
function valuesOf(image, switched, target) {
  const values = Float32Array.from(rowOf("points", image));
  for (const point of switched) values[point] = rowOf("mean", target)[point];
  return values;
}

/** The class that the network answers to an image as it is. */
function answerTo(image) {
  return highest(logitsOf(hiddenOf(rowOf("points", image))));
}

/** How far each point, switched alone, moves the logit difference z_b - z_a of an image. */
function effectsOf(image, target) {
  const values = rowOf("points", image);
  const means = rowOf("mean", target);
  const hidden = hiddenOf(values);
  const weights = hidden.map((_, unit) => {
    const row = rowOf("logits_kernel", unit);
    return row[classB] - row[classA];
  });
  const before = hidden.map((value) => Math.max(value, 0));
  return Float64Array.from(values, (value, point) => {
    const change = means[point] - value;
    const kernel = rowOf("dense_kernel", point);
    let moved = 0;
    for (let unit = 0; unit < units; unit++) {
      moved += (Math.max(hidden[unit] + change * kernel[unit], 0) - before[unit]) * weights[unit];
    }
    return moved;
  });
}

/** Live points by their effect towards the target class, most first. */
function orderOf(effects, target) {
  const sign = target === 1 ? 1 : -1;
  return livePoints.toSorted((p, q) => sign * (effects[q] - effects[p]));
}

/** Live points by their rank on validation images, best first. */
const livePoints = Array.from(arrays.rank.keys()).filter((point) => arrays.rank[point] > 0);
const byRank = livePoints.toSorted((p, q) => arrays.rank[p] - arrays.rank[q]);

/** The number of the highest value. */
function highest(values) {
  return values.indexOf(Math.max(...values));
}

// What one chose, and what follows from it; everything on the page is drawn from this.
const state = {
  image: 0,
  layer: "conv_3",
  point: byRank[0],
  target: 1, // 0: the mean of class a, 1: of class b
  switched: new Set(),
  values: null, // of all points, edited
  effects: null,
  order: [], // live points by effect on this image
};
