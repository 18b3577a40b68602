// What the explorer knows and computes: the packed data (see __init__.py), the CNN's head, and edits of points.
// Nothing here touches the page. The four scripts are one module, so that nothing is global.

const data = JSON.parse(document.getElementById("explorer-data").textContent);
const [classA, classB] = data.pair;
const lastLayer = data.layers.at(-1);
const [rowCount, columnCount, mapCount] = lastLayer.shape;
const cells = rowCount * columnCount; // points of a map

const arrays = Object.fromEntries(
  Object.entries(data.arrays).map(([name, { dtype, data: text }]) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return [name, new { float32: Float32Array, uint16: Uint16Array }[dtype](bytes.buffer)];
  }),
);

/** Row `row` of a packed array whose rows are as long as the last axis of its shape. */
function rowOf(name, row) {
  const width = data.arrays[name].shape.at(-1);
  return arrays[name].subarray(row * width, (row + 1) * width);
}

const bothOf = (name, point) => [0, 1].map((row) => rowOf(name, row)[point]); // of a and b

/** Map, row and column of a point: its number counts in that order. */
function placeOf(point) {
  const cell = point % cells;
  return { map: (point - cell) / cells, row: Math.floor(cell / columnCount), column: cell % columnCount };
}

/** A layer's sums before its ReLU: the bias, plus each input that is not 0 times its row of the kernel. */
function dense(inputs, layer) {
  const sums = Float64Array.from(arrays[`${layer}_bias`]);
  inputs.forEach((value, input) => {
    if (value !== 0) rowOf(`${layer}_kernel`, input).forEach((w, unit) => (sums[unit] += value * w));
  });
  return sums;
}

const relu = (values) => values.map((value) => Math.max(value, 0));
const logitsOf = (values) => dense(relu(dense(values, "dense")), "logits");
const highest = (values) => values.indexOf(Math.max(...values));
const answerTo = (image) => highest(logitsOf(rowOf("points", image))); // as it is

/** The values of all points of the chosen image, the switched ones at their mean in the target class. */
function editedValues() {
  const means = rowOf("mean", state.target);
  return rowOf("points", state.image).map((value, point) => (state.switched.has(point) ? means[point] : value));
}

/** How much each point, switched alone, changes the logit difference z_b - z_a of an image. */
function effectsOf(image, target) {
  const values = rowOf("points", image);
  const hidden = dense(values, "dense");
  const before = relu(hidden);
  const weights = hidden.map((_, unit) => rowOf("logits_kernel", unit)[classB] - rowOf("logits_kernel", unit)[classA]);
  return Float64Array.from(values, (value, point) => {
    const change = rowOf("mean", target)[point] - value;
    const kernel = rowOf("dense_kernel", point);
    let effect = 0;
    for (let unit = 0; unit < kernel.length; unit++) {
      effect += (Math.max(hidden[unit] + change * kernel[unit], 0) - before[unit]) * weights[unit];
    }
    return effect;
  });
}

const livePoints = [...arrays.rank.keys()].filter((point) => arrays.rank[point] > 0);
const byRank = livePoints.toSorted((p, q) => arrays.rank[p] - arrays.rank[q]);

// What one chose, and what follows from it; everything on the page is drawn from this.
const state = {
  image: 0, layer: lastLayer.name, point: byRank[0], switched: new Set(),
  target: 1, // 0: the mean of class a, 1: of class b
  values: null, // of all points, edited
  effects: null, order: [], // of each point; live points by effect towards the target class, most first
};
