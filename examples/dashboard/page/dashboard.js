/**
 * The controls of the page, and what it tells of itself.
 *
 * A generation is started by a POST; its document comes over a feed that partialjson.js reads, what
 * the model's side says over an EventSource of its own. Nothing is drawn but from those two.
 */

import { connect } from "/partialjson.js";
import { make, say, View } from "./view.js";

const RATES = [15, 30, 60, 120, 250, 500, 1000]; // tokens a second
const SHOWN = 4000; // raw tokens: enough for a document, and not for ever
const NOTICE = 6000; // milliseconds
const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const wanted = new URLSearchParams(location.search);
const live = new View($("live-view"), facts.skeleton, "live");
const plain = new View($("plain-view"), facts.skeleton, "plain");

let run = null; // what is going on, or went on last

// -- What the page says of itself --------------------------------------------------------------

const NAMES = {
  ready: "Ready", starting: "Asking", open: "Writing", asking: "Asking again", reconnecting: "Reconnecting",
  done: "Complete", cut: "Incomplete", error: "Broken", stopped: "Stopped",
};

function state(name) {
  document.documentElement.dataset.state = name;
  say($("badge"), NAMES[name]);
  const going = ["starting", "open", "asking", "reconnecting"].includes(name);
  say($("start"), going ? "Start again" : "Start");
  $("stop").disabled = $("reconnect").disabled = !going;
}

/** Say a boundary, once, to those who listen. */
function speak(words) {
  say($("status"), words);
}

let fading;
function notice(words) {
  say($("notice-told"), words);
  $("notice").hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { $("notice").hidden = true; }, NOTICE);
}

function alarm(title, words) {
  $("alert").replaceChildren(make("strong", {}, title), make("p", {}, words));
  $("alert").hidden = false;
  $("notice").hidden = true;
}

function quiet() {
  $("alert").hidden = $("notice").hidden = true;
  $("alert").replaceChildren();
}

// -- Meters ----------------------------------------------------------------------------------------

let shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
  say($("m-shift"), shift.toFixed(3));
  document.documentElement.dataset.shift = shift;
}).observe({ type: "layout-shift", buffered: true });

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
const whole = new Intl.NumberFormat("en-GB");

function meters() {
  const { began, ended, first, feed, log } = run;
  const { bytes, operations, frames } = feed.stats;
  say($("m-first"), first === undefined ? "–" : seconds(first));
  if (first !== undefined) say($("live-told"), `first value after ${seconds(first)}`);
  say($("m-elapsed"), seconds((ended ?? performance.now()) - began));
  say($("m-bytes"), kilobytes(bytes));
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
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function start() {
  if (run?.ended === undefined) await stop();
  quiet();
  live.reset();
  plain.reset();
  $("raw").replaceChildren();
  $("plain").dataset.state = "waiting";
  say($("plain-told"), "waits for the whole answer");
  const mine = run = { began: performance.now() };
  state("starting");
  speak("Generation started");
  try {
    mine.id = (await post("/generations", settings())).id;
  } catch (error) {
    mine.ended = performance.now();
    state("error");
    alarm("It could not be started.", error.message);
    return;
  }
  listen(mine);
  follow(mine);
}

/** The document, as it is written. */
function listen(mine) {
  const current = (heard) => (...told) => { if (run === mine) heard(...told); };
  mine.feed = connect(`/generations/${mine.id}/events`, {
    retry: 300,
    onFrame: current((_, pointers) => {
      mine.first ??= performance.now() - mine.began;
      if (mine.lost) state("open");
      mine.lost = false;
      live.show(pointers);
      meters();
    }),
    onClosed: current((pointer, value) => {
      live.close(pointer);
      if (pointer === "/ships") speak(`Table complete, ${value.length} rows`);
    }),
    onInvalid: current(({ path }) => live.show([path])),
    onMessage: current((event, data) => {
      if (event === "retrying") lost(data);
    }),
    onState: current((name) => {
      if (name === "open" && mine.dropped) resumed(mine);
      if (name === "reconnecting") mine.dropped = true;
      if (name === "open" || name === "reconnecting") state(name);
    }),
    onDone: current((data) => finished(mine, data)),
    onError: current((data) => broken(mine, data)),
  });
  live.begin(mine.feed);
}

/** What the model's side says: how far it is, and the very texts that it writes. */
function follow(mine) {
  const source = new EventSource(`/generations/${mine.id}/log`);
  source.onmessage = ({ data }) => {
    if (run !== mine) return source.close();
    mine.log = JSON.parse(data);
    requestAnimationFrame(() => {
      if (run !== mine) return;
      raw(mine.log.texts);
      meters();
    });
    if (mine.ended !== undefined && mine.log.state !== "writing") source.close();
    return undefined;
  };
}

const token = (text) => make("span", {}, text.replaceAll("\n", "↵"));

function raw(texts) {
  if (!texts.length) return;
  const box = $("raw");
  box.append(...texts.slice(-SHOWN).map(token));
  while (box.childElementCount > SHOWN) box.firstElementChild.remove();
  box.scrollTop = box.scrollHeight;
}

function lost({ cause }) {
  const words = "Connection to the model lost, asked again; nothing shown twice.";
  speak(words);
  notice(words);
  state("asking");
  run.failed = run.lost = true;
  plain.reset();
  nothing(`The request failed: ${cause}`);
}

function resumed(mine) {
  mine.dropped = false;
  const words = "Connected again, from where it left off; nothing shown twice.";
  speak(words);
  notice(words);
}

function ended(mine, name) {
  mine.ended = performance.now();
  live.end();
  meters();
  state(name);
}

function finished(mine, { status }) {
  ended(mine, { complete: "done", cancelled: "stopped" }[status] ?? "cut");
  if (status === "complete") {
    speak("Done");
    if (!mine.failed) atOnce(mine.feed);
    return;
  }
  if (status !== "cancelled") alarm(`The answer is ${status}.`, "What was shown stays; open values are unfinished.");
  nothing(status === "cancelled" ? "The request was ended." : `The answer is ${status}.`);
}

function broken(mine, { message }) {
  ended(mine, "error");
  const fault = message.split("error: ").at(-1); // behind the rest of the evidence
  alarm("The answer broke. What was shown stays; open values are unfinished.", fault);
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
  if (!mine?.id || mine.ended !== undefined) return;
  const pressed = performance.now();
  const { state: why, tokens, total } = await post(`/generations/${mine.id}/stop`);
  await mine.feed.ended;
  const took = Math.max(1, Math.round(performance.now() - pressed));
  const counted = total ? `${whole.format(tokens)} of ${whole.format(total)}` : whole.format(tokens);
  const words = `Stopped. The model wrote ${counted} tokens and ended (${why}), ${took} ms after you asked.`;
  speak(words);
  if (run === mine) notice(words);
}

// -- Controls --------------------------------------------------------------------------------------

$("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
$("stop").addEventListener("click", stop);
$("reconnect").addEventListener("click", () => run?.feed?.reconnect());
$("notice-close").addEventListener("click", () => { $("notice").hidden = true; });

$("rate").addEventListener("input", () => {
  const rate = RATES[$("rate").value];
  say($("rate-told"), `${rate} tokens/s`);
  $("rate").setAttribute("aria-valuetext", `${rate} tokens a second`);
  if (run?.id && run.ended === undefined) post(`/generations/${run.id}/rate`, { rate });
});

$("split").addEventListener("click", () => compare($("split").getAttribute("aria-pressed") !== "true"));
function compare(both) {
  $("split").setAttribute("aria-pressed", both);
  $("stage").dataset.split = both;
  $("plain-pane").hidden = !both;
}

$("raw-toggle").addEventListener("click", () => drawer($("drawer").hidden));
function drawer(open) {
  $("drawer").hidden = !open;
  $("raw-toggle").setAttribute("aria-expanded", open);
  document.documentElement.dataset.drawer = open;
  $("raw").scrollTop = $("raw").scrollHeight;
}

$("theme").addEventListener("click", () => {
  const root = document.documentElement;
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
if (wanted.has("start")) start();
