// Says in words, numbers and bars what the explorer's state is. Third part of its script.

const fixed = (value, digits = 2) =>
  Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "–";
const signed = (value) => (value > 0 ? "+" : "") + fixed(value);
const percent = (share) => `${Math.round(share * 100)}%`;
const plain = (label) => data.class_names[label];
const named = (label) => data.quoted_names[label]; // in a sentence
const targetName = () => named(data.pair[state.target]);
const roles = {
  clear: "clear", typical: "typical", hard: "hard", contrast: "contrast", wrong: "CNN wrong",
  mlp_wrong: "MLP wrong", listed: "listed",
}; // prettier-ignore

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function pointName(point) {
  const { map, row, column } = placeOf(point);
  return `map ${map}, row ${row}, column ${column}`;
}

function showLayer() {
  const isImage = state.layer === "image";
  const isPoints = state.layer === "conv_3";
  element("picture").hidden = isPoints;
  element("points").hidden = !isPoints;
  element("scale").hidden = isImage;
  if (isImage) {
    const size = Math.min(392, element("stage").clientWidth);
    drawImage(element("picture"), "image", state.image, size, state.point);
    element("picture").ariaLabel = imageName();
    element("layer-text").textContent =
      `28 × 28 pixels. The frame is what ${pointName(state.point)} of conv_3 can see.`;
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
    const both = make("div", {}, bar("before", before[label]), bar("now", value));
    const bars = make("td", { className: "explorer-wide" }, both);
    bars.ariaHidden = "true";
    const name = make("th", { scope: "row" }, plain(label));
    const row = make("tr", {}, name, number(before[label]), number(value), bars);
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
  return (
    `${n} ${n === 1 ? "point" : "points"} at the mean of ${targetName()}: the CNN ${answer}. ` +
    `${truth} ${gap}: ${difference(before)} before, ${difference(now)} now.`
  );
}

function showPoint() {
  const { point } = state;
  const [value] = rowOf("points", state.image).subarray(point, point + 1);
  const isSwitched = state.switched.has(point);
  const dead = arrays.rank[point] === 0;
  const name = pointName(point);
  element("point-name").textContent = `conv_3, ${name}`;
  element("chosen").textContent = `${name[0].toUpperCase()}${name.slice(1)}`;
  element("switch").textContent = isSwitched
    ? `Switch back to ${fixed(value)}`
    : `Switch to the mean of ${targetName()}: ${fixed(rowOf("mean", state.target)[point])}`;
  const [auroc, low, high] = [0, 1, 2].map((row) => fixed(rowOf("auroc", row)[point], 3));
  const [meanA, meanB] = [0, 1].map((row) => fixed(rowOf("mean", row)[point]));
  const of = `of ${livePoints.length.toLocaleString("en")} live points`;
  const facts = {
    "Value in this image": fixed(value) + (isSwitched ? `, switched to ${fixed(state.values[point])}` : ""),
    [`Mean in ${named(classA)} and in ${named(classB)}, validation`]: `${meanA} and ${meanB}`,
    "AUROC, test images": `${auroc} (${low} to ${high})`,
    "Rank by |AUROC − 0.5|, validation": dead
      ? "none: 0 in every validation image of the pair"
      : `${arrays.rank[point]} ${of}`,
    "Moves this image’s logit difference, alone, by": signed(state.effects[point]),
    [`Rank of that move towards ${targetName()}`]: dead ? "none" : `${state.order.indexOf(point) + 1} ${of}`,
  };
  element("numbers").replaceChildren(
    ...Object.entries(facts).map(([term, text]) =>
      make("div", {}, make("dt", {}, term), make("dd", {}, text)),
    ),
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
  const [width, height, base] = [240, 116, 96];
  const step = width / data.bins;
  const bars = shares.flatMap((bins, row) =>
    bins.map((share, bin) => {
      const tall = (share / highestShare) * (base - 4);
      const place = { x: (bin + row / 2) * step, y: base - tall, width: step / 2 - 0.75, height: tall };
      return svg("rect", { class: `explorer-is-${"ab"[row]}`, ...place });
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
  const whole = { viewBox: `-2 0 ${width + 4} ${height}`, role: "img", "aria-label": label };
  element("histogram").replaceChildren(svg("svg", whole, ...bars, axis, line, ...texts));
  const key = (row) => make("span", { className: `explorer-key explorer-is-${"ab"[row]}` });
  element("histogram-text").replaceChildren(
    "Shares of the test images of ",
    key(0),
    `${named(classA)} and `,
    key(1),
    `${named(classB)} in which it is above 0; it is 0 in ` +
      `${percent(silent[0])} and ${percent(silent[1])}. The line is this image.`,
  );
}

const statuses = {
  reached: "",
  silent: " No real image fires the map, the pattern does.",
  unreached: " Real images fire the map, no pattern that was found does.",
  dead: " Nothing fires the map.",
};

function showPattern(point) {
  const { map } = placeOf(point);
  drawImage(element("pattern"), "patterns", map, 112, point);
  const [found, natural] = [0, 1].map((row) => rowOf("pattern_value", row)[map]);
  element("pattern").ariaLabel = `Input pattern of map ${map}`;
  element("pattern-text").textContent =
    `Input pattern of map ${map}: the map’s mean before its ReLU is ${fixed(found)} here, ` +
    `at most ${fixed(natural)} on real images.${statuses[data.pattern_status[map]]}`;
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
      const text = `${label}: ${fixed(values[place])}`;
      return make("li", {}, canvas, make("span", { ariaHidden: "true" }, text));
    }),
  );
  const all = data.searched.length === classCount;
  const classes = all ? "" : ` of class ${data.searched.map(plain).join(", ")}`;
  const of = `${data.test_images.toLocaleString("en")} test images${classes}`;
  element("fires-text").textContent = items.length
    ? `Of ${of}, those that fire this point most: class and value.`
    : `None of ${of} fires this point.`;
}
