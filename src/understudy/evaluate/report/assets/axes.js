// Ticks at round values: plain numbers, days and years for instants, hours for times of day.
const DAY = 86400, YEAR = 365.25 * DAY;

function ticks(axis, low, high, most) {
  if (axis === "instant" || axis === "date") return instants(low, high, most);
  const unit = axis === "time" ? clock(high - low, most) : axis === "duration" ? lapse(high - low, most) : round((high - low) / most);
  const found = [];
  for (let at = Math.ceil(low / unit - 1e-9) * unit; at <= high + unit * 1e-9; at += unit) found.push(Math.abs(at) < unit * 1e-9 ? 0 : at);
  return found.map((at) => ({ at, text: axis === "time" ? hours(at) : axis === "duration" ? span(at) : brief(at) }));
}

function round(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= step * 0.999) * power;
}

const clock = (range, most) => [60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200].find((unit) => range / unit <= most) ?? 43200;
const lapse = (range, most) => [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, DAY, 7 * DAY, 30 * DAY, 100 * DAY, YEAR].find((unit) => range / unit <= most) ?? round(range / most / YEAR) * YEAR;
const hours = (at) => `${String(Math.floor(at / 3600)).padStart(2, "0")}:${String(Math.floor((at % 3600) / 60)).padStart(2, "0")}`;

function span(at) {
  const size = Math.abs(at);
  if (size >= YEAR) return `${number(at / YEAR)} y`;
  if (size >= DAY) return `${number(at / DAY)} d`;
  if (size >= 3600) return `${number(at / 3600)} h`;
  return size >= 60 ? `${number(at / 60)} min` : `${number(at)} s`;
}

function brief(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return size < 1e12 ? `${number(value / 1e9)}bn` : number(value);
  if (size >= 1e6) return `${number(value / 1e6)}M`;
  return size >= 1e4 ? `${number(value / 1e3)}k` : number(value);
}

function instants(low, high, most) {
  const range = high - low;
  const iso = (at) => { const date = new Date(at * 1000); return Number.isNaN(date.getTime()) ? number(at) : date.toISOString(); };
  if (range < 3 * DAY) return even(low, high, most, clock(range, most)).map((at) => ({ at, text: iso(at).slice(11, 16) }));
  if (range < 60 * DAY) return even(low, high, most, Math.max(DAY, round(range / most / DAY) * DAY)).map((at) => ({ at, text: iso(at).slice(5, 10) }));
  const monthly = range < 3 * YEAR;
  const step = monthly ? ([1, 2, 3, 6, 12].find((months) => range / (months * YEAR / 12) <= most) ?? 12) : 12 * Math.max(1, round(range / most / YEAR));
  const first = new Date(low * 1000), found = [];
  for (let month = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step; found.length < 20; month += step) {
    const date = new Date(Date.UTC(2000, 0, 1));
    date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    const at = date.getTime() / 1000;
    if (at > high) break;
    if (at >= low) found.push({ at, text: monthly ? iso(at).slice(0, 7) : String(Math.floor(month / 12)) });
  }
  return found;
}

function even(low, high, most, unit) {
  const found = [];
  for (let at = Math.ceil(low / unit) * unit; at <= high; at += unit) found.push(at);
  return found;
}
