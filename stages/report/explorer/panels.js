// Says in words, numbers and bars what the explorer's state is.

const fixed = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "–");
const plain = (label) => data.class_names[label];
const named = (label) => data.quoted_names[label]; // in a sentence
const targetName = () => named(data.pair[state.target]);
const show = (name, ...content) => element(name).replaceChildren(...content);
const pointName = (point) => Object.entries(placeOf(point)).map((part) => part.join(" ")).join(", ");
const imageName = ({ index, label, role }) => `test image ${index}, class ${named(label)}, ${role}`;
const shownTile = () => tileOf("image", state.image, imageName(data.shown[state.image]), state.point);

function showLayer() {
  const layer = data.layers.find(({ name }) => name === state.layer); // none: the image
  const [rows, columns, maps] = layer?.shape ?? [];
  element("grid").hidden = layer !== lastLayer;
  element("picture").hidden = layer === lastLayer;
  element("scale").hidden = !layer;
  if (layer === lastLayer) drawPoints(element("points"));
  else show("picture", layer ? mapsOf(layer) : shownTile());
  show("high", `≥ ${fixed(layer?.high)}`);
  show("layer-text", layer
    ? `${maps} maps of ${rows} × ${columns}, map 0 top left, read like text. One scale, all images.`
    : `The frame is the receptive field of ${pointName(state.point)} of ${lastLayer.name}.`);
}

function showLogits(before, now) {
  const all = [...before, ...now, 0];
  const low = Math.floor(Math.min(...all) / 5) * 5;
  const span = Math.ceil(Math.max(...all) / 5) * 5 - low || 5;
  const bar = (kind, value) => {
    const style = `left: ${percent(Math.min(0, value) - low, span)}; width: ${percent(Math.abs(value), span)}`;
    return make("span", { className: `explorer-bar explorer-${kind}`, style });
  };
  const number = (logit) => make("td", {}, make("data", { value: String(logit) }, fixed(logit)));
  const rows = Array.from(now, (value, label) => {
    const bars = make("div", {}, bar("before", before[label]), bar("now", value));
    const cell = make("td", { className: "explorer-wide", ariaHidden: "true" }, bars);
    const isOf = "ab"[data.pair.indexOf(label)] ?? "other";
    const className = `explorer-is-${isOf} ${label === highest(now) ? "explorer-first" : ""}`;
    const name = make("th", { scope: "row" }, plain(label));
    return make("tr", { className }, name, number(before[label]), number(value), cell);
  });
  show("logits", ...rows);
  show("answer", answerText(before, now));
}

function answerText(before, now) {
  const [was, is] = [before, now].map((logits) => named(highest(logits)));
  const [first, last] = [before, now].map((logits) => fixed(difference(logits)));
  const n = state.switched.size;
  const edit = n ? `${n} ${n === 1 ? "point" : "points"} at the mean of ${targetName()}: the` : "The";
  const answer = `CNN answers ${is}${was === is ? "" : ` instead of ${was}`}`;
  const gap = `Logit difference (${named(classB)} minus ${named(classA)}): ${last}${n ? `, before: ${first}` : ""}`;
  return `${edit} ${answer}. The image is of class ${named(data.shown[state.image].label)}. ${gap}.`;
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
  const [before, now] = [fixed(value), fixed(values[point])];
  const means = bothOf("mean", point).map((mean) => fixed(mean));
  const [isSwitched, isLive] = [state.switched.has(point), ranks[point] > 0];
  const rank = (number) => `${number} of ${livePoints.length.toLocaleString("en")} live points`;
  const facts = {
    "Activation in this image": before + (isSwitched ? `, patched to ${now}` : ""),
    [`Mean in ${data.pair.map(named).join(" and in ")}, validation`]: means.join(" and "),
    "AUROC, test images": aurocOf(point),
    "Rank by AUROC, validation": isLive ? rank(ranks[point]) : "none: above 0 in no validation image of the pair",
    "Effect alone on this image’s logit difference": (effects[point] > 0 ? "+" : "") + fixed(effects[point]),
    "Rank of that effect, towards the class chosen": isLive ? rank(order.indexOf(point) + 1) : "none",
  };
  show("facts", ...Object.entries(facts).map(([term, text]) =>
    make("div", {}, make("dt", {}, term), make("dd", {}, text))));
  show("name", `${lastLayer.name}, ${pointName(point)}`);
  show("chosen", `${pointName(point)}: ${now}${isSwitched ? ", patched" : ""}`);
  const other = isSwitched ? `Restore ${before}` : `Patch to the mean of ${targetName()}: ${means[state.target]}`;
  show("switch", other);
  element("goto").value = element("goto").querySelector(`[value="${point}"]`) ? point : "";
  showHistogram(point, value);
  show("field", shownTile());
  showPattern(placeOf(point).map);
  showStrongest(point);
}

/** Two bars a bin: counts are of images above 0; as shares of the class they are comparable. */
function showHistogram(point, value) {
  const silent = bothOf("silent", point);
  const shares = silent.map((share, row) => {
    const counts = rowOf("histogram", row * ranks.length + point);
    const active = counts.reduce((sum, n) => sum + n, 0) || 1;
    return Array.from(counts, (n) => (n / active) * (1 - share));
  });
  const tallest = Math.max(...shares.flat()) || 1;
  const step = 240 / shares[0].length;
  const top = rowOf("top")[point];
  shares.forEach((bins, row) => {
    const bar = (share, bin) => `M${(bin + row / 2) * step},96v${(-92 * share) / tallest}h${step / 2 - 0.75}V96z`;
    element(`bars-${"ab"[row]}`).setAttribute("d", bins.map(bar).join(""));
  });
  element("here").setAttribute("d", `M${top ? (Math.max(value, 0) / top) * 240 : 0},0V96`);
  show("top", fixed(top));
  show("silent", silent.map((share) => `${Math.round(share * 100)}%`).join(" and "));
}

const statuses = {
  silent: "No real image activates the map, the pattern does.",
  unreached: "Real images activate the map, no pattern of the search does.",
  dead: "Nothing activates the map.",
};

function showPattern(map) {
  const what = `Feature visualisation of map ${map}`;
  const means = bothOf("pattern_value", map).map((mean) => fixed(mean)).join(" here, at most ");
  const status = statuses[data.pattern_status[map]] ?? "";
  const raised = data.of_points ? "the point" : "the map’s mean";
  show("pattern", tileOf("patterns", map, what, data.of_points ? null : state.point));
  show("pattern-text", `${what}: ${raised} before its activation is ${means} on real images. ${status}`);
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
