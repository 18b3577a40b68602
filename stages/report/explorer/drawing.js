// Draws pictures and map grids on canvases, which the page's style enlarges, and frames parts of them.

const element = (name) => document.getElementById(`explorer-${name}`);

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

async function decode(picture) {
  picture.image = make("img", { src: `data:image/png;base64,${picture.png}` });
  await picture.image.decode();
}

function drawTile(canvas, name, tile, place = [0, 0]) {
  const { image, width, height, columns } = data.pictures[name];
  const corner = [(tile % columns) * width, Math.floor(tile / columns) * height];
  canvas.getContext("2d").drawImage(image, ...corner, width, height, ...place, width, height);
}

/** A frame over a picture, which is `whole` pixels wide and high. */
function frame([left, top, side], [wide, high]) {
  const place = { left: left / wide, top: top / high, width: side / wide, height: side / high };
  const style = Object.entries(place).map(([name, share]) => `${name}: ${100 * share}%`).join(";");
  return make("span", { className: "explorer-frame", style });
}

/** A tile of a picture; with `point`, that point's receptive field is framed. */
function tileOf(name, tile, label, point = null) {
  const { width, height } = data.pictures[name];
  const canvas = make("canvas", { width, height, role: "img", ariaLabel: label });
  drawTile(canvas, name, tile);
  const made = make("span", { className: "explorer-tile" }, canvas);
  if (point === null) return made;
  const [{ row, column }, { size, stride }] = [placeOf(point), data.field];
  made.append(frame([column * stride, row * stride, size], [width, height]));
  return made;
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

function mapsOf(layer, label) {
  const grid = gridOf(layer);
  const canvas = make("canvas", { width: grid.size[0], height: grid.size[1], role: "img", ariaLabel: label });
  const maps = layer.shape[2];
  for (let map = 0; map < maps; map++) {
    drawTile(canvas, layer.name, state.image * maps + map, cornerOf({ map }, grid));
  }
  return canvas;
}

function drawPoints(canvas) {
  const grid = gridOf(lastLayer);
  const { cell, size } = grid;
  [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  state.values.forEach((value, point) => {
    const level = Math.min(255, Math.max(0, Math.round((value / lastLayer.high) * 255)));
    context.fillStyle = `rgb(${data.colormap[level]})`;
    context.fillRect(...cornerOf(placeOf(point), grid), cell, cell);
  });
  const framed = (point, inset) => {
    const [left, top] = cornerOf(placeOf(point), grid);
    return frame([left + inset, top + inset, cell - 2 * inset], size);
  };
  const frames = Array.from(state.switched, (point) => framed(point, 1.2));
  element("frames").replaceChildren(...frames, framed(state.point, 0));
}
