// Draws pictures and map grids on canvases, which the page's style enlarges, and frames parts of them.

const element = (name) => document.getElementById(`explorer-${name}`);
const percent = (part, whole) => `${(part / whole) * 100}%`;

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function drawTile(canvas, name, tile, place = [0, 0]) {
  const { image, width, height, columns } = data.pictures[name];
  const corner = [(tile % columns) * width, Math.floor(tile / columns) * height];
  canvas.getContext("2d").drawImage(image, ...corner, width, height, ...place, width, height);
}

/** A square frame over a picture, which is `wide` by `high` pixels. */
function frame([left, top, side], [wide, high]) {
  const corner = `left: ${percent(left, wide)}; top: ${percent(top, high)}`;
  const style = `${corner}; width: ${percent(side, wide)}; height: ${percent(side, high)}`;
  return make("span", { className: "explorer-frame", style });
}

/** A tile of a picture; with `point`, that point's receptive field is framed. */
function tileOf(name, tile, label, point = null) {
  const { width, height } = data.pictures[name];
  const canvas = make("canvas", { width, height, role: "img", ariaLabel: label });
  drawTile(canvas, name, tile);
  const made = make("span", { className: "explorer-tile" }, canvas);
  if (point !== null) {
    const [{ row, column }, { size, stride }] = [placeOf(point), data.field];
    made.append(frame([column * stride, row * stride, size], [width, height]));
  }
  return made;
}

/** How the maps of a layer lie, in pixels of the canvas; `corner` is left and top of a map or of a cell in it. */
function gridOf({ name, shape: [rows, columns, maps] }) {
  const across = maps <= 32 || element("stage").clientWidth < 480 ? 8 : 16;
  const [cell, gap] = name === lastLayer.name ? [4, 2] : [1, 1]; // points need room for a frame
  const [right, down] = [columns * cell + gap, rows * cell + gap];
  const size = [across * right - gap, Math.ceil(maps / across) * down - gap];
  const corner = ({ map, row = 0, column = 0 }) =>
    [(map % across) * right + column * cell, Math.floor(map / across) * down + row * cell];
  return { cell, gap, size, corner };
}

function mapsOf(layer) {
  const { size: [width, height], corner } = gridOf(layer);
  const maps = layer.shape[2];
  const ariaLabel = `${maps} maps of ${layer.name}, ${imageName(data.shown[state.image])}`;
  const canvas = make("canvas", { width, height, role: "img", ariaLabel });
  for (let map = 0; map < maps; map++) drawTile(canvas, layer.name, state.image * maps + map, corner({ map }));
  return canvas;
}

function drawPoints(canvas) {
  const { cell, size, corner } = gridOf(lastLayer);
  [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  state.values.forEach((value, point) => {
    const level = Math.min(255, Math.max(0, Math.round((value / lastLayer.high) * 255)));
    context.fillStyle = `rgb(${data.colormap[level]})`;
    context.fillRect(...corner(placeOf(point)), cell, cell);
  });
  const framed = (point, inset) =>
    frame([...corner(placeOf(point)).map((side) => side + inset), cell - 2 * inset], size);
  element("frames").replaceChildren(...[...state.switched].map((point) => framed(point, 1.2)), framed(state.point, 0));
}
