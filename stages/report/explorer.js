// The explorer's page: what one chooses, and how it is drawn. Runs after explorer_model.js, in the
// same module, so nothing here is global.

const element = (name) => document.getElementById(`explorer-${name}`);
const fixed = (value, digits = 2) => value.toFixed(digits).replace("-", "−");
const signed = (value) => (value > 0 ? "+" : "") + fixed(value);
const percent = (share) => `${Math.round(share * 100)}%`;
const plain = (label) => data.class_names[label];
const named = (label) => data.quoted_names[label]; // in a sentence
const targetName = () => named(data.pair[state.target]);
const roles = {
  clear: "clear", typical: "typical", hard: "hard", contrast: "contrast", wrong: "CNN wrong",
  mlp_wrong: "MLP wrong", listed: "listed",
}; // prettier-ignore

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

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function pointName(point) {
  const { map, row, column } = placeOf(point);
  return `map ${map}, row ${row}, column ${column}`;
}

// Pictures -------------------------------------------------------------------------------------

const pictures = {};

async function loadPictures() {
  for (const [name, packed] of Object.entries(data.pictures)) {
    const image = new Image();
    image.src = `data:image/png;base64,${packed.png}`;
    pictures[name] = { ...packed, image };
  }
  await Promise.all(Object.values(pictures).map(({ image }) => image.decode()));
}

/** Give a canvas a size in CSS pixels; returns its context, in device pixels, and the ratio. */
function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  return { context, ratio };
}

function drawTile(context, name, tile, left, top, width, height) {
  const { image, width: w, height: h, columns } = pictures[name];
  const x = (tile % columns) * w;
  const y = Math.floor(tile / columns) * h;
  context.drawImage(image, x, y, w, h, left, top, width, height);
}

/** Frame a rectangle so that it is seen on any colour. */
function frame(context, left, top, width, height, line) {
  for (const [color, thick] of [["#ffffff", 2 * line], ["#000000", line]]) {
    context.strokeStyle = color;
    context.lineWidth = thick;
    context.strokeRect(left, top, width, height);
  }
}

/** Draw a 28 x 28 tile; with `point`, frame what that point can see. */
function drawImage(canvas, name, tile, size, point = null) {
  const { context, ratio } = sized(canvas, size, size);
  drawTile(context, name, tile, 0, 0, canvas.width, canvas.height);
  if (point === null) return;
  const { row, column } = placeOf(point);
  const pixel = canvas.width / pictures[name].width;
  const { size: side, stride } = data.field;
  frame(context, column * stride * pixel, row * stride * pixel, side * pixel, side * pixel, 1.5 * ratio);
}

/** How the maps of a layer lie in the width there is: sizes in device pixels. */
function gridOf({ shape: [rows, columns, maps] }) {
  const ratio = window.devicePixelRatio || 1;
  const width = element("stage").clientWidth;
  const across = maps <= 32 || width < 480 ? 8 : 16;
  const room = Math.floor(width * ratio);
  let gap = Math.round((columns > 3 ? 3 : 5) * ratio);
  let cell = (room - gap * (across - 1)) / (across * columns);
  if (columns <= 5) { // whole pixels; what is left over widens the gaps
    cell = Math.floor(cell);
    gap = Math.floor((room - cell * across * columns) / (across - 1));
  }
  const step = { x: cell * columns + gap, y: cell * rows + gap };
  const down = Math.ceil(maps / across);
  return { across, cell, gap, step, width: across * step.x - gap, height: down * step.y - gap, ratio };
}

function drawMaps(layer) {
  const grid = gridOf(layer);
  const { context } = sized(element("picture"), grid.width / grid.ratio, grid.height / grid.ratio);
  const [rows, columns, maps] = layer.shape;
  for (let map = 0; map < maps; map++) {
    const left = (map % grid.across) * grid.step.x;
    const top = Math.floor(map / grid.across) * grid.step.y;
    const tile = state.image * maps + map;
    drawTile(context, layer.name, tile, left, top, columns * grid.cell, rows * grid.cell);
  }
}

/** Left and top of a point's cell in the grid, in device pixels. */
function cornerOf(point, grid) {
  const { map, row, column } = placeOf(point);
  return [
    (map % grid.across) * grid.step.x + column * grid.cell,
    Math.floor(map / grid.across) * grid.step.y + row * grid.cell,
  ];
}

function drawPoints(layer) {
  const grid = gridOf(layer);
  const { context } = sized(element("points"), grid.width / grid.ratio, grid.height / grid.ratio);
  state.values.forEach((value, point) => {
    const level = Math.min(255, Math.max(0, Math.round((value / layer.high) * 255)));
    context.fillStyle = `rgb(${data.colormap[level].join(",")})`;
    context.fillRect(...cornerOf(point, grid), grid.cell, grid.cell);
  });
  for (const point of state.switched) {
    const [left, top] = cornerOf(point, grid);
    const inset = Math.round(grid.cell / 3);
    frame(context, left + inset, top + inset, grid.cell - 2 * inset, grid.cell - 2 * inset, grid.ratio);
  }
  frame(context, ...cornerOf(state.point, grid), grid.cell, grid.cell, 2 * grid.ratio);
}

// Panels ---------------------------------------------------------------------------------------

function showLayer() {
  const isImage = state.layer === "image";
  const isPoints = state.layer === "conv_3";
  element("picture").hidden = isPoints;
  element("points").hidden = !isPoints;
  element("scale").hidden = isImage;
  if (isImage) {
    drawImage(element("picture"), "image", state.image, Math.min(392, element("stage").clientWidth), state.point);
    element("picture").ariaLabel = imageName();
    element("layer-text").textContent = `28 × 28 pixels. The frame is what ${pointName(state.point)} of conv_3 can see.`;
    return;
  }
  const layer = data.layers.find(({ name }) => name === state.layer);
  const [rows, columns, maps] = layer.shape;
  const what = `${maps} maps of ${rows} × ${columns}`;
  element("high").textContent = `≥ ${fixed(layer.high)}`;
  if (isPoints) {
    drawPoints(layer);
    element("layer-text").textContent =
      `${what}, map 0 top left, read like text. Click a point to select it, double-click to switch it; ` +
      "or with the keyboard: arrows, Enter. Small frames mark switched points.";
  } else {
    drawMaps(layer);
    element("picture").ariaLabel = `${what} of ${layer.name}, for ${imageName()}`;
    element("layer-text").textContent = `${what}, map 0 top left, read like text. One scale for all images.`;
  }
}

function imageName() {
  const { index, label, role } = data.shown[state.image];
  return `test image ${index}, class ${named(label)}, ${roles[role]}`;
}

function showLogits(before, now) {
  const all = [...before, ...now, 0];
  const low = Math.floor(Math.min(...all) / 5) * 5;
  const span = Math.ceil(Math.max(...all) / 5) * 5 - low || 5;
  const bar = (kind, value) => {
    const made = make("span", { className: `explorer-bar explorer-${kind}` });
    made.style.left = `${((Math.min(0, value) - low) / span) * 100}%`;
    made.style.width = `${(Math.abs(value) / span) * 100}%`;
    return made;
  };
  const rows = Array.from(now, (value, label) => {
    const number = (logit) => make("td", {}, make("data", { value: String(logit) }, fixed(logit)));
    const bars = make("td", { className: "explorer-wide" }, make("div", {}, bar("before", before[label]), bar("now", value)));
    bars.ariaHidden = "true";
    const row = make("tr", {}, make("th", { scope: "row" }, plain(label)), number(before[label]), number(value), bars);
    row.className = ["explorer-is-a", "explorer-is-b"][data.pair.indexOf(label)] ?? "";
    row.classList.toggle("explorer-first", label === highest(now));
    return row;
  });
  element("logits").replaceChildren(...rows);
  element("answer").textContent = answerText(before, now);
}

function answerText(before, now) {
  const [was, is] = [highest(before), highest(now)];
  const difference = (logits) => fixed(logits[classB] - logits[classA]);
  const gap = `Logit difference (${named(classB)} minus ${named(classA)})`;
  const truth = `The image is of class ${named(data.shown[state.image].label)}.`;
  if (!state.switched.size) return `The CNN answers ${named(is)}. ${truth} ${gap}: ${difference(now)}.`;
  const n = state.switched.size;
  const answer = was === is ? `still answers ${named(is)}` : `answers ${named(is)} instead of ${named(was)}`;
  return `${n} ${n === 1 ? "point" : "points"} at the mean of ${targetName()}: the CNN ${answer}. ${truth} ${gap}: ${difference(before)} before, ${difference(now)} now.`;
}

function showPoint() {
  const { point } = state;
  const [value] = rowOf("points", state.image).subarray(point, point + 1);
  const isSwitched = state.switched.has(point);
  const dead = arrays.rank[point] === 0;
  const name = pointName(point);
  element("point-name").textContent = `conv_3, ${name}`;
  element("switch").textContent = isSwitched
    ? `Switch back to ${fixed(value)}`
    : `Switch to the mean of ${targetName()}: ${fixed(rowOf("mean", state.target)[point])}`;
  element("switch").ariaPressed = String(isSwitched);
  const [auroc, low, high] = [0, 1, 2].map((row) => fixed(rowOf("auroc", row)[point], 3));
  const [meanA, meanB] = [0, 1].map((row) => fixed(rowOf("mean", row)[point]));
  const of = `of ${livePoints.length.toLocaleString("en")} live points`;
  const facts = {
    "Value in this image": fixed(value) + (isSwitched ? `, switched to ${fixed(state.values[point])}` : ""),
    [`Mean in ${named(classA)} and in ${named(classB)}, validation`]: `${meanA} and ${meanB}`,
    "AUROC, test images": `${auroc} (${low} to ${high})`,
    "Rank by |AUROC − 0.5|, validation": dead ? "none: 0 in every validation image of the pair" : `${arrays.rank[point]} ${of}`,
    "Moves this image’s logit difference, alone, by": signed(state.effects[point]),
    [`Rank of that move towards ${targetName()}`]: dead ? "none" : `${state.order.indexOf(point) + 1} ${of}`,
  };
  element("numbers").replaceChildren(
    ...Object.entries(facts).map(([term, text]) => make("div", {}, make("dt", {}, term), make("dd", {}, text))),
  );
  showHistogram(point, value);
  drawImage(element("field"), "image", state.image, 112, point);
  element("field").ariaLabel = `${imageName()}, with a frame around what ${name} can see`;
  element("field-text").textContent = "This image; the frame is what the point can see.";
  showPattern(point);
  showFires(point);
  element("goto").value = point;
  if (element("goto").selectedIndex < 0) element("goto").value = "";
  element("said").textContent =
    `${name}${isSwitched ? ", switched" : ""}: ${fixed(state.values[point])}; ` +
    `mean ${meanA} in ${named(classA)}, ${meanB} in ${named(classB)}; AUROC ${auroc}.`;
}

function showHistogram(point, value) {
  const top = arrays.top[point];
  const counts = [0, 1].map((row) => {
    const start = (row * pointCount + point) * data.bins;
    return arrays.histogram.subarray(start, start + data.bins);
  });
  const silent = [0, 1].map((row) => rowOf("silent", row)[point]);
  // counts are of images above 0; as shares of the class they are comparable between classes
  const shares = counts.map((bins, row) => {
    const fired = bins.reduce((sum, n) => sum + n, 0);
    return Array.from(bins, (n) => (fired ? (n / fired) * (1 - silent[row]) : 0));
  });
  const highestShare = Math.max(...shares.flat()) || 1;
  const svg = (tag, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, text] of Object.entries(attributes)) made.setAttribute(key, text);
    made.append(...children);
    return made;
  };
  const [width, height, base] = [240, 116, 96];
  const bars = shares.flatMap((bins, row) =>
    bins.map((share, bin) => {
      const tall = (share / highestShare) * (base - 4);
      return svg("rect", { class: `explorer-is-${"ab"[row]}`, x: (bin * width) / data.bins, y: base - tall, width: width / data.bins - 1, height: tall });
    }),
  );
  const at = top ? (value / top) * width : 0;
  const line = svg("path", { class: "explorer-here", d: `M${at},0V${base}` });
  const axis = svg("path", { class: "explorer-axis", d: `M0,${base}H${width}` });
  const texts = [
    svg("text", { x: 0, y: height - 3 }, "0"),
    svg("text", { x: width, y: height - 3, "text-anchor": "end" }, fixed(top)),
  ];
  const label = `Values of ${pointName(point)} in the test images of ${named(classA)} and ${named(classB)}`;
  element("histogram").replaceChildren(
    svg("svg", { viewBox: `-2 0 ${width + 4} ${height}`, role: "img", "aria-label": label }, ...bars, axis, line, ...texts),
  );
  const key = (row) => make("span", { className: `explorer-key explorer-is-${"ab"[row]}` });
  element("histogram-text").replaceChildren(
    "Shares of the test images of ", key(0), `${named(classA)} and `, key(1), `${named(classB)} in which it is above 0; it is 0 in ${percent(silent[0])} and ${percent(silent[1])}. The line is this image.`,
  ); // prettier-ignore
}

function showPattern(point) {
  const { map } = placeOf(point);
  drawImage(element("pattern"), "patterns", map, 112, point);
  const [found, natural] = [0, 1].map((row) => rowOf("pattern_value", row)[map]);
  element("pattern").ariaLabel = `Input pattern of map ${map}`;
  element("pattern-text").textContent =
    `Input pattern of map ${map}: the map’s mean before its ReLU is ${fixed(found)} here, at most ${fixed(natural)} on real images.`;
}

function showFires(point) {
  const width = data.arrays.fires.shape[1];
  const tiles = rowOf("fires", point);
  const values = rowOf("fires_value", point);
  const items = Array.from({ length: width }, (_, place) => place).filter((place) => values[place] > 0);
  element("fires").replaceChildren(
    ...items.map((place) => {
      const label = plain(data.fires_label[tiles[place]]);
      const canvas = make("canvas", { role: "img", ariaLabel: `${label}, value ${fixed(values[place])}` });
      drawImage(canvas, "fires", tiles[place], 76, point);
      return make("li", {}, canvas, make("span", { ariaHidden: "true" }, `${label}: ${fixed(values[place])}`));
    }),
  );
  const of = `${data.test_images.toLocaleString("en")} test images`;
  element("fires-text").textContent = items.length
    ? `Of ${of}, those that fire this point most: class and value.`
    : `None of ${of} fires this point.`;
}

// Choices --------------------------------------------------------------------------------------

/** Native radio buttons, which the arrow keys step through. */
function radios(parent, group, choices, chosen, choose) {
  element(parent).replaceChildren(
    ...choices.map(({ value, content }) => {
      const input = make("input", { type: "radio", name: `explorer-${group}`, value, checked: value === chosen });
      input.addEventListener("change", () => choose(value));
      return make("label", {}, input, make("span", {}, ...content));
    }),
  );
}

function buildImages() {
  const choices = data.shown.map(({ label, role }, image) => {
    const answer = answerTo(image);
    const canvas = make("canvas", { ariaHidden: "true" });
    drawImage(canvas, "image", image, 56);
    const text = answer === label ? plain(label) : `${plain(label)} → ${plain(answer)}`;
    return { value: image, content: [canvas, make("b", {}, text), make("small", {}, roles[role])] };
  });
  radios("images", "image", choices, state.image, chooseImage);
}

function buildTargets() {
  const choices = data.pair.map((label, row) => ({ value: row, content: [plain(label)] }));
  radios("targets", "target", choices, state.target, chooseTarget);
}

function buildGoto() {
  const group = (label, points) =>
    make("optgroup", { label }, ...points.slice(0, 12).map((point) => make("option", { value: point }, pointName(point))));
  element("goto").replaceChildren(
    make("option", { value: "" }, "choose a point"),
    group("telling most (validation)", byRank),
    group(`most effect on this image, towards ${targetName()}`, state.order),
  );
}

function chooseImage(image) {
  state.image = image;
  state.switched.clear();
  state.target = answerTo(image) === classB ? 0 : 1;
  buildTargets();
  refreshOrder();
  refresh();
}

function chooseTarget(row) {
  state.target = row;
  refreshOrder();
  refresh();
}

function chooseLayer(name) {
  state.layer = name;
  showLayer();
}

function choosePoint(point) {
  state.point = point;
  showPoint();
  showLayer();
}

function toggle(point) {
  if (!state.switched.delete(point)) state.switched.add(point);
  refresh();
}

function switchMost(k) {
  state.switched = new Set(state.order.slice(0, k));
  refresh();
}

// The order of effects follows from the image and the target; all else is drawn from the state.
function refreshOrder() {
  state.effects = effectsOf(state.image, state.target);
  state.order = orderOf(state.effects, state.target);
  buildGoto();
}

function refresh() {
  const before = logitsOf(hiddenOf(rowOf("points", state.image)));
  state.values = valuesOf(state.image, state.switched, state.target);
  showLogits(before, logitsOf(hiddenOf(state.values)));
  const k = state.switched.size;
  const isMost = state.order.slice(0, k).every((point) => state.switched.has(point));
  element("most").value = isMost ? k : 0;
  element("most-text").value = isMost ? k : "other points are switched";
  element("reset").disabled = k === 0;
  showPoint();
  showLayer();
}

function pointAt(event) {
  const grid = gridOf(data.layers.at(-1));
  const [x, y] = [event.offsetX * grid.ratio, event.offsetY * grid.ratio];
  const [across, down] = [Math.floor(x / grid.step.x), Math.floor(y / grid.step.y)];
  const column = Math.min(data.columns - 1, Math.floor((x - across * grid.step.x) / grid.cell));
  const row = Math.min(data.rows - 1, Math.floor((y - down * grid.step.y) / grid.cell));
  const point = (down * grid.across + across) * cells + row * data.columns + column;
  return point >= 0 && point < pointCount ? point : null;
}

/** The point one cell further in the grid, across the borders of maps; itself at the edge. */
function neighbour(point, right, down) {
  const { across } = gridOf(data.layers.at(-1));
  const { map, row, column } = placeOf(point);
  const x = (map % across) * data.columns + column + right;
  const y = Math.floor(map / across) * data.rows + row + down;
  const next = Math.floor(y / data.rows) * across + Math.floor(x / data.columns);
  if (x < 0 || y < 0 || x >= across * data.columns || next >= data.maps) return point;
  return next * cells + (y % data.rows) * data.columns + (x % data.columns);
}

const keys = {
  ArrowLeft: () => choosePoint(neighbour(state.point, -1, 0)),
  ArrowRight: () => choosePoint(neighbour(state.point, 1, 0)),
  ArrowUp: () => choosePoint(neighbour(state.point, 0, -1)),
  ArrowDown: () => choosePoint(neighbour(state.point, 0, 1)),
  Enter: () => toggle(state.point),
  " ": () => toggle(state.point),
};

function listen() {
  const grid = element("points");
  grid.ariaLabel = `Points of conv_3: ${data.maps} maps of ${data.rows} × ${data.columns}. Arrow keys move, Enter switches the point.`;
  grid.addEventListener("click", (event) => choosePoint(pointAt(event) ?? state.point));
  grid.addEventListener("dblclick", (event) => toggle(pointAt(event) ?? state.point));
  grid.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  element("switch").addEventListener("click", () => toggle(state.point));
  element("reset").addEventListener("click", () => switchMost(0));
  element("most").max = Math.min(150, livePoints.length);
  element("most").addEventListener("input", (event) => switchMost(Number(event.target.value)));
  element("goto").addEventListener("change", (event) => event.target.value && choosePoint(Number(event.target.value)));
  let width = element("stage").clientWidth;
  new ResizeObserver(() => {
    if (element("stage").clientWidth === width) return;
    width = element("stage").clientWidth;
    showLayer();
  }).observe(element("stage"));
}

await loadPictures();
const stops = data.colormap.filter((_, level) => level % 17 === 0).map((color) => `rgb(${color.join(",")})`);
element("ramp").style.background = `linear-gradient(to right, ${stops.join(", ")})`;
element("app").hidden = false;
buildImages();
const layerNames = ["image", ...data.layers.map(({ name }) => name)];
radios("layers", "layer", layerNames.map((value) => ({ value, content: [value] })), state.layer, chooseLayer);
listen();
chooseImage(0);
element("app").dataset.ready = "";
