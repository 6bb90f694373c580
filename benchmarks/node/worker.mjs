// The process in which the contenders of Node run, and are timed.
//
// A request flows in on a line of standard input, an answer flows out on a line of standard output.
// Pieces of text are held for a contender until it gets others, so that a reading brings none along.

import { createInterface } from "node:readline";

const COLD = 0.5; // seconds of readings before the first one that counts: code is compiled meanwhile
const WARM = 0.05; // the same for pieces that are not the first of a contender
const ENOUGH = 0.02; // seconds of readings in an answer

const held = new Map(); // pieces by contender

/** Each makes a contender of its package: pieces in, the last value out. */
const MAKERS = {
  "partial-json, again": async () => {
    const { parse, Allow } = await import("partial-json");
    return again((text) => parse(text, Allow.ALL));
  },
  "AI SDK parsePartialJson, again": async () => {
    const { parsePartialJson } = await import("ai");
    return again(async (text) => (await parsePartialJson(text)).value);
  },
  "jsonriver": async () => {
    const { parse } = await import("jsonriver");
    return async (pieces) => {
      let value;
      try {
        for await (value of parse(stream(pieces)));
      } catch {
        // the pieces end before the text does
      }
      return value;
    };
  },
  "@streamparser/json, partial": async () => {
    const { JSONParser } = await import("@streamparser/json");
    return (pieces) => {
      const parser = new JSONParser({ emitPartialTokens: true, emitPartialValues: true });
      let root;
      parser.onValue = ({ value, parent, stack }) => {
        root = stack.length > 1 ? stack[1].value : (parent ?? value);
      };
      for (const piece of pieces) parser.write(piece);
      return root;
    };
  },
  "@streamparser/json, values": async () => {
    const { JSONParser } = await import("@streamparser/json");
    return (pieces) => {
      const parser = new JSONParser();
      let last;
      parser.onValue = ({ value }) => {
        last = value;
      };
      for (const piece of pieces) parser.write(piece);
      return last;
    };
  },
  "join, JSON.parse": async () => (pieces) => {
    const buffer = [];
    for (const piece of pieces) buffer.push(piece);
    return JSON.parse(buffer.join(""));
  },
};

/** Parses all that came so far, after every piece. Who has nothing to wait for is not made to. */
function again(parse) {
  const run = async (pieces) => {
    let text = "";
    let value;
    for (const piece of pieces) {
      text += piece;
      const found = parse(text);
      value = found instanceof Promise ? await found : found;
    }
    return value;
  };
  run.each = async (texts) => {
    for (const text of texts) await parse(text);
  };
  return run;
}

async function* stream(pieces) {
  yield* pieces;
}

/** A beginning is no JSON text: who says so at its end has read it all the same. */
async function cutShort(work) {
  try {
    return await work();
  } catch {
    return null;
  }
}

/** Seconds of so many calls: on the wall or of the processor, whichever is less. */
async function seconds(work, count) {
  const start = performance.now();
  const used = process.cpuUsage();
  for (let n = 0; n < count; n++) await cutShort(work);
  const wall = (performance.now() - start) / 1e3;
  const { user, system } = process.cpuUsage(used);
  return Math.min(wall, (user + system) / 1e6);
}

/** Seconds of one call, the mean of as many as last long enough to be timed. */
async function time(work, enough) {
  let count = 1;
  for (;;) {
    const spent = await seconds(work, count);
    if (spent >= enough / 2) return spent / count;
    count *= Math.max(2, Math.min(10, Math.round(enough / Math.max(spent, 1e-6))));
  }
}

function reading(contender) {
  const run = contenders.get(contender);
  const { texts, each } = held.get(contender);
  return () => (each ? run.each(texts) : run(texts));
}

const REQUESTS = {
  hold: async ({ contender, texts, each }) => {
    const warm = held.has(contender) ? WARM : COLD;
    held.set(contender, { texts, each });
    await time(reading(contender), warm);
  },
  time: async ({ contender }) => time(reading(contender), ENOUGH),
  value: async ({ contender, texts }) => contenders.get(contender)(texts),
};

const contenders = new Map();
for (const [name, make] of Object.entries(MAKERS)) {
  try {
    contenders.set(name, await make());
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error; // else it could not be installed
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);

say([...contenders.keys()]);
for await (const line of createInterface({ input: process.stdin })) {
  const { request, ...facts } = JSON.parse(line);
  say(await cutShort(() => REQUESTS[request](facts)));
}
