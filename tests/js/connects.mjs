// Feeds of real servers, all at once, and what was called for each: a JSON text in, one out.
//
// In: {name: {url, options, act}}. `act` is {on, told, do}: at the first call of that name, with
// what it is told, `stop`, `abort`, `reconnect` or `throw`. Out: {name: {calls, value, closed, invalid, stats, end, thrown}}.
// The first argument is the file of partialjson.js.

import { pathToFileURL } from "node:url";

const { connect } = await import(pathToFileURL(process.argv[2]));

const NAMES = ["onFrame", "onClosed", "onInvalid", "onDone", "onError", "onMessage", "onState"];
const waits = []; // milliseconds that were asked for
let uncaught = 0;
process.on("uncaughtException", () => (uncaught += 1));

async function heard({ url, options, act }) {
  const calls = [];
  const leave = new AbortController();
  let feed;
  let acted = false;
  const acts = {
    stop: () => feed.stop(),
    abort: () => leave.abort(),
    reconnect: () => feed.reconnect(),
    throw: () => { throw new Error("the page's own"); },
  };
  for (const name of NAMES) {
    options[name] = (...told) => {
      const plain = told.map((one) => (one instanceof Set ? [...one].sort() : one));
      calls.push(structuredClone([name, ...plain]));
      if (name !== act?.on || acted || (act.told ?? told[0]) !== told[0]) return;
      acted = true;
      acts[act.do]();
    };
  }
  if (act?.on === "before") leave.abort();
  try {
    feed = connect(url, { ...options, signal: leave.signal });
  } catch (error) {
    return { thrown: error.name };
  }
  const end = await feed.ended;
  const { value, stats, state, invalid } = feed;
  const closed = calls.filter(([name]) => name === "onClosed").map(([, pointer]) => pointer);
  const areClosed = closed.every(feed.isClosed);
  return { calls, value, stats, state, invalid: [...invalid], areClosed, end };
}

let input = "";
for await (const piece of process.stdin) input += piece;
const cases = Object.entries(JSON.parse(input));
if (process.argv.includes("--hurry")) {
  const { setTimeout: later } = globalThis; // the waits are counted, not waited for
  globalThis.setTimeout = (call, wait, ...given) => {
    const isOurs = new Error().stack.includes("partialjson.js"); // fetch has timers, too
    if (isOurs) waits.push(wait);
    return later(call, isOurs ? 1 : wait, ...given);
  };
}
const results = await Promise.all(cases.map(async ([name, one]) => [name, await heard(one)]));
const polluted = "polluted" in {};
const said = (name, value) => (value === Infinity ? "Infinity" : value);
const all = { ...Object.fromEntries(results), process: { uncaught, polluted, waits } };
process.stdout.write(JSON.stringify(all, said));
