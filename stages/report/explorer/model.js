// What the explorer knows and computes: the packed data (see __init__.py), the CNN's head, and edits of points.
// Nothing here touches the page. The four scripts are one module, so that nothing is global.

const data = JSON.parse(document.getElementById("explorer-data").textContent);
const [classA, classB] = data.pair;
const lastLayer = data.layers.at(-1);
const [rowCount, columnCount] = lastLayer.shape;

for (const array of Object.values(data.arrays)) {
  const bytes = Uint8Array.from(atob(array.data), (character) => character.charCodeAt(0));
  array.values = new { float32: Float32Array, uint16: Uint16Array }[array.dtype](bytes.buffer);
}

/** Row `row` of a packed array whose rows are as long as the last axis of its shape. */
function rowOf(name, row = 0) {
  const { shape, values } = data.arrays[name];
  return values.subarray(row * shape.at(-1), (row + 1) * shape.at(-1));
}

const bothOf = (name, point) => [0, 1].map((row) => rowOf(name, row)[point]); // of a and b
const ranks = rowOf("rank");
const livePoints = [...ranks.keys()].filter((point) => ranks[point] > 0);
const byRank = livePoints.toSorted((p, q) => ranks[p] - ranks[q]);

// What one chose; everything on the page is drawn from this. `target` is 0 for the mean of class a, 1 for that of b.
// What follows joins it: edited `values` and `effects` of all points; live ones in `order`, most effect first.
const state = { image: 0, layer: lastLayer.name, point: byRank[0] };

/** Map, row and column of a point: its number counts in that order. */
function placeOf(point) {
  const row = Math.floor(point / columnCount);
  return { map: Math.floor(row / rowCount), row: row % rowCount, column: point % columnCount };
}

/** A layer's sums before its activation: the bias, plus each input that is not 0 times its row of the kernel. */
function dense(inputs, layer) {
  const sums = Float64Array.from(rowOf(`${layer}_bias`));
  inputs.forEach((value, input) => {
    if (value !== 0) rowOf(`${layer}_kernel`, input).forEach((w, unit) => (sums[unit] += value * w));
  });
  return sums;
}

// As `activate` in common/architecture.py.
const activate = {
  relu: (value) => Math.max(value, 0),
  elu: (value) => (value > 0 ? value : Math.expm1(value)),
  selu: (value) => 1.0507009873554805 * (value > 0 ? value : 1.6732632423543772 * Math.expm1(value)),
}[data.activation];
const logitsOf = (values) => dense(dense(values, "dense").map(activate), "logits");
const difference = (logits) => logits[classB] - logits[classA];
const highest = (values) => values.indexOf(Math.max(...values));
const answerTo = (image) => highest(logitsOf(rowOf("points", image))); // as it is

/** How much each point, patched alone, changes the logit difference z_b - z_a of an image. */
function effectsOf(image, target) {
  const [values, means] = [rowOf("points", image), rowOf("mean", target)];
  const hidden = dense(values, "dense");
  const weights = hidden.map((_, unit) => difference(rowOf("logits_kernel", unit)));
  return Float64Array.from(values, (value, point) => rowOf("dense_kernel", point).reduce((effect, w, unit) => {
    const after = hidden[unit] + (means[point] - value) * w;
    return effect + (activate(after) - activate(hidden[unit])) * weights[unit];
  }, 0));
}
