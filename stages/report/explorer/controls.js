// What one can do in the explorer, and what follows.

/** Native radio buttons, which the arrow keys step through. */
function radios(group, choices, chosen, choose) {
  const labels = choices.map(([value, ...content]) => {
    const input = make("input", { type: "radio", name: `explorer-${group}`, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    return make("label", {}, input, make("span", {}, ...content));
  });
  show(`${group}s`, ...labels);
}

function buildGoto() {
  const option = (point) => make("option", { value: point }, pointName(point));
  const group = (label, points) => make("optgroup", { label }, ...points.slice(0, 12).map(option));
  show("goto", make("option", { value: "" }, "choose a point"),
    group("best separating (validation AUROC)", byRank),
    group(`most effect on this image, towards ${targetName()}`, state.order));
}

function chooseImage(image) {
  Object.assign(state, { image, switched: new Set() });
  const target = answerTo(image) === classB ? 0 : 1;
  radios("target", data.pair.map((label, row) => [row, plain(label)]), target, chooseTarget);
  chooseTarget(target);
}

// The order of effects follows from the image and the target; all else is drawn from the state.
function chooseTarget(target) {
  const effects = effectsOf(state.image, target);
  const order = livePoints.toSorted((p, q) => (target === 1 ? 1 : -1) * (effects[q] - effects[p]));
  Object.assign(state, { target, effects, order });
  buildGoto();
  switchTo(state.switched);
}

function choosePoint(point) {
  state.point = point;
  showPoint();
  showLayer();
}

const toggle = (point) => switchTo(state.switched.symmetricDifference(new Set([point])));

/** Patch these points and no others. */
function switchTo(points) {
  state.switched = new Set(points);
  const [values, means] = [rowOf("points", state.image), rowOf("mean", state.target)];
  state.values = values.map((value, point) => (state.switched.has(point) ? means[point] : value));
  showLogits(logitsOf(values), logitsOf(state.values));
  const k = state.switched.size;
  const isMost = state.order.slice(0, k).every((point) => state.switched.has(point));
  element("most").value = isMost ? k : 0;
  show("most-text", isMost ? k : "other points are patched");
  element("reset").ariaDisabled = String(k === 0); // disabled, it would lose the focus
  choosePoint(state.point);
}

/** The point drawn at a pixel of the grid's canvas; in a gap and outside, the chosen one. */
function pointAt(x, y) {
  const { cell, corner } = gridOf(lastLayer);
  const has = ([left, top]) => left <= x && x < left + cell && top <= y && y < top + cell;
  return [...ranks.keys()].find((point) => has(corner(placeOf(point)))) ?? state.point;
}

const pointUnder = ({ offsetX, offsetY, target: { width, height, clientWidth, clientHeight } }) =>
  pointAt((offsetX / clientWidth) * width, (offsetY / clientHeight) * height);
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Enter and space patch the point; arrows step to the next cell, across a gap where there is one. */
function pressed(event) {
  const step = arrows[event.key];
  if (!(step || event.key === "Enter" || event.key === " ") || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  if (!step) return toggle(state.point);
  const { cell, gap, corner } = gridOf(lastLayer);
  // A cell and half a gap from a middle is inside the next cell, whether or not a gap lies between.
  const [x, y] = corner(placeOf(state.point)).map((side, axis) => side + cell / 2 + step[axis] * (cell + gap / 2));
  choosePoint(pointAt(x, y));
}

const on = (name, type, act) => element(name).addEventListener(type, act);
on("points", "click", (event) => choosePoint(pointUnder(event)));
on("points", "dblclick", (event) => toggle(pointUnder(event)));
on("points", "keydown", pressed);
on("switch", "click", () => toggle(state.point));
on("reset", "click", () => switchTo([]));
on("most", "input", ({ target }) => switchTo(state.order.slice(0, Number(target.value))));
on("goto", "change", ({ target }) => { if (target.value) choosePoint(Number(target.value)); });

await Promise.all(Object.values(data.pictures).map((picture) => {
  picture.image = make("img", { src: `data:image/png;base64,${picture.png}` });
  return picture.image.decode();
}));
const stops = data.colormap.filter((_, level) => level % 17 === 0).map((color) => `rgb(${color})`);
element("ramp").style.background = `linear-gradient(to right, ${stops.join(", ")})`;
element("most").max = Math.min(150, livePoints.length);
element("app").hidden = false;
radios("image", data.shown.map(({ label, role }, image) => {
  const names = [...new Set([label, answerTo(image)])].map(plain).join(" → ");
  return [image, tileOf("image", image, ""), make("b", {}, names), make("small", {}, role)];
}), state.image, chooseImage);
const layers = ["image", ...data.layers.map(({ name }) => name)].map((name) => [name, name]);
radios("layer", layers, state.layer, (layer) => showLayer(Object.assign(state, { layer })));
chooseImage(0);
window.addEventListener("resize", showLayer);
element("app").dataset.ready = "";
