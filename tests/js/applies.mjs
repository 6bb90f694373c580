// Operations applied by one library: lines in, one line out for each.
//
// In: {"data": [[operations, value], …]}: the value that each list must lead to, from null on.
// Out: "same", or what differs. The first argument is the file of partialjson.js, the second `ours`,
// `fast-json-patch` or `rfc6902`, the third the folder where npm installed the other two.

import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";

const [screen, library, modules] = process.argv.slice(2);
const { apply, find } = await import(pathToFileURL(screen));
const imported = async (file) => import(pathToFileURL(`${modules}/${file}`));

/** In the standard: `append` is the `replace` that does the same. */
const grown = (value, operation) =>
  operation.op === "append"
    ? { ...operation, op: "replace", value: find(value, operation.path) + operation.value }
    : operation;

const one_by_one = (applied) => (value, operations) =>
  operations.reduce((so_far, operation) => applied(so_far, grown(so_far, operation)), value);

const LIBRARIES = {
  ours: async () => apply,
  "fast-json-patch": async () => {
    const { default: theirs } = await imported("fast-json-patch/index.js");
    return one_by_one((value, operation) => theirs.applyPatch(value, [operation]).newDocument);
  },
  rfc6902: async () => {
    const { default: theirs } = await imported("rfc6902/index.js");
    return one_by_one((value, operation) => {
      const held = { doc: value }; // it cannot replace the root
      const [error] = theirs.applyPatch(held, [{ ...operation, path: `/doc${operation.path}` }]);
      if (error) throw error;
      return held.doc;
    });
  },
};

/** node:readline would end a line at U+2028, too, which may stand in a text of JSON. */
async function* lines(input) {
  let rest = "";
  for await (const piece of input.setEncoding("utf8")) {
    const found = (rest + piece).split("\n");
    rest = found.pop();
    yield* found;
  }
}

const applied = await LIBRARIES[library]();
for await (const line of lines(process.stdin)) {
  const { data: steps } = JSON.parse(line);
  let said = "same";
  let value = null;
  for (const [operations, expected] of steps) {
    const before = JSON.stringify(value);
    value = applied(value, operations);
    if (isDeepStrictEqual(value, expected)) continue;
    said = JSON.stringify({ before, operations, value, expected });
    break;
  }
  process.stdout.write(`${said}\n`);
}
