/**
 * The document on screen: laid out from its skeleton, then filled in place.
 *
 * Every part has its place before the first token, and every string is set as text. Parts are
 * updated one by one, by the pointer of what they show, so a frame touches only what changed.
 */

import { find } from "/partialjson.js";
import { Chart } from "./chart.js";

const plain = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 });

const NOTHING = "–";
const number = (value) => (typeof value === "number" ? plain.format(value) : String(value));

/** A value as text: nothing yet is empty, what never comes is told from that. */
function shown(value, closed, format = number) {
  if (value === undefined) return closed ? NOTHING : "";
  if (value === null) return NOTHING;
  return typeof value === "object" ? JSON.stringify(value) : format(value);
}

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Text in an element, changed only where it differs. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Placeholders for lines of text; readers are not told of them. */
function bars(...widths) {
  const lines = widths.map((width) => make("i", { class: `bar ${width}` }));
  return make("span", { class: "bars", "aria-hidden": "true" }, ...lines);
}

const WIDTHS = ["w70", "w45", "w60", "w35", "w55", "w50", "w80", "w40"];

/** Whether one of two pointers is around the other, or the same. */
const touches = (one, other) =>
  one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);

export class View {
  #parts = []; // each with a pointer and an update
  #root;
  #id;
  #source;
  #marks = new Map(); // pointer of a text: its element
  #wrong = make("ul", { class: "panel checked wrong", "aria-label": "Not of their type" });

  /**
   * @param root where it is drawn
   * @param skeleton the shape of the document, as Python's skeleton() gives it
   * @param id in front of the ids of its elements
   */
  constructor(root, skeleton, id) {
    this.#root = root;
    this.#id = id;
    const { metrics, water, ships, note } = skeleton.members;
    const grid = make("div", { class: "grid" });
    root.classList.add("view");
    root.replaceChildren(grid);
    grid.append(
      this.#head(),
      this.#cards(metrics),
      this.#chart(water),
      this.#table(ships),
      this.#note(note),
      this.#wrong,
    );
    this.reset();
  }

  /** As before the first token. */
  reset() {
    this.#source = { value: null, isClosed: () => false, invalid: new Map() };
    this.#root.dataset.state = "waiting";
    this.#update(this.#parts);
    this.#complain();
  }

  /** The answer is on its way: panels are busy until they close. */
  begin(source) {
    this.#source = source;
    this.#root.dataset.state = "open";
    this.#update(this.#parts);
  }

  /** What stands at these pointers has changed. */
  show(pointers) {
    const changed = [...pointers];
    this.#update(this.#parts.filter((part) => changed.some((at) => touches(at, part.pointer))));
    this.#complain();
  }

  /** What stands at a pointer is final. */
  close(pointer) {
    this.#update(this.#parts.filter((part) => part.pointer === pointer));
  }

  /** Nothing more comes. What is not closed stays unfinished. */
  end() {
    this.#root.dataset.state = "ended";
    this.#update(this.#parts);
    this.#complain();
  }

  #update(parts) {
    for (const { pointer, update } of parts) {
      const value = find(this.#source.value, pointer);
      update(value, this.#isOver(pointer));
    }
  }

  /** Whether nothing comes there any more; what is not there by then never will be. */
  #isOver(pointer) {
    return this.#source.isClosed(pointer) || this.#source.isClosed("");
  }

  /** More places, where a model writes more than were reserved. */
  #grow(list, value, place) {
    const [before, there] = [this.#parts.length, Array.isArray(value) ? value.length : 0];
    while (list.children.length < there) list.append(place(list.children.length));
    this.#update(this.#parts.slice(before));
  }

  /** A place of a list: readers are not told of one that waits, and it goes if none needs it. */
  #place(node, index, most, value, list) {
    const waits = value === undefined;
    if (waits) node.setAttribute("aria-hidden", "true");
    else node.removeAttribute("aria-hidden");
    node.hidden = waits && (index >= most || this.#isOver(list));
  }

  #part(pointer, update) {
    this.#parts.push({ pointer, update });
  }

  /** A panel with a heading, and a count of what is there. */
  #panel(name, title, pointer, most = 0) {
    const id = `${this.#id}-${name}`;
    const count = make("span", { class: "count" });
    const panel = make(
      "section",
      { class: `panel ${name}`, role: "group", "aria-labelledby": id, "aria-busy": "false" },
      make("header", { class: "panel-bar" }, make("h4", { id }, title), count),
    );
    this.#part(pointer, (value, closed) => {
      this.#mark(panel, value, closed);
      if (!most) return; // whoever fills the panel counts
      const there = Array.isArray(value) ? value.length : 0;
      say(count, there ? `${there} of ${closed ? there : most}` : "");
    });
    return panel;
  }

  /** A part's state, for the style sheet and for readers. */
  #mark(node, value, closed) {
    const going = this.#root.dataset.state === "open";
    const state = closed ? "closed" : value === undefined ? "waiting" : going ? "open" : "cut";
    if (node.dataset.state !== state) node.dataset.state = state;
    const busy = String(going && !closed);
    if (node.hasAttribute("aria-busy") && node.ariaBusy !== busy) node.ariaBusy = busy;
    return state;
  }

  /** Where the text of a value stands, and is marked if it is not of its type. */
  #text(pointer, name = "text") {
    const text = make("span", { class: name, "data-pointer": pointer });
    this.#marks.set(pointer, text);
    return text;
  }

  /** A string that types itself over its placeholder. */
  #typed(pointer, node, waiting) {
    const text = this.#text(pointer);
    node.append(text, waiting);
    this.#part(pointer, (value, closed) => {
      this.#mark(node, value, closed);
      say(text, shown(value, closed));
    });
    return node;
  }

  #head() {
    const head = make("header", { class: "head", "aria-busy": "false" });
    const title = make("h3", { class: "title" });
    const waits = make("span", { class: "sr" }, "Title");
    title.append(waits);
    this.#typed("/title", title, bars("w40"));
    this.#typed("/summary", head.appendChild(make("p", { class: "summary" })), bars("w100", "w95", "w100", "w90", "w95", "w60"));
    head.prepend(title);
    this.#part("/title", (value, closed) => { waits.hidden = closed || value !== undefined; });
    this.#part("/summary", (value, closed) => this.#mark(head, value, closed));
    return head;
  }

  #cards({ most, title }) {
    const list = make("ul", { class: "cards", "aria-label": title, "aria-busy": "false" });
    for (let index = 0; index < most; index += 1) list.append(this.#card(index, most));
    this.#part("/metrics", (value, closed) => {
      this.#mark(list, value, closed);
      this.#grow(list, value, (index) => this.#card(index, most));
    });
    return list;
  }

  #card(index, most) {
    const pointer = `/metrics/${index}`;
    const part = (name) => this.#text(`${pointer}/${name}`, name);
    const [name, value, unit, change, note] = ["name", "value", "unit", "change", "note"].map(part);
    const card = make(
      "li",
      { class: "card" },
      make("p", { class: "label" }, name),
      make("p", { class: "figure" }, make("span", {}, value, unit), change),
      make("p", { class: "remark" }, note),
      bars("w55", "w70", "w80"),
    );
    this.#part(pointer, (metric, closed) => {
      this.#mark(card, metric, closed);
      this.#place(card, index, most, metric, "/metrics");
      say(name, shown(metric?.name, closed));
      say(value, shown(metric?.value, closed));
      say(unit, metric?.unit ? `\u00a0${shown(metric.unit)}` : "");
      say(change, shown(metric?.change, closed, signed));
      say(note, shown(metric?.note, closed));
      card.dataset.way = Math.sign(metric?.change) || 0;
    });
    return card;
  }

  #chart({ members, title }) {
    const panel = this.#panel("chart", title, "/water");
    const name = make("p", { class: "sub" });
    this.#typed("/water/name", name, bars("w45"));
    const chart = new Chart(members.points.most);
    panel.append(name, chart.node);
    this.#part("/water", (water, closed) => {
      chart.draw(water ?? {}, this.#mark(panel, water, closed));
      say(panel.querySelector(".count"), chart.told);
    });
    return panel;
  }

  #table({ items, most, title }) {
    const panel = this.#panel("ships", title, "/ships", most);
    const columns = Object.entries(items.members);
    const head = make("tr", { role: "row" });
    for (const [name, { title: told }] of columns) {
      head.append(make("th", { scope: "col", role: "columnheader", class: `c-${name}` }, told));
    }
    const body = make("tbody", { role: "rowgroup" });
    for (let row = 0; row < most; row += 1) body.append(this.#row(row, most, columns));
    const told = make("p", { class: "checked", id: `${this.#id}-checked` });
    panel.append(
      make(
        "table",
        { role: "table" },
        make("caption", { class: "sr" }, "The ships of the week, a row each"),
        make("thead", { role: "rowgroup" }, head),
        body,
      ),
      told,
    );
    this.#part("/ships", (value, closed) => {
      this.#grow(body, value, (row) => this.#row(row, most, columns));
      const wrong = [...this.#source.invalid].filter(([pointer]) => this.#isCell(pointer));
      told.dataset.invalid = wrong.length > 0;
      say(told, wrong.length ? wrong.map(complaint).join(" ") : closed
        ? "Every row is of its type." : "Each row is checked against its type as it closes.");
    });
    return panel;
  }

  #row(index, most, columns) {
    const pointer = `/ships/${index}`;
    const row = make("tr", { role: "row", "aria-hidden": "true" });
    const cells = columns.map(([name], column) => {
      const at = `${pointer}/${name}`;
      const text = this.#text(at);
      const width = WIDTHS[(index * 3 + column * 5) % WIDTHS.length];
      row.append(make("td", { role: "cell", class: `c-${name}` }, text, bars(width)));
      return [name, at, text];
    });
    this.#part(pointer, (ship, closed) => {
      this.#mark(row, ship, closed);
      this.#place(row, index, most, ship, "/ships");
      for (const [name, at, text] of cells) {
        const value = ship?.[name];
        say(text, shown(value, closed));
        text.parentNode.dataset.state = value === undefined && !closed ? "waiting" : "there";
        if (name === "status") text.dataset.value = this.#source.isClosed(at) ? value : "";
      }
    });
    return row;
  }

  #isCell(pointer) {
    return pointer.startsWith("/ships/") && this.#marks.has(pointer);
  }

  /** Mark what is not of its type, and say where its complaint stands: no path is left out. */
  #complain() {
    const { invalid } = this.#source;
    for (const [pointer, text] of this.#marks) {
      const is = invalid.has(pointer);
      if ((text.dataset.invalid === "true") === is) continue;
      text.dataset.invalid = is;
      const where = `${this.#id}-${this.#isCell(pointer) ? "checked" : `wrong${pointer}`}`;
      if (is) text.setAttribute("aria-describedby", where);
      else text.removeAttribute("aria-describedby");
    }
    const others = [...invalid].filter(([pointer]) => !this.#isCell(pointer));
    this.#wrong.hidden = others.length === 0;
    if (this.#wrong.textContent === others.map(complaint).join("")) return;
    const told = (one) => make("li", { id: `${this.#id}-wrong${one[0]}` }, complaint(one));
    this.#wrong.replaceChildren(...others.map(told));
  }

  #note({ title }) {
    const panel = this.#panel("note", title, "/note");
    const text = make("p", { class: "prose" });
    this.#typed("/note", text, bars("w100", "w90", "w95", "w50"));
    panel.append(text);
    return panel;
  }
}

function signed(change) {
  if (typeof change !== "number") return String(change);
  const arrow = change > 0 ? "▲" : change < 0 ? "▼" : "";
  return `${arrow} ${percent.format(Math.abs(change))}`;
}

function complaint([pointer, errors]) {
  const where = (pointer || "/document")
    .replace(/^\/ships(?=\/)/, "/row")
    .replace(/\/(\d+)/g, (_, at) => ` ${Number(at) + 1}`)
    .slice(1)
    .replaceAll("/", ", ");
  const told = `${where}: ${errors[0]?.msg ?? "not of its type"}.`;
  return told[0].toUpperCase() + told.slice(1);
}
