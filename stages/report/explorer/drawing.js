// Draws pictures and map grids on canvases, which the page's style enlarges, and frames parts of them.

const element = (name) => document.getElementById(`explorer-${name}`);
const pictures = {};

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

async function loadPictures() {
  for (const [name, packed] of Object.entries(data.pictures)) {
    const image = Object.assign(new Image(), { src: `data:image/png;base64,${packed.png}` });
    pictures[name] = { ...packed, image };
  }
  await Promise.all(Object.values(pictures).map(({ image }) => image.decode()));
}

function drawTile(canvas, name, tile, place = [0, 0]) {
  const { image, width, height, columns } = pictures[name];
  const corner = [(tile % columns) * width, Math.floor(tile / columns) * height];
  canvas.getContext("2d").drawImage(image, ...corner, width, height, ...place, width, height);
}

/** A frame over a picture, which is `whole` pixels wide and high. */
function frame([left, top, side], [wide, high]) {
  const place = { left: left / wide, top: top / high, width: side / wide, height: side / high };
  const style = Object.entries(place).map(([name, share]) => `${name}: ${100 * share}%`).join(";");
  return make("span", { className: "explorer-frame", style });
}

/** Put a tile of a picture into `parent`; with `point`, frame that point's receptive field. */
function showTile(parent, name, tile, label, point = null) {
  const { width, height } = pictures[name];
  const canvas = make("canvas", { width, height, role: "img", ariaLabel: label });
  drawTile(canvas, name, tile);
  parent.replaceChildren(canvas);
  if (point === null) return;
  const [{ row, column }, { size, stride }] = [placeOf(point), data.field];
  parent.append(frame([column * stride, row * stride, size], [width, height]));
}

/** How the maps of a layer lie, in pixels of the canvas. */
function gridOf({ shape: [rows, columns, maps] }) {
  const across = maps <= 32 || element("stage").clientWidth < 480 ? 8 : 16;
  const [cell, gap] = columns > 5 ? [1, 1] : [4, 2];
  const step = [columns * cell + gap, rows * cell + gap];
  const size = [across * step[0] - gap, Math.ceil(maps / across) * step[1] - gap];
  return { across, cell, gap, step, size };
}

/** Left and top in the grid of a map and of a cell in it. */
function cornerOf({ map, row = 0, column = 0 }, { across, step, cell }) {
  return [(map % across) * step[0] + column * cell, Math.floor(map / across) * step[1] + row * cell];
}

function showMaps(parent, layer, label) {
  const grid = gridOf(layer);
  const canvas = make("canvas", { width: grid.size[0], height: grid.size[1], role: "img", ariaLabel: label });
  const maps = layer.shape[2];
  for (let map = 0; map < maps; map++) {
    drawTile(canvas, layer.name, state.image * maps + map, cornerOf({ map }, grid));
  }
  parent.replaceChildren(canvas);
}

function drawPoints(canvas) {
  const grid = gridOf(lastLayer);
  const { cell, size } = grid;
  [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  state.values.forEach((value, point) => {
    const level = Math.min(255, Math.max(0, Math.round((value / lastLayer.high) * 255)));
    context.fillStyle = `rgb(${data.colormap[level].join(",")})`;
    context.fillRect(...cornerOf(placeOf(point), grid), cell, cell);
  });
  const framed = (point, inset) => {
    const [left, top] = cornerOf(placeOf(point), grid);
    return frame([left + inset, top + inset, cell - 2 * inset], size);
  };
  const frames = Array.from(state.switched, (point) => framed(point, 1.2));
  element("frames").replaceChildren(...frames, framed(state.point, 0));
}
