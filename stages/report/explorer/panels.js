// Says in words, numbers and bars what the explorer's state is.

const fixed = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "–");
const plain = (label) => data.class_names[label];
const named = (label) => data.quoted_names[label]; // in a sentence
const targetName = () => named(data.pair[state.target]);
const show = (name, ...content) => element(name).replaceChildren(...content);

function pointName(point) {
  const { map, row, column } = placeOf(point);
  return `map ${map}, row ${row}, column ${column}`;
}

function imageName() {
  const { index, label, role } = data.shown[state.image];
  return `test image ${index}, class ${named(label)}, ${role}`;
}

function showLayer() {
  const layer = data.layers.find(({ name }) => name === state.layer); // none: the image
  const isLast = layer === lastLayer;
  element("grid").hidden = !isLast;
  element("picture").hidden = isLast;
  element("scale").hidden = !layer;
  if (!layer) {
    show("picture", tileOf("image", state.image, imageName(), state.point));
    show("layer-text", `The frame is the receptive field of ${pointName(state.point)} of ${lastLayer.name}.`);
    return;
  }
  const [rows, columns, maps] = layer.shape;
  show("high", `≥ ${fixed(layer.high)}`);
  show("layer-text", `${maps} maps of ${rows} × ${columns}, map 0 top left, read like text. One scale, all images.`);
  if (isLast) drawPoints(element("points"));
  else show("picture", mapsOf(layer, `${maps} maps of ${layer.name}, ${imageName()}`));
}

function showLogits(before, now) {
  const all = [...before, ...now, 0];
  const low = Math.floor(Math.min(...all) / 5) * 5;
  const span = Math.ceil(Math.max(...all) / 5) * 5 - low || 5;
  const bar = (kind, value) => {
    const [left, width] = [Math.min(0, value) - low, Math.abs(value)].map((size) => `${(size / span) * 100}%`);
    return make("span", { className: `explorer-bar explorer-${kind}`, style: `left: ${left}; width: ${width}` });
  };
  const number = (logit) => make("td", {}, make("data", { value: String(logit) }, fixed(logit)));
  const rows = Array.from(now, (value, label) => {
    const bars = make("div", {}, bar("before", before[label]), bar("now", value));
    const cell = make("td", { className: "explorer-wide", ariaHidden: "true" }, bars);
    const first = label === highest(now) ? "explorer-first" : "";
    const className = `explorer-is-${"ab"[data.pair.indexOf(label)] ?? "other"} ${first}`;
    const name = make("th", { scope: "row" }, plain(label));
    return make("tr", { className }, name, number(before[label]), number(value), cell);
  });
  show("logits", ...rows);
  show("answer", answerText(before, now));
}

function answerText(before, now) {
  const [was, is] = [before, now].map((logits) => named(highest(logits)));
  const [first, last] = [before, now].map((logits) => fixed(logits[classB] - logits[classA]));
  const n = state.switched.size;
  const edit = n ? `${n} ${n === 1 ? "point" : "points"} at the mean of ${targetName()}: the` : "The";
  const answer = was === is ? `answers ${is}` : `answers ${is} instead of ${was}`;
  const gap = `Logit difference (${named(classB)} minus ${named(classA)}): ${last}${n ? `, before: ${first}` : ""}`;
  return `${edit} CNN ${answer}. The image is of class ${named(data.shown[state.image].label)}. ${gap}.`;
}

/** AUROC on test images, towards the class that it is higher for, and its interval. */
function aurocOf(point) {
  const [value, low, high] = [0, 1, 2].map((row) => rowOf("auroc", row)[point]);
  const numbers = value >= 0.5 ? [value, low, high] : [1 - value, 1 - high, 1 - low];
  const [towards, from, to] = numbers.map((number) => fixed(number, 3));
  const higher = value === 0.5 ? "" : ` for ${named(value > 0.5 ? classB : classA)}`;
  return `${towards}${higher} (${from} to ${to})`;
}

function showPoint() {
  const { point, values, effects, order } = state;
  const value = rowOf("points", state.image)[point];
  const isSwitched = state.switched.has(point);
  const name = pointName(point);
  const means = bothOf("mean", point).map((mean) => fixed(mean));
  const of = `of ${livePoints.length.toLocaleString("en")} live points`;
  const rank = arrays.rank[point];
  show("name", `${lastLayer.name}, ${name}`);
  show("chosen", `${name}: ${fixed(values[point])}${isSwitched ? ", switched" : ""}`);
  show("switch", isSwitched
    ? `Switch back to ${fixed(value)}` : `Switch to the mean of ${targetName()}: ${means[state.target]}`);
  show("value", fixed(value) + (isSwitched ? `, switched to ${fixed(values[point])}` : ""));
  show("means", means.join(" and "));
  show("auroc", aurocOf(point));
  show("rank", rank ? `${rank} ${of}` : "none: 0 in every validation image of the pair");
  show("effect", `${effects[point] > 0 ? "+" : ""}${fixed(effects[point])}`);
  show("effect-rank", rank ? `${order.indexOf(point) + 1} ${of}` : "none");
  element("goto").value = point;
  if (element("goto").selectedIndex < 0) element("goto").value = "";
  showHistogram(point, value);
  show("field", tileOf("image", state.image, imageName(), point));
  showPattern(placeOf(point).map);
  showStrongest(point);
}

/** Two bars a bin: counts are of images above 0; as shares of the class they are comparable. */
function showHistogram(point, value) {
  const silent = bothOf("silent", point);
  const shares = silent.map((share, row) => {
    const counts = rowOf("histogram", row * mapCount * cells + point);
    const active = counts.reduce((sum, n) => sum + n, 0) || 1;
    return Array.from(counts, (n) => (n / active) * (1 - share));
  });
  const tallest = Math.max(...shares.flat()) || 1;
  const step = 240 / shares[0].length;
  const bars = shares.flatMap((bins, row) => bins.map((share, bin) => {
    const tall = (share / tallest) * 92;
    return `<rect class="explorer-is-${"ab"[row]}" x="${(bin + row / 2) * step}" y="${96 - tall}"
      width="${step / 2 - 0.75}" height="${tall}"/>`;
  }));
  element("bars").innerHTML = bars.join("");
  element("here").setAttribute("d", `M${arrays.top[point] ? (value / arrays.top[point]) * 240 : 0},0V96`);
  show("top", fixed(arrays.top[point]));
  show("silent", silent.map((share) => `${Math.round(share * 100)}%`).join(" and "));
}

const statuses = {
  silent: " No real image activates the map, the pattern does.",
  unreached: " Real images activate the map, no pattern of the search does.",
  dead: " Nothing activates the map.",
};

function showPattern(map) {
  const [onPattern, natural] = bothOf("pattern_value", map).map((mean) => fixed(mean));
  const what = `Feature visualisation of map ${map}`;
  show("pattern", tileOf("patterns", map, what, state.point));
  show("pattern-text", `${what}: the map’s mean before its ReLU is ${onPattern} here, ` +
    `at most ${natural} on real images.${statuses[data.pattern_status[map]] ?? ""}`);
}

function showStrongest(point) {
  const values = rowOf("strongest_value", point);
  const items = Array.from(rowOf("strongest", point), (tile, place) => {
    const text = `${plain(data.strongest_label[tile])}: ${fixed(values[place])}`;
    return make("li", {}, tileOf("strongest", tile, text, point), make("span", { ariaHidden: "true" }, text));
  }).filter((_, place) => values[place] > 0);
  show("strongest", ...items);
  const which = "those that activate this point most: class and activation";
  show("strongest-text", items.length ? `Of ${data.searched}, ${which}.` : `None of ${data.searched} activates it.`);
}
