// What one can do in the explorer, and what follows. The last part of its script: model, drawing,
// panels and this file are one module in the page, so that nothing here is global.

/** Native radio buttons, which the arrow keys step through. */
function radios(parent, group, choices, chosen, choose) {
  element(parent).replaceChildren(
    ...choices.map(({ value, content }) => {
      const name = `explorer-${group}`;
      const input = make("input", { type: "radio", name, value, checked: value === chosen });
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
  const group = (label, points) => {
    const first = points.slice(0, 12);
    const options = first.map((point) => make("option", { value: point }, pointName(point)));
    return make("optgroup", { label }, ...options);
  };
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
  element("reset").ariaDisabled = String(k === 0); // disabled, it would lose the focus
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
  grid.ariaLabel =
    `Points of conv_3: ${data.maps} maps of ${data.rows} × ${data.columns}. ` +
    "Arrow keys move, Enter switches the point.";
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
  element("goto").addEventListener("change", ({ target }) => {
    if (target.value) choosePoint(Number(target.value));
  });
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
