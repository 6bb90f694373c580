/** A line that is drawn point by point, in a frame that was there before the first. */

const SPACE = { left: 32, right: 16, top: 16, bottom: 28 };
const LINES = 5; // between the lower and the upper end of the axis
const WAITS = "A chart that waits for its readings";
const EVERY = 4; // points, from one time that is written to the next

function svg(tag, attributes = {}) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(node, attributes);
  return node;
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A curve through points that never overshoots them: tangents as Fritsch and Carlson limit them. */
function curve(points) {
  if (points.length < 2) return "";
  const slope = points.slice(1).map(([x, y], i) => (y - points[i][1]) / (x - points[i][0]));
  const tangent = points.map((_, i) => {
    const [before, behind] = [slope[i - 1] ?? slope[i], slope[i] ?? slope[i - 1]];
    return before * behind <= 0 ? 0 : (2 * before * behind) / (before + behind);
  });
  const parts = points.slice(1).map(([x, y], i) => {
    const [fromX, fromY] = points[i];
    const third = (x - fromX) / 3;
    const first = [fromX + third, fromY + third * tangent[i]];
    const second = [x - third, y - third * tangent[i + 1]];
    return `C${[...first, ...second, x, y].map((one) => one.toFixed(1)).join(" ")}`;
  });
  return `M${points[0].map((one) => one.toFixed(1)).join(" ")}${parts.join("")}`;
}

export class Chart {
  node;
  told = ""; // in words, how far it is
  #most;
  #svg = svg("svg", { role: "img", "aria-label": WAITS });
  #rules = [];
  #times = [];
  #area = svg("path", { class: "area" });
  #line = svg("path", { class: "line" });
  #halo = svg("circle", { class: "halo", r: 7 });
  #dot = svg("circle", { class: "dot", r: 3.5 });
  #last = [{}, "waiting"];

  /** @param most how many points there will be */
  constructor(most) {
    this.#most = most;
    this.node = document.createElement("div");
    this.node.className = "canvas";
    for (let at = 0; at <= LINES; at += 1) {
      this.#rules.push([svg("line", { class: "rule" }), svg("text", { class: "scale" })]);
    }
    for (let at = 0; at < most; at += EVERY) this.#times.push(svg("text", { class: "scale time" }));
    this.#svg.append(...this.#rules.flat(), ...this.#times, this.#area, this.#line, this.#halo, this.#dot);
    this.node.append(this.#svg);
    new ResizeObserver(() => this.draw(...this.#last)).observe(this.node);
  }

  /** Draw as much of it as there is; its state is "waiting", "open", "cut" or "closed". */
  draw(water, state) {
    this.#last = [water, state];
    const [width, height] = [this.node.clientWidth, this.node.clientHeight];
    if (!width || !height) return;
    set(this.#svg, { viewBox: `0 0 ${width} ${height}` });
    const { low, high, unit = "" } = water;
    const scaled = typeof low === "number" && typeof high === "number" && low < high;
    const points = Array.isArray(water.points) ? water.points : [];
    const most = Math.max(this.#most, points.length); // more than were asked for are nearer
    const every = EVERY * Math.ceil(most / this.#most);
    const x = (at) => SPACE.left + (at * (width - SPACE.left - SPACE.right)) / (most - 1);
    const y = (part) => height - SPACE.bottom - part * (height - SPACE.top - SPACE.bottom);
    for (const [at, [rule, scale]] of this.#rules.entries()) {
      const [where, value] = [y(at / LINES), low + (at * (high - low)) / LINES];
      set(rule, { x1: SPACE.left, x2: width - SPACE.right, y1: where, y2: where });
      set(scale, { x: SPACE.left - 8, y: where + 4, "text-anchor": "end" });
      write(scale, scaled ? String(Math.round(value * 10) / 10) : "");
    }
    for (const [at, time] of this.#times.entries()) {
      set(time, { x: x(at * every), y: height - 8, "text-anchor": at ? "middle" : "start" });
      write(time, points[at * every]?.v === undefined ? "" : String(points[at * every].t));
    }
    const isWhole = (point) => scaled && typeof point?.v === "number";
    const places = points.map((point, at) => isWhole(point) && [x(at), y((point.v - low) / (high - low))]);
    this.#trace(places.filter(Boolean), y(0));
    const whole = points.filter(isWhole);
    this.told = whole.length ? `${number(whole.at(-1).v)} ${unit} at ${whole.at(-1).t}` : "";
    set(this.#svg, { "aria-label": label(water, whole, state) });
  }

  #trace(places, floor) {
    const drawn = curve(places);
    set(this.#line, { d: drawn });
    const [first, last] = [places[0], places.at(-1)];
    set(this.#area, { d: drawn && `${drawn}L${last[0].toFixed(1)} ${floor}L${first[0].toFixed(1)} ${floor}Z` });
    for (const mark of [this.#halo, this.#dot]) {
      set(mark, last ? { cx: last[0].toFixed(1), cy: last[1].toFixed(1), opacity: 1 } : { opacity: 0 });
    }
  }
}

const number = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1));

/** What is drawn so far, or was in the end, in words. */
function label(water, whole, state) {
  if (!whole.length) return state === "closed" ? "A chart without readings" : WAITS;
  if (state === "open") return `${water.name}, drawn up to ${whole.at(-1).t}`;
  return state === "cut" ? `Not finished. ${summary(water, whole)}` : summary(water, whole);
}

/** The chart in words. */
function summary({ name, unit }, points) {
  const by = (better) => points.reduce((one, other) => (better(other.v, one.v) ? other : one));
  const [top, bottom] = [by((a, b) => a > b), by((a, b) => a < b)];
  const said = ({ t, v }) => `${number(v)} ${unit} at ${t}`;
  return `${name}: ${points.length} readings from ${points[0].t} to ${points.at(-1).t}; `
    + `highest ${said(top)}, lowest ${said(bottom)}, last ${said(points.at(-1))}.`;
}
