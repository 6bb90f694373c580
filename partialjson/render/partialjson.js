/** Messages of a feed (docs/reference/wire-format.md) to one live value, shown once per animation
 * frame. Names are whatever a model writes: only an object's own members are ever looked at. */
const KNOWN = ["snapshot", "patch", "closed", "invalid", "done", "error"];
const LONGEST = 30_000, LATE = 100; // milliseconds between two attempts; to wait for a frame

const isHolder = (value) => value !== null && typeof value === "object";
const isOwn = (at, name) => isHolder(at) && {}.propertyIsEnumerable.call(at, name); // no `length`
const own = (at, name) => (isOwn(at, name) ? at[name] : undefined);
const escaped = (name) => name.replace(/~/g, "~0").replace(/\//g, "~1");
const unescaped = (name) => name.replace(/~1/g, "/").replace(/~0/g, "~");
const tokens = (pointer) => pointer.split("/").slice(1).map(unescaped);
/** The value at a pointer, undefined where there is none. */
export const find = (value, pointer) => tokens(pointer).reduce(own, value);

/** The value after `add`, `replace` and `append`: changed in place, and what is given moves in. */
export function apply(value, operations) {
  const root = { "": value }; // so that the root, too, is a member
  for (const { op, path, value: given } of operations) {
    const must = (holds, why) => { if (!holds) throw new Error(`${op} at ${path}: ${why}`); };
    must(/^(\/|$)/.test(path), "not a JSON Pointer");
    let [place, key] = [root, ""];
    for (const token of tokens(path)) {
      must(!/^(__proto__|constructor|prototype)$/.test(token), "a name that is refused");
      [place, key] = [own(place, key), token];
      const isIndex = /^(0|[1-9]\d*)$/.test(token) && token <= place?.length;
      must(Array.isArray(place) ? isIndex : isHolder(place), "there is no such place");
    }
    const [there, isText] = [own(place, key), typeof given === "string"];
    must(["add", "replace", "append"].includes(op) && given !== undefined, "no operation");
    must(op === "add" || there !== undefined, "there is nothing yet");
    must(op !== "append" || (isText && typeof there === "string"), "not a string");
    if (op === "add" && Array.isArray(place)) place.splice(key, 0, given);
    else place[key] = op === "append" ? there + given : given;
  }
  return root[""];
}

/** The pointers of a snapshot's closed values, children before parents. */
function closedIn(value, open, pointer = "", found = new Set()) {
  for (const name of isHolder(value) ? Object.keys(value) : [])
    closedIn(value[name], open, `${pointer}/${escaped(name)}`, found);
  return open !== null && `${open}/`.startsWith(`${pointer}/`) ? found : found.add(pointer);
}

/** A live value, and the connection that fills it; partialjson.d.ts tells of the options. */
export function connect(url, options = {}) {
  let { retry = 1000, signal, events = [], body, method = body ? "POST" : "GET" } = options;
  let [queue, closed, closing] = [[], new Set(), new Set()]; // closing: not told, queue: not shown
  let [failures, close, last, timer, frame, end, resolve] = [0, () => {}]; // end: {event, data}
  const stop = () => { finish("stopped", null); show(); };
  const reconnect = () => { if (!end) { close(); open("reconnecting"); } };
  const isClosed = (pointer) => closed.has(pointer);
  const stats = { bytes: 0, messages: 0, operations: 0, frames: 0 };
  const ended = new Promise((resolved) => (resolve = resolved));
  const feed = { value: null, invalid: new Map(), isClosed, stats, stop, reconnect, ended };
  const tell = (name, ...told) => { // an error there is the page's own: reading goes on
    try { options[name]?.(...told); } catch (error) { setTimeout(() => { throw error; }); }
  };
  const become = (state) => { if (feed.state !== state) tell("onState", (feed.state = state)); };
  // Told last, here and elsewhere: a page may stop the feed, or connect again, in any call.
  const open = (state) => { (options.using === "eventsource" ? listen : read)(); become(state); };
  const ask = () => {
    const before = stats.frames;
    timer ??= setTimeout(show, LATE);
    frame ??= globalThis.requestAnimationFrame?.(() => {
      frame = undefined;
      if (stats.frames === before) show();
      else if (timer !== undefined) ask(); // the timer came first: this frame had its share
    });
  };
  const fail = (message) => finish("error", { status: "failed", message });
  const finish = (event, data) => {
    end ??= { event, data };
    close();
    signal?.removeEventListener("abort", stop);
    ask();
  };
  const headers = new Headers(options.headers);
  headers.set("Accept", "text/event-stream");
  const isPlain = Array.isArray(body) || body?.constructor === Object;
  if (isPlain) { headers.set("Content-Type", "application/json"); body = JSON.stringify(body); }
  const asked = { ...options, method, headers, body, cache: "no-store" };
  new Request(url, asked); // a caller's mistake is thrown, and not tried again
  signal?.addEventListener("abort", stop);
  queueMicrotask(() => (signal?.aborted ? stop() : end ?? open("connecting"))); // `feed` is named
  return feed;

  function listen() {
    const source = new EventSource(url, { withCredentials: options.credentials === "include" });
    close = () => source.close();
    source.onopen = () => become("open");
    const heard = ({ type, data, lastEventId }) => {
      if (data !== undefined) hear(type, data, lastEventId);
      else if (source.readyState !== EventSource.CLOSED) become("reconnecting");
      else fail("the server refuses");
    };
    for (const name of [...KNOWN, "message", ...events]) source.addEventListener(name, heard);
  }

  async function read() {
    const leave = new AbortController();
    close = () => leave.abort();
    if (last !== undefined) headers.set("Last-Event-ID", last);
    const answer = await fetch(url, { ...asked, signal: leave.signal }).catch(() => null);
    if (leave.signal.aborted) return;
    const type = answer?.headers.get("Content-Type");
    if (answer?.status === 204) finish("stopped", null);
    else if (/^4(?!29)/.test(answer?.status)) fail(`HTTP ${answer.status}`);
    else if (answer?.ok && !/^text\/event-stream\b/i.test(type)) fail(`its type is ${type}`);
    else if (answer?.ok) await listenTo(answer.body.getReader(), leave.signal);
    if (leave.signal.aborted) return; // what follows was decided by who did it
    leave.abort();
    const longest = Math.max(retry, Math.min(LONGEST, (retry || 1) * 2 ** failures++));
    const again = setTimeout(read, longest * (0.5 + Math.random() / 2)); // not all at once
    close = () => clearTimeout(again);
    become("reconnecting");
  }

  async function listenTo(reader, left) { // the algorithm of the HTML standard, section 9.2.6
    let [decoder, rest, afterCR, event, data, id] = [new TextDecoder(), "", false, ""];
    become("open");
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true }));
      if (done || left.aborted) return; // an event that was cut off is none
      stats.bytes += value.length;
      const text = decoder.decode(value, { stream: true });
      const lines = text.slice(afterCR && text[0] === "\n" ? 1 : 0).split(/\r\n|\r|\n/);
      afterCR = text === "" ? afterCR : text.endsWith("\r");
      lines[0] = rest + lines[0];
      rest = lines.pop();
      for (const line of lines) {
        const [, name, field] = line.match(/^([^:]*):? ?(.*)$/s);
        if (name === "event") event = field;
        if (name === "data") data = data === undefined ? field : `${data}\n${field}`;
        if (name === "id" && !field.includes("\0")) id = field;
        if (name === "retry" && /^\d+$/.test(field)) retry = Number(field);
        if (line === "") { hear(event || "message", data, id); [event, data, id] = [""]; }
      }
    }
  }

  function hear(event, text, id) {
    const number = /^\d+$/.test(id) ? Number(id) : undefined;
    if (end || (event !== "snapshot" && number <= last)) return; // another feed begins with one
    last = number ?? last;
    if (text === undefined) return;
    [failures, stats.messages] = [0, stats.messages + 1];
    let data = text;
    try { data = JSON.parse(text); }
    catch { if (KNOWN.includes(event)) return fail(`${event} is not JSON`); }
    if (event === "done" || event === "error") finish(event, data);
    else { queue.push({ event, data, id: number }); ask(); }
  }

  function show() {
    const [touched, calls, messages] = [new Set(), [], queue.splice(0)];
    timer = clearTimeout(timer);
    try { for (const message of messages) take(message, touched, calls); }
    catch (error) { end = undefined; fail(error.message); } // behind "done", too: not whole
    if (touched.size && ++stats.frames) tell("onFrame", feed.value, touched);
    closing.forEach((one) => closing.delete(one) && tell("onClosed", one, find(feed.value, one)));
    for (const call of calls) tell(...call);
    if (!end) return;
    tell({ done: "onDone", error: "onError" }[end.event], end.data);
    become(end.event);
    options = {}; // nothing is told any more
    resolve(end);
  }

  function take({ event, data, id }, touched, calls) {
    const mark = (one) => feed.invalid.set(one.path, one.errors) && calls.push(["onInvalid", one]);
    if (event === "snapshot") {
      const now = closedIn(data.value, data.open);
      closing = new Set([...now].filter((one) => closing.has(one) || !closed.has(one)));
      [feed.value, feed.invalid, closed] = [data.value, new Map(), now];
      data.invalid?.forEach(mark);
      touched.add("");
    } else if (event === "patch") {
      feed.value = apply(feed.value, data);
      data.forEach(({ path }) => touched.add(path) && ++stats.operations);
    } else if (event === "closed") {
      const unheard = data.filter((one) => !closed.has(one));
      unheard.forEach((one) => closing.add(one) && closed.add(one));
    } else if (event === "invalid") mark(data);
    else calls.push(["onMessage", event, data, id]);
  }
}

/** Nodes of a document by pointer: the same value keeps the same node. */
export class Nodes extends Map {
  get(pointer, make) {
    if (make && !this.has(pointer)) this.set(pointer, make(pointer));
    return super.get(pointer);
  }
  prune(value) {
    for (const [pointer, node] of this)
      if (find(value, pointer) === undefined && this.delete(pointer)) node.remove();
  }
}
