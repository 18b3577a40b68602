// Draws the explorer's pictures and map grids on canvases. Second part of the explorer's script.

const element = (name) => document.getElementById(`explorer-${name}`);
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
