/** Types of partialjson.js. What crosses the wire: docs/reference/wire-format.md. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A JSON Pointer (RFC 6901); `""` is the root. */
export type Pointer = string;

/** Of JSON Patch (RFC 6902), and `append`, which writes behind the string at `path`. */
export type Operation =
  | { op: "add" | "replace"; path: Pointer; value: Json }
  | { op: "append"; path: Pointer; value: string };

export interface Invalid {
  path: Pointer;
  errors: { type: string; loc: (string | number)[]; msg: string; input?: Json }[];
}

export interface Done {
  status: "complete" | "truncated" | "filtered" | "refused" | "cancelled";
  evidence?: string[];
}

/** `failed` is also what this client says of a feed that it cannot read. */
export interface Failure {
  status: "interrupted" | "failed";
  message: string;
}

export interface Snapshot<T = Json> {
  value: T;
  /** The pointer of the value that is being written, null where all are closed. */
  open: Pointer | null;
  invalid?: Invalid[];
}

/** What a feed says, by its name. */
export type Message<T = Json> =
  | { event: "snapshot"; id: number; data: Snapshot<T> }
  | { event: "patch"; id: number; data: Operation[] }
  | { event: "closed"; id: number; data: Pointer[] }
  | { event: "invalid"; id: number; data: Invalid }
  | { event: "done"; id: number; data: Done }
  | { event: "error"; id: number; data: Failure };

/** How a feed ended. */
export type End =
  | { event: "done"; data: Done }
  | { event: "error"; data: Failure }
  | { event: "stopped"; data: null };

export type State = "connecting" | "open" | "reconnecting" | "done" | "error" | "stopped";

/** Besides these, every option of `fetch`. */
export interface Options<T = Json> extends Omit<RequestInit, "body"> {
  /** A plain object or an array is sent as JSON; with a body, the method is POST. */
  body?: BodyInit | object | null;
  /** `eventsource` can only GET, sets no headers, and counts no bytes. Default: `fetch`. */
  using?: "fetch" | "eventsource";
  /** Names of your own messages: an EventSource hears only those that it is told of. */
  events?: string[];
  /** Milliseconds before it connects again, doubled up to 30 s; the server may say another. */
  retry?: number;
  /** Behind everything that came since the last frame. `pointers`: what an operation touched. */
  onFrame?(value: T, pointers: Set<Pointer>): void;
  /** Once for each value, children before parents, behind the frame that shows it. */
  onClosed?(pointer: Pointer, value: Json): void;
  /** A value is not what its type asks for; those of a snapshot are told with it. */
  onInvalid?(invalid: Invalid): void;
  onDone?(data: Done): void;
  onError?(data: Failure): void;
  /** A message of another name: `data` is its JSON, or its text where it is none. */
  onMessage?(event: string, data: unknown, id: number | undefined): void;
  onState?(state: State): void;
}

export interface Feed<T = Json> {
  /** The value as the last frame showed it; it grows in place. Null before the first. */
  readonly value: T | null;
  readonly state: State | undefined;
  readonly invalid: ReadonlyMap<Pointer, Invalid["errors"]>;
  readonly stats: { bytes: number; messages: number; operations: number; frames: number };
  /** Settled behind the last callback; never rejected. */
  readonly ended: Promise<End>;
  isClosed(pointer: Pointer): boolean;
  /** Close the connection at once, and show what has come. */
  stop(): void;
  /** Drop the connection and connect again now, from the last id on. */
  reconnect(): void;
}

/** Read a feed. A wrong url or option is thrown at once; whatever happens later is an end. */
export function connect<T = Json>(url: string | URL, options?: Options<T>): Feed<T>;

/**
 * The value after the operations, changed in place; what an operation brings moves in.
 *
 * Throws for an operation that is not known, for a place that is not there, and for a path
 * through `__proto__`, `constructor` or `prototype`; what came before it is applied then.
 */
export function apply(value: Json, operations: Iterable<Operation>): Json;

/** The value at a pointer, undefined where there is none. */
export function find(value: unknown, pointer: Pointer): Json | undefined;

/** Nodes of a document by pointer: the same value keeps the same node. */
export class Nodes<N extends { remove(): void } = HTMLElement> extends Map<Pointer, N> {
  /** The node of a pointer, made by `make` at first. */
  get(pointer: Pointer, make: (pointer: Pointer) => N): N;
  get(pointer: Pointer): N | undefined;
  /** Take the nodes of values that are not there any more out of the page: after a snapshot. */
  prune(value: unknown): void;
}
