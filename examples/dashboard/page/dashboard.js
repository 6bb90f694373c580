/**
 * The controls of the page, and what it tells of itself.
 *
 * A generation is started by a POST. All that is drawn comes over one feed that partialjson.js reads:
 * the document, and in messages of their own what the model's side says.
 */

import { connect } from "/partialjson.js";
import { make, say, View } from "./view.js";

const RATES = [15, 30, 60, 120, 250, 500, 1000]; // tokens a second
const SHOWN = 4000; // raw tokens: enough for a document, and not for ever
const NOTICE = 6000; // milliseconds
const PATIENCE = 5000; // milliseconds, for a server on this machine
const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const wanted = new URLSearchParams(location.search);
const live = new View($("live-view"), facts.skeleton, "live");
const plain = new View($("plain-view"), facts.skeleton, "plain");
const root = document.documentElement;

let run = null; // what is going on, or went on last

// -- What the page says of itself --------------------------------------------------------------

const NAMES = {
  ready: "Ready", starting: "Asking", open: "Writing", asking: "Asking again", reconnecting: "Reconnecting",
  done: "Complete", cut: "Incomplete", error: "Broken", stopped: "Stopped",
};

function state(name) {
  root.dataset.state = name;
  say($("badge"), NAMES[name]);
  const going = ["starting", "open", "asking", "reconnecting"].includes(name);
  say($("start"), going ? "Restart" : "Start");
  const left = !going && [$("stop"), $("reconnect")].includes(document.activeElement);
  if (left) $("start").focus(); // what is disabled loses the focus to nobody
  $("stop").disabled = $("reconnect").disabled = !going;
}

/** Say a boundary to those who listen; a node of its own, so that the same words are news, too. */
function speak(words) {
  $("status").replaceChildren(words);
}

let fading;
function notice(words) {
  say($("notice-told"), words);
  $("notice").hidden = false;
  fade();
}

function fade() {
  clearTimeout(fading);
  fading = setTimeout(() => {
    if ($("notice").matches(":hover, :focus-within")) fade();
    else $("notice").hidden = true;
  }, NOTICE);
}

function tell(words) {
  speak(words);
  notice(words);
}

function alarm(title, words) {
  $("alert").replaceChildren(make("strong", {}, title), words && make("p", {}, words));
  $("alert").hidden = false;
  $("notice").hidden = true;
}

function quiet() {
  $("alert").hidden = $("notice").hidden = true;
  $("alert").replaceChildren();
}

// -- Meters ----------------------------------------------------------------------------------------

let shift = 0;
// Of the dashboard: the lines of a log that scrolls move by their nature.
const moves = ({ hadRecentInput, sources }) =>
  !hadRecentInput && !(sources.length && sources.every(({ node }) => $("raw").contains(node)));
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (moves(entry)) shift += entry.value;
  say($("m-shift"), shift.toFixed(3));
  root.dataset.shift = shift;
}).observe({ type: "layout-shift", buffered: true });

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
const whole = new Intl.NumberFormat("en-GB");

function meters() {
  const { began, ended, first, feed, log, aside } = run;
  const { bytes = 0, operations = 0, frames = 0 } = feed?.stats ?? {};
  say($("m-first"), first === undefined ? "–" : seconds(first));
  if (first !== undefined) say($("live-told"), `first value after ${seconds(first)}`);
  say($("m-elapsed"), seconds((ended ?? performance.now()) - began));
  say($("m-bytes"), kilobytes(bytes - aside));
  say($("m-operations"), whole.format(operations));
  say($("m-frame"), frames ? (operations / frames).toFixed(1) : "–");
  const { tokens = 0, total = 0 } = log ?? {};
  say($("m-tokens"), total ? `${whole.format(tokens)} / ${whole.format(total)}` : whole.format(tokens));
  $("progress").style.transform = `scaleX(${total ? tokens / total : 0})`;
  if (!run.failed && ended === undefined) wait("Waiting for the whole answer", seconds(performance.now() - began));
}

// A clock goes on where nothing comes, too.
setInterval(() => { if (run?.feed && run.ended === undefined) meters(); }, 100);

// -- One generation --------------------------------------------------------------------------------

const settings = () => ({
  rate: RATES[$("rate").value],
  chunks: $("chunks").value,
  fault: $("fault").value,
  hold: wanted.has("hold") ? Number(wanted.get("hold")) : null,
});

async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function start() {
  const before = run;
  const going = before && before.ended === undefined;
  if (going && !before.id) return; // it is being asked for
  const mine = run = { began: performance.now(), aside: 0 };
  if (going) leave(before);
  quiet();
  live.reset();
  plain.reset();
  $("raw").replaceChildren();
  $("plain").dataset.state = "waiting";
  say($("plain-told"), "waits for the whole answer");
  say($("live-told"), "each value as soon as it is there");
  state("starting");
  speak("Generation started");
  try {
    mine.id = (await post("/generations", settings())).id;
  } catch (error) {
    if (run === mine && mine.ended === undefined) unasked(mine, error);
    return;
  }
  if (run === mine && mine.ended === undefined) listen(mine);
  else leave(mine); // it was stopped meanwhile
}

function unasked(mine, { message }) {
  ended(mine, "error");
  alarm("It could not be started.", message);
  nothing("The model was not asked.");
}

/** End a generation that is not shown; one that nobody follows ends by itself, but later. */
function leave({ id, feed }) {
  feed?.stop();
  post(`/generations/${id}/stop`).catch(() => {});
}

/** The document, as it is written. */
function listen(mine) {
  const current = (heard) => (...told) => { if (run === mine) heard(...told); };
  mine.feed = connect(`/generations/${mine.id}/events`, {
    retry: 300,
    headers: { "Last-Event-ID": "0" }, // every message: what the model's side says is in no snapshot
    onFrame: current((value, pointers) => {
      mine.shown = mine.first !== undefined; // in front of what else comes with this frame
      if (value !== null) mine.first ??= performance.now() - mine.began;
      if (mine.lost) state("open");
      mine.lost = false;
      live.show(pointers);
      meters();
    }),
    onClosed: current((pointer, value) => {
      live.close(pointer);
      if (pointer === "/ships" && Array.isArray(value)) speak(`Table complete, ${value.length} rows`);
    }),
    onInvalid: current(({ path }) => live.show([path])),
    onMessage: current((event, data, id) => {
      if (event === "retrying") lost(mine, data);
      if (event === "log") overhear(mine, data, id);
    }),
    onState: current((name) => {
      if (name === "open" && mine.dropped) resumed(mine);
      if (name === "reconnecting") dropped(mine);
      if (name === "open" || name === "reconnecting") state(name);
    }),
    onDone: current((data) => finished(mine, data)),
    onError: current((data) => broken(mine, data)),
  });
  live.begin(mine.feed);
}

/** What the model's side says: how far it is, and the very texts that it writes. */
function overhear(mine, data, id) {
  mine.log = data;
  mine.aside += new Blob([`event: log\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`]).size;
  raw(data.texts);
  meters();
}

const token = (text) => make("span", {}, text.replaceAll("\n", "↵"));

function raw(texts) {
  if (!texts.length) return;
  const box = $("raw");
  box.append(...texts.slice(-SHOWN).map(token));
  while (box.childElementCount > SHOWN) box.firstElementChild.remove();
  box.scrollTop = box.scrollHeight;
}

function lost(mine, { cause }) {
  const what = /^status \d+/.test(cause) ? `The model refused (${cause})` : "Connection to the model lost";
  tell(`${what}, asked again${mine.shown ? "; nothing shown twice" : ""}.`);
  state("asking");
  mine.failed = mine.lost = true;
  plain.reset();
  nothing(`The request failed: ${cause}`);
}

function dropped(mine) {
  if (!mine.dropped) tell("Connection to the server lost, trying again.");
  mine.dropped = true;
}

function resumed(mine) {
  mine.dropped = false;
  tell(`Connected again${mine.first === undefined ? "" : ", from where it left off; nothing shown twice"}.`);
}

function ended(mine, name) {
  mine.ended = performance.now();
  live.end();
  meters();
  state(name);
}

/** What becomes of what there is, where there is any. */
const kept = ({ first }) => (first === undefined ? "" : "What was shown stays; open values are unfinished.");

function finished(mine, { status }) {
  ended(mine, { complete: "done", cancelled: "stopped" }[status] ?? "cut");
  if (status === "complete") {
    speak("Done");
    if (!mine.failed) atOnce(mine.feed);
    return;
  }
  if (status !== "cancelled") alarm(`The answer is ${status}.`, kept(mine));
  nothing(status === "cancelled" ? "The request was ended." : `The answer is ${status}.`);
}

function broken(mine, { message }) {
  ended(mine, "error");
  const fault = message.split("error: ").at(-1); // behind the rest of the evidence
  alarm(`The answer broke. ${kept(mine)}`.trim(), fault);
  nothing("The answer cannot be parsed.");
}

/** What a page shows that parses at the end: all of it, now. */
function atOnce(feed) {
  $("plain").dataset.state = "done";
  plain.begin(feed);
  plain.end();
  say($("plain-told"), `first value after ${seconds(run.ended - run.began)}`);
}

function nothing(why) {
  $("plain").dataset.state = "failed";
  wait("Nothing to show", why);
  say($("plain-told"), `gave up after ${seconds(performance.now() - run.began)}`);
}

function wait(title, words) {
  say($("wait-title"), title);
  say($("wait-told"), words);
}

async function stop() {
  const mine = run;
  if (!mine || mine.ended !== undefined || mine.stopping) return;
  if (!mine.id) return stopped(mine, "Stopped before the model was asked.");
  mine.stopping = true;
  const pressed = performance.now();
  try {
    const facts = await post(`/generations/${mine.id}/stop`);
    if (mine.feed.state === "reconnecting") mine.feed.reconnect(); // now, and not after its wait
    await mine.feed.ended;
    const took = Math.max(1, Math.round(performance.now() - pressed));
    if (run !== mine) return undefined;
    mine.log = facts;
    meters();
    const { state: why, tokens, total } = facts;
    const counted = total ? `${whole.format(tokens)} of ${whole.format(total)}` : whole.format(tokens);
    tell(`Stopped. The model wrote ${counted} tokens and ended (${why}), ${took} ms after you asked.`);
  } catch {
    mine.feed.stop();
    if (run !== mine || mine.ended !== undefined) return undefined;
    stopped(mine, "Stopped here. The server could not be told; it ends what nobody looks at.");
  }
  return undefined;
}

function stopped(mine, words) {
  ended(mine, "stopped");
  nothing("The request was ended.");
  tell(words);
}

// -- Controls --------------------------------------------------------------------------------------

$("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
$("stop").addEventListener("click", stop);
$("reconnect").addEventListener("click", () => {
  if (!run.feed) return;
  run.dropped = true; // by whoever pressed it, so it is no loss
  run.feed.reconnect();
});
$("notice-close").addEventListener("click", () => {
  $("notice").hidden = true;
  $("stage").focus();
});

$("rate").addEventListener("input", () => {
  const rate = RATES[$("rate").value];
  say($("rate-told"), `${rate} tokens/s`);
  $("rate").setAttribute("aria-valuetext", `${rate} tokens a second`);
  if (!run?.id || run.ended !== undefined) return;
  post(`/generations/${run.id}/rate`, { rate }).catch(() => tell("The server could not be told of the rate."));
});

// Both may be open before the first paint: see theme.js.
$("split").addEventListener("click", () => compare(root.dataset.split !== "true"));
function compare(both) {
  root.dataset.split = both;
  $("split").setAttribute("aria-pressed", both);
}

$("raw-toggle").addEventListener("click", () => drawer(root.dataset.drawer !== "true"));
function drawer(open) {
  root.dataset.drawer = open;
  $("raw-toggle").setAttribute("aria-expanded", open);
  $("raw").scrollTop = $("raw").scrollHeight;
}

$("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme ?? dark) === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* for this visit, then */ }
});

// Settings of the page's address, such as ?rate=250&fault=cut&compare&start.
for (const name of ["chunks", "fault"]) if (wanted.has(name)) $(name).value = wanted.get(name);
const rate = RATES.indexOf(Number(wanted.get("rate")));
if (rate >= 0) $("rate").value = rate;
$("rate").dispatchEvent(new Event("input"));
compare(wanted.has("compare"));
drawer(wanted.has("raw"));
$("settings").hidden = facts.model !== null; // they are those of a replay
$("asked").hidden = facts.model === null;
say($("asked"), facts.model ?? "");
state("ready");
if (wanted.has("start") && facts.model === null) start(); // another model is not asked by an address
