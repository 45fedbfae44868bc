// Heat maps of association: real, synthetic and their difference, one pair read out of all three at once.
const RAMPS = {
  light: { strength: ["#8c510a", "#d8b365", "#f6f3ec", "#5ab4ac", "#01665e"], change: ["#5e3c99", "#b2abd2", "#f7f6f4", "#fdb863", "#c25a00"], none: "#dedbd3", ink: "#1a1c22", soft: "#5a606c" },
  dark: { strength: ["#e0a458", "#8a6228", "#22262d", "#2c807a", "#74d6c9"], change: ["#b39ddb", "#5f4b8b", "#22262d", "#9a5a16", "#ffb05c"], none: "#3a3f48", ink: "#e8e7e3", soft: "#a2a8b3" },
};
const LABELS_UP_TO = 34;

function mapSection() {
  if (!data.matrix || !byId("maps")) return;
  const matrix = data.matrix, n = matrix.columns.length;
  const chance = matrix.holdout ? matrix.real.map((row, i) => row.map((value, j) => (value === null || matrix.holdout[i][j] === null ? null : matrix.holdout[i][j] - value))) : null;
  const largest = Math.max(0.05, ...[matrix.difference, chance ?? []].flat(2).map((value) => Math.abs(value ?? 0)));
  const negative = matrix.real.concat(matrix.synthetic).some((row) => row.some((value) => value < -0.02));
  let chosen = null, difference = "difference";
  const values = (which) => (which === "difference" ? (difference === "chance" ? chance : matrix.difference) : matrix[which]);
  const figures = [...byId("maps").querySelectorAll("figure")];
  const canvases = figures.map((figure) => figure.querySelector(".canvasbox canvas"));
  const geometry = (canvas) => {
    const size = canvas.clientWidth, labelled = n <= LABELS_UP_TO, gutter = labelled ? Math.min(96, size * 0.28) : 0;
    return { size, labelled, gutter, cell: (size - gutter) / n };
  };
  const paint = () => { const ramps = RAMPS[isDark() ? "dark" : "light"]; canvases.forEach((canvas) => paintOne(canvas, ramps)); };

  function paintOne(canvas, ramps) {
    const which = canvas.dataset.map, { size, labelled, gutter, cell } = geometry(canvas), dots = devicePixelRatio || 1;
    if (!size) return;
    canvas.width = canvas.height = Math.round(size * dots);
    const pen = canvas.getContext("2d");
    pen.scale(dots, dots);
    const ramp = which === "difference" ? ramps.change : ramps.strength, reach = which === "difference" ? largest : 1, grid = values(which);
    const gap = cell > 9 ? 1 : 0;
    for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) {
      pen.fillStyle = i === j ? ramps.none : colour(ramp, grid[i][j], reach, ramps.none);
      pen.fillRect(gutter + j * cell, i * cell, cell - gap, cell - gap);
    }
    if (labelled) label(pen, ramps, gutter, cell);
    if (chosen) outline(pen, ramps, gutter, cell);
    scale(canvas.closest("figure"), ramp, reach, which);
  }

  function label(pen, ramps, gutter, cell) {
    const font = Math.max(8, Math.min(11.5, cell * 0.8));
    pen.font = `${font}px ${getComputedStyle(document.body).fontFamily}`;
    pen.textBaseline = "middle";
    for (let i = 0; i < n; i += 1) {
      const lit = chosen && (chosen[0] === i || chosen[1] === i), text = fitted(pen, shown(matrix.columns[i], 28), gutter - 8);
      pen.fillStyle = lit ? ramps.ink : ramps.soft;
      pen.textAlign = "right";
      pen.fillText(text, gutter - 6, (i + 0.5) * cell);
      pen.save();
      pen.translate(gutter + (i + 0.5) * cell, n * cell + 6);
      pen.rotate(-Math.PI / 2);
      pen.fillText(text, 0, 0);
      pen.restore();
    }
  }

  function outline(pen, ramps, gutter, cell) {
    pen.strokeStyle = ramps.ink;
    pen.lineWidth = 2;
    pen.strokeRect(gutter + chosen[1] * cell - 0.5, chosen[0] * cell - 0.5, cell, cell);
  }

  function scale(figure, ramp, reach, which) {
    const strip = figure.querySelector(".scale"), ends = figure.querySelectorAll(".ends i"), from = which !== "difference" && !negative ? 0 : -reach;
    strip.width = 128;
    strip.height = 1;
    const pen = strip.getContext("2d");
    for (let at = 0; at < 128; at += 1) { pen.fillStyle = colour(ramp, from + (reach - from) * at / 127, reach); pen.fillRect(at, 0, 1, 1); }
    const words = which === "difference" ? [`weaker ${MINUS}${number(Number(reach.toPrecision(2)))}`, "0", `+${number(Number(reach.toPrecision(2)))} stronger`] : negative ? [`${MINUS}1`, "0", "1"] : ["0", "", "1"];
    ends.forEach((end, at) => { end.textContent = words[at]; });
  }

  const read = (cell) => {
    chosen = cell;
    paint();
    if (!cell) return;
    const [i, j] = cell, of = (grid) => (grid ? score(grid[i][j]) : "–");
    const sign = (grid) => (grid?.[i][j] > 0 ? "+" : "") + of(grid);
    byId("map-reading").replaceChildren(make("b", {}, shown(matrix.columns[i], 60), " × ", shown(matrix.columns[j], 60)),
      i === j ? " — the same column." : `: real ${of(matrix.real)}, synthetic ${of(matrix.synthetic)}, difference ${sign(matrix.difference)}` +
      (chance ? `; held-out real rows differ by ${sign(chance)}` : "") + ` (${measureOf(matrix.roles[i], matrix.roles[j])}).`);
  };
  const cellAt = (canvas, event) => {
    const box = canvas.getBoundingClientRect(), { gutter, cell } = geometry(canvas);
    const j = Math.floor((event.clientX - box.left - gutter) / cell), i = Math.floor((event.clientY - box.top) / cell);
    return i >= 0 && j >= 0 && i < n && j < n ? [i, j] : null;
  };
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  for (const canvas of canvases) {
    for (const kind of ["pointermove", "pointerdown"]) canvas.addEventListener(kind, (event) => {
      const cell = cellAt(canvas, event);
      if (cell && (!chosen || cell[0] !== chosen[0] || cell[1] !== chosen[1])) read(cell);
    });
    canvas.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (!move) return;
      event.preventDefault();
      const [i, j] = chosen ?? [0, 0], inside = (at) => Math.max(0, Math.min(n - 1, at));
      read(chosen ? [inside(i + move[0]), inside(j + move[1])] : [Math.min(1, n - 1), 0]);
    });
  }
  for (const button of byId("maps").querySelectorAll(".switch button")) button.addEventListener("click", () => {
    difference = button.dataset.map;
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
    paint();
  });
  new ResizeObserver(paint).observe(byId("maps"));
  themed.push(paint);
  const worst = data.pairs[0] && [matrix.columns.indexOf(data.pairs[0].a), matrix.columns.indexOf(data.pairs[0].b)];
  if (worst && worst[0] >= 0 && worst[1] >= 0) read(worst); else paint();
}

const measureOf = (a, b) => (a === b ? (a === "numeric" ? "Spearman correlation" : "Cramér's V") : "correlation ratio");

function fitted(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let letters = [...text];
  while (letters.length > 1 && pen.measureText(`${letters.join("")}…`).width > room) letters = letters.slice(0, -1);
  return `${letters.join("")}…`;
}

function colour(ramp, value, reach, none) {
  if (value === null || value === undefined) return none;
  const at = (Math.max(-1, Math.min(1, value / reach)) + 1) / 2 * (ramp.length - 1), from = Math.min(ramp.length - 2, Math.floor(at)), part = at - from;
  const parse = (text) => [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
  const a = parse(ramp[from]), b = parse(ramp[from + 1]);
  return `rgb(${a.map((value_, channel) => Math.round(value_ + (b[channel] - value_) * part)).join(" ")})`;
}
