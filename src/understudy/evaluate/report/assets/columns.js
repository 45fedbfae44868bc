// One picture a column, drawn when it comes into view: the real table as an area, synthetic as a line, held-out real rows dashed.
const LEFT = 4, TOP = 18;
const frameOf = (width, height) => ({ width, height, base: height - 20, right: width - 4 });
const CARD = frameOf(340, 158);
const BATCH = 24, LEVELS_SHOWN = 8;
const SIDES = ["real", "holdout", "synthetic"];

function cellsOf(column) {
  const picture = column.picture, cells = picture.cells;
  const totals = { real: picture.total_real, holdout: picture.total_holdout, synthetic: picture.total_synthetic };
  return cells.label.map((label, at) => {
    const cell = { label, low: cells.low?.[at] ?? null, high: cells.high?.[at] ?? null, atom: Boolean(cells.atom[at]) };
    for (const side of SIDES) cell[side] = cells[side] && totals[side] ? cells[side][at] / totals[side] : cells[side] ? 0 : null;
    return cell;
  });
}

function picture(column, frame, levels) {
  if (!column.picture) return make("p", { class: "said" }, whyNone(column));
  const cells = cellsOf(column);
  if (!cells.length) return make("p", { class: "said" }, "No value to draw.");
  return column.picture.form === "bars" ? bars(cells, frame, levels) : histogram(column, cells, frame);
}

function whyNone(column) {
  if (column.picture_left_out) return "Picture left out to keep this page small; the figures are in the JSON report.";
  if (column.role === "constant") return "One value in every row.";
  if (!column.remade) return "No picture.";
  const remade = column.remade;
  return `Never learned, made anew: ${share(remade.unique_synthetic)} of the values unique (real ${share(remade.unique_real)}), ` +
    `${share(remade.reused)} occur in the real column.`;
}

function histogram(column, cells, frame) {
  const ranges = cells.filter((cell) => !cell.atom && cell.high > cell.low), atoms = cells.filter((cell) => cell.atom || cell.high === cell.low);
  const low = Math.min(...cells.map((cell) => cell.low)), high = Math.max(...cells.map((cell) => cell.high));
  const widths = ranges.map((cell) => cell.high - cell.low).sort((a, b) => a - b);
  const usual = widths[Math.floor(widths.length / 2)] || 1;
  // The far ends are one wide cell each: they get a narrow place of their own, or the body of the column would vanish beside them.
  const ends = { low: isEnd(ranges[0], usual, low, "low"), high: isEnd(ranges.at(-1), usual, high, "high") };
  const x = placer(low, high, ends, frame, ranges.length ? 0 : 0.04);
  const tall = (cell, side) => (cell[side] ?? 0) * (cell === ends.low || cell === ends.high ? 1 : usual / (cell.high - cell.low));
  const highest = Math.max(0, ...ranges.flatMap((cell) => SIDES.map((side) => tall(cell, side))));
  const stem = Math.max(0, ...atoms.flatMap((cell) => SIDES.map((side) => cell[side] ?? 0)));
  const top = ranges.length && highest > 0 ? Math.max(highest * 1.04, Math.min(stem, highest * 2.5)) : stem || 1;
  const y = (value) => frame.base - (frame.base - TOP) * Math.min(value / top, 1);
  const svg = canvas(frame);
  svg.append(...endMarks(ends, frame));
  if (ranges.length) svg.append(...areas(ranges, x, (cell, side) => y(tall(cell, side)), frame.base));
  const room = (frame.right - LEFT) / Math.max(10, atoms.length);
  for (const cell of atoms) svg.append(...stemOf(cell, x(cell, "middle"), Math.min(7, room * 0.6), y, frame.base));
  svg.append(...cut(atoms, x, top, frame));
  svg.append(draw("line", { x1: x(ends.low?.high ?? low) - 4, x2: x(ends.high?.low ?? high) + 4, y1: frame.base, y2: frame.base, class: "p-axis" }));
  svg.append(...axisTicks(column.picture.axis, ends.low?.high ?? low, ends.high?.low ?? high, x, ends, frame));
  return { svg, cells, at: (px) => nearestCell(cells, x, px) };
}

const END = 16;  // width of the place of a far end
const isEnd = (cell, usual, edge, side) => (cell && cell[side] === edge && cell.high - cell.low > 2.5 * usual ? cell : null);

// From a value, or an end of a cell, to a place: true to scale over the body, pressed together in the two ends.
function placer(low, high, ends, frame, margin) {
  const from = ends.low?.high ?? low, to = ends.high?.low ?? high, room = (to - from) * margin || (to === from ? 1 : 0);
  const left = LEFT + (ends.low ? END + 3 : 0), right = frame.right - (ends.high ? END + 3 : 0);
  const place = (value) => {
    if (ends.low && value < from) return LEFT + END * (value - low) / (from - low);
    if (ends.high && value > to) return frame.right - END * (high - value) / (high - to);
    return left + (right - left) * (value - from + room) / (to - from + 2 * room);
  };
  return (cell, end) => {
    if (typeof cell === "number") return place(cell);
    if (cell === ends.low) return { low: LEFT, middle: LEFT + END / 2, high: LEFT + END }[end];
    if (cell === ends.high) return { low: frame.right - END, middle: frame.right - END / 2, high: frame.right }[end];
    return end === "middle" ? place((cell.low + cell.high) / 2) : place(cell[end]);
  };
}

function endMarks(ends, frame) {
  const marks = [];
  if (ends.low) marks.push(draw("text", { x: LEFT, y: frame.base + 15, class: "p-text" }, "‹"));
  if (ends.high) marks.push(draw("text", { x: frame.right, y: frame.base + 15, class: "p-text end" }, "›"));
  return marks;
}

function areas(ranges, x, y, base) {
  const parts = { real: "", holdout: "", synthetic: "" };
  let before = null;
  for (const cell of ranges) {
    const from = x(cell, "low"), to = x(cell, "high"), joined = before !== null && Math.abs(from - before) < 0.01;
    for (const side of SIDES) {
      if (cell[side] === null) continue;
      const level = y(cell, side).toFixed(1);
      parts[side] += joined ? `V${level}` : `${before === null ? "" : `V${base}`}M${from.toFixed(1)} ${base}V${level}`;
      parts[side] += `H${to.toFixed(1)}`;
    }
    before = to;
  }
  for (const side of SIDES) if (parts[side]) parts[side] += `V${base}`;
  return [
    draw("path", { d: parts.real, class: "p-real" }), draw("path", { d: parts.real, class: "p-real-line" }),
    parts.holdout ? draw("path", { d: parts.holdout, class: "p-hold" }) : "", draw("path", { d: parts.synthetic, class: "p-syn" }),
  ];
}

function stemOf(cell, at, thick, y, base) {
  const marks = [draw("rect", { x: at - thick / 2, width: thick, y: y(cell.real), height: Math.max(0, base - y(cell.real)), class: "p-bar" })];
  const thin = Math.max(1.6, thick * 0.36);
  marks.push(draw("rect", { x: at - thin / 2, width: thin, y: y(cell.synthetic), height: Math.max(0, base - y(cell.synthetic)), class: "p-synbar" }));
  if (cell.holdout !== null) marks.push(draw("line", { x1: at - thick / 2 - 1.5, x2: at + thick / 2 + 1.5, y1: y(cell.holdout), y2: y(cell.holdout), class: "p-tick" }));
  return marks;
}

// Stems taller than the picture are cut, and say so: a gap in the stem and the true shares beside it.
function cut(atoms, x, top, frame) {
  const marks = [];
  let last = -Infinity;
  for (const cell of atoms.filter((entry) => Math.max(entry.real, entry.synthetic) > top * 1.001)) {
    const at = x(cell, "middle");
    marks.push(draw("path", { d: `M${at - 7} ${TOP + 14}l14 -5`, class: "p-break" }), draw("path", { d: `M${at - 7} ${TOP + 19}l14 -5`, class: "p-break" }));
    if (Math.abs(at - last) < 90) continue;
    last = at;
    const right = at > frame.width * 0.6;
    marks.push(draw("text", { x: at + (right ? -8 : 8), y: 11, class: right ? "p-label end" : "p-label" },
      `${shown(cell.label, 14)}: ${share(cell.real)} real, ${share(cell.synthetic)} syn.`));
  }
  return marks;
}

function axisTicks(axis, low, high, x, ends, frame) {
  const marks = [];
  const found = high > low ? ticks(axis, low, high, Math.round(frame.width / 68)) : [{ at: low, text: ticks(axis, low, low + 1, 1)[0]?.text ?? number(low) }];
  const first = LEFT + (ends.low ? END : 0), last = frame.right - (ends.high ? END : 0);
  for (const tick of found) {
    const at = x(tick.at);
    if (at < first - 1 || at > last + 1) continue;
    const side = at < first + 18 ? "" : at > last - 18 ? " end" : " middle";
    marks.push(draw("line", { x1: at, x2: at, y1: frame.base, y2: frame.base + 3, class: "p-axis" }));
    marks.push(draw("text", { x: side === "" ? Math.max(first, at - 4) : side === " end" ? Math.min(last, at + 4) : at, y: frame.base + 15, class: `p-text${side}` }, tick.text));
  }
  return marks;
}

function bars(cells, frame, levels) {
  const kept = cells.length <= levels ? cells : telling(cells, levels);
  const top = Math.max(...kept.flatMap((cell) => SIDES.map((side) => cell[side] ?? 0))) || 1;
  const svg = canvas(frame), row = Math.min(26, (frame.height - 4) / Math.max(kept.length, 4)), from = Math.min(220, frame.width * 0.35), room = frame.width - from - 44;
  kept.forEach((cell, index) => {
    const y = 3 + index * row, thick = Math.min(15, row * 0.72), thin = thick * 0.42, to = (side) => Math.max(cell[side] > 0 ? 1 : 0, room * cell[side] / top);
    svg.append(draw("text", { x: from - 6, y: y + thick / 2 + 3.8, class: "p-label end" }, shown(cell.label, Math.floor(from / 6.8))));
    svg.append(draw("rect", { x: from, y, width: to("real"), height: thick, class: "p-bar" }));
    svg.append(draw("rect", { x: from, y: y + (thick - thin) / 2, width: to("synthetic"), height: thin, class: "p-synbar" }));
    if (cell.holdout !== null) svg.append(draw("line", { x1: from + to("holdout"), x2: from + to("holdout"), y1: y - 1, y2: y + thick + 1, class: "p-tick" }));
    svg.append(draw("text", { x: from + Math.max(to("real"), to("synthetic"), cell.holdout === null ? 0 : to("holdout")) + 6, y: y + thick / 2 + 3.6, class: "p-text" }, share(cell.synthetic)));
  });
  svg.append(draw("line", { x1: from, x2: from, y1: 0, y2: 3 + kept.length * row, class: "p-axis" }));
  return { svg, cells: kept, at: (px, py) => kept[Math.floor((py - 1) / row)] ?? null };
}

// The commonest levels, the last two places kept for those that differ most.
function telling(cells, most) {
  const kept = new Set(cells.slice(0, most - 2));
  const off = (cell) => Math.abs(cell.synthetic - cell.real);
  for (const cell of [...cells].sort((a, b) => off(b) - off(a))) if (kept.size < most) kept.add(cell);
  return cells.filter((cell) => kept.has(cell));
}

const canvas = (frame) => draw("svg", { viewBox: `0 0 ${frame.width} ${frame.height}`, "aria-hidden": "true", focusable: "false" });
function nearestCell(cells, x, px) {
  let best = null, distance = Infinity;
  for (const cell of cells) {
    const off = cell.atom ? Math.max(0, Math.abs(x(cell, "middle") - px) - 3) : Math.max(0, x(cell, "low") - px, px - x(cell, "high")) + 1;
    if (off < distance) { distance = off; best = cell; }
  }
  return best;
}

function inWords(column) {
  const parts = [`${shown(column.name)}: `];
  if (column.shape?.value != null) parts.push(`agreement ${score(column.shape.value)}`, column.shape.holdout != null ? `, held-out real data ${score(column.shape.holdout)}` : "");
  return `${parts.join("")}. Press Details for a table.`;
}

const missing = (column) => column.missing_real || column.missing_synthetic
  ? `missing ${share(column.missing_real)} real, ${share(column.missing_synthetic)} syn.` : "nothing missing";
const reading = (cell) => `${shown(cell.label, 24)}: ${share(cell.real)} real, ${share(cell.synthetic)} syn.`;

function plotInto(place, column, tell, frame, levels) {
  const drawn = picture(column, frame, levels);
  if (!drawn.svg) { place.replaceChildren(drawn); return; }
  place.replaceChildren(drawn.svg);
  const say = (event) => {
    const box = drawn.svg.getBoundingClientRect();
    const cell = drawn.at((event.clientX - box.left) / box.width * frame.width, (event.clientY - box.top) / box.height * frame.height);
    if (cell) tell(reading(cell));
  };
  place.addEventListener("pointermove", say);
  place.addEventListener("pointerdown", say);
  place.addEventListener("pointerleave", () => tell(null));
}

function card(column) {
  const said = make("span", {}, missing(column)), plot = make("div", { class: "plot", role: "img", "aria-label": inWords(column) });
  const open = make("button", { type: "button", class: "open", "aria-label": `Details of ${shown(column.name)}` }, "Details");
  open.addEventListener("click", () => showDetail(column));
  const agree = column.shape?.value != null
    ? ["agreement ", make("b", {}, score(column.shape.value)), column.shape.holdout != null ? ` · held-out real ${score(column.shape.holdout)}` : ""]
    : [column.role === "remade" ? "made anew" : column.role];
  const element = make("article", { class: "column" },
    make("header", {}, make("h3", { title: shown(column.name, 300) }, make("bdi", {}, shown(column.name, 40))), make("span", { class: "kind" }, column.kind), light(verdictOf(column))),
    make("p", { class: "agree" }, agree), plot, make("p", { class: "under" }, said, open));
  element.draw = () => { element.draw = null; plotInto(plot, column, (text) => { said.textContent = text ?? missing(column); }, CARD, LEVELS_SHOWN); };
  return element;
}

const verdictOf = (column) => column.shape?.verdict ?? column.remade?.verdict ?? "info";

function showDetail(column) {
  const dialog = byId("detail"), plot = make("div", { class: "plot" }), said = make("p", { class: "facts-line" }, "Point at the picture to read it.");
  const close = make("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const facts = [column.kind, column.reason ? `because ${shown(column.reason, 300)}` : "", missing(column)];
  if (column.levels_real != null) facts.push(`${number(column.levels_real)} distinct values${column.levels_covered != null ? `, ${share(column.levels_covered)} of them occur` : ""}`);
  if (column.out_of_domain) facts.push(`${share(column.out_of_domain)} outside the real range`);
  if (column.gives_away) facts.push(`${share(column.gives_away)} of what gives the table away`);
  dialog.replaceChildren(make("div", { class: "inside" },
    make("div", { class: "head" }, make("h2", { id: "detail-title" }, light(verdictOf(column)), " ", make("bdi", {}, shown(column.name, 300))), close),
    make("p", { class: "facts-line" }, facts.filter(Boolean).join(" · ")),
    ...(column.notes ?? []).map((note) => make("p", {}, shown(note, 400))), plot, said, countsTable(column)));
  dialog.showModal();
  const levels = column.picture?.form === "bars" ? column.picture.cells.label.length : 0;
  const width = Math.max(280, plot.clientWidth), frame = frameOf(width, levels ? Math.max(90, 8 + 20 * levels) : Math.min(280, width * 0.46));
  plot.style.aspectRatio = `${frame.width} / ${frame.height}`;
  plotInto(plot, column, (text) => { said.textContent = text ?? "Point at the picture to read it."; }, frame, levels);
}

function countsTable(column) {
  if (!column.picture) return make("span");
  const cells = cellsOf(column), heads = ["Value", "Real", ...(column.picture.cells.holdout ? ["Held-out real"] : []), "Synthetic"];
  const rows = cells.map((cell) => make("tr", {}, make("th", { scope: "row" }, shown(cell.label, 60)),
    SIDES.filter((side) => cell[side] !== null).map((side, at) => make("td", { class: "number", "data-label": heads[at + 1] }, share(cell[side])))));
  return make("div", { class: "tablebox plain" }, make("table", {}, make("caption", { class: "unseen" }, `Shares of ${shown(column.name)}`),
    make("thead", {}, make("tr", {}, heads.map((head, at) => make("th", { scope: "col", class: at ? "number" : null }, head)))), make("tbody", {}, rows)));
}

const soon = globalThis.requestIdleCallback ?? ((work) => setTimeout(() => work({ timeRemaining: () => 0 }), 30));

const ORDERS = {
  worst: (a, b) => SEVERITY[verdictOf(a)] - SEVERITY[verdictOf(b)] || behind(b) - behind(a),
  away: (a, b) => (b.gives_away ?? 0) - (a.gives_away ?? 0),
  table: () => 0,
  name: (a, b) => a.name.localeCompare(b.name),
};
const behind = (column) => column.shape?.value == null ? -Infinity : (column.shape.holdout ?? 1) - column.shape.value;

function columnSection() {
  const grid = byId("columns"), more = byId("more-columns"), cards = new Map();
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { entry.target.draw?.(); seen.unobserve(entry.target); }
  }, { rootMargin: "300px" });
  const cardOf = (column) => {
    if (!cards.has(column)) { const made = card(column); cards.set(column, made); }
    return cards.get(column);
  };
  // What is in view is drawn at once; the rest of those shown follow while the reader reads.
  const idle = (elements) => soon((deadline) => {
    const left = elements.filter((element) => element.draw);
    for (const element of left) { element.draw(); if (deadline.timeRemaining() < 4) break; }
    if (left.some((element) => element.draw)) idle(left);
  });
  let found = [], visible = BATCH;
  const show = () => {
    const now = found.slice(0, visible).map(cardOf);
    grid.replaceChildren(...now);
    for (const element of now) if (element.draw) seen.observe(element);
    idle(now);
    more.hidden = found.length <= visible;
    more.textContent = `Show ${Math.min(found.length - visible, 4 * BATCH)} more of ${found.length}`;
    byId("found").textContent = found.length === data.columns.length ? "" : `${found.length} of ${data.columns.length} columns`;
  };
  const search = () => {
    const text = byId("find").value.trim().toLocaleLowerCase(), kind = byId("kind").value, weak = byId("judged").value === "weak";
    found = data.columns.filter((column) => (!text || column.name.toLocaleLowerCase().includes(text)) && (!kind || column.kind === kind) && (!weak || SEVERITY[verdictOf(column)] < SEVERITY.pass));
    found.sort(ORDERS[byId("order").value]);
    visible = BATCH;
    show();
  };
  byId("controls").addEventListener("input", search);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => { visible += 4 * BATCH; show(); });
  addEventListener("beforeprint", () => { for (const element of grid.children) element.draw?.(); });
  byId("detail").addEventListener("click", (event) => { if (event.target === event.currentTarget) event.currentTarget.close(); });
  search();
  // The first columns are drawn at once: most readers come for them.
  for (const element of grid.children) element.draw?.();
}
