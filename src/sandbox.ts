import { encode } from "./codec/encode.ts";
import { SandboxError, textOf } from "./errors.ts";
import { Format, type Outcome } from "./guest/run.ts";
import { baseImage, returnWorld, takeWorld } from "./guest/worlds.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { LOG_LEVELS, type LogEntry, type LogTarget } from "./log.ts";
import type { Usage } from "./usage.ts";

/** What scripts of a sandbox may do and where they start. */
export interface SandboxOptions {
  /** How much a run may take; {@linkcode DEFAULT_LIMITS} where a limit is not given. */
  limits?: Partial<Limits>;
  /** Fixes clock and random: the same script, data and seed then give the same value and fuel. A whole number. */
  seed?: number;
  /** Is passed each log entry as it is written; logs are in every outcome and error without it. */
  console?: LogTarget;
}

/** What one run is given. At most one of `data`, `json` and `msgpack`. */
export interface RunOptions {
  /** Any plain data, for the script's global `data`. */
  data?: unknown;
  /** The same as JSON: text, or bytes of UTF-8 that go in as they are. */
  json?: string | Uint8Array;
  /** The same as MessagePack bytes, which go in as they are. */
  msgpack?: Uint8Array;
  /** The script's name in errors; `script.js` by default. */
  name?: string;
}

/** A run's value, cost and log. */
export interface Evaluation<T = unknown> {
  /** What the script came to. */
  readonly value: T;
  /** What the run cost. */
  readonly usage: Usage;
  /** What the script logged. */
  readonly logs: readonly LogEntry[];
}

const SANDBOX_OPTIONS = ["limits", "seed", "console"];
const RUN_OPTIONS = ["data", "json", "msgpack", "name"];
const INPUTS = ["data", "json", "msgpack"] as const;

const encoder = new TextEncoder();

/**
 * What scripts may do and where they start. Every run starts fresh from it and leaves no trace.
 *
 * It owns nothing that has to be freed, costs microseconds to make, and may serve any number of runs at once.
 *
 * @example
 * ```ts
 * import { Sandbox } from "@sandglass/sandglass";
 * import assert from "node:assert/strict";
 *
 * const sandbox = new Sandbox({ limits: { timeMs: 50, memoryBytes: 8 << 20 } });
 * const { value, usage } = await sandbox.evaluate("data.map((x) => x * 2)", { data: [1, 2] });
 * assert.deepEqual(value, [2, 4]);
 * assert(usage.timeMs < 50);
 * ```
 */
export class Sandbox {
  /** The limits of every run. */
  readonly limits: Limits;
  readonly #seed: number | undefined;
  readonly #console: LogTarget | undefined;

  /**
   * Makes a sandbox; no script runs yet.
   *
   * @param options What its scripts may do.
   * @throws {RangeError} A limit or the seed is not a whole number in its range.
   * @throws {TypeError} An option is not known.
   */
  constructor(options: SandboxOptions = {}) {
    checkNames(options, SANDBOX_OPTIONS, "sandbox");
    if (options.seed !== undefined && !Number.isSafeInteger(options.seed)) {
      throw new RangeError(`Cannot set seed to ${textOf(options.seed)}: it takes a whole number`);
    }
    this.limits = Object.freeze(checkLimits(options.limits));
    this.#seed = options.seed;
    this.#console = checkConsole(options.console);
  }

  /**
   * Runs a script and gives its value: its last expression's, or, for a module, its default export's, which is called
   * with `data` if it is a function. Promises are awaited.
   *
   * @param script JavaScript text.
   * @param options Its input and name.
   * @returns The value; plain data only. It is untrusted, whatever type is asked for.
   * @throws {SandboxError} The run failed; its `code` says why.
   * @throws {TypeError} An option is wrong.
   */
  // deno-lint-ignore require-await -- a caller's mistake is a rejection, not a throw
  async run<T = unknown>(script: string, options: RunOptions = {}): Promise<T> {
    return this.#run(script, options).value as T;
  }

  /** Does what {@linkcode Sandbox.run} does, where no `await` is possible. */
  runSync<T = unknown>(script: string, options: RunOptions = {}): T {
    return this.#run(script, options).value as T;
  }

  /** Does what {@linkcode Sandbox.run} does, and tells the cost and the log too. */
  // deno-lint-ignore require-await -- as above
  async evaluate<T = unknown>(script: string, options: RunOptions = {}): Promise<Evaluation<T>> {
    return this.#run(script, options) as Evaluation<T>;
  }

  #run(script: string, options: RunOptions): Outcome {
    checkNames(options, RUN_OPTIONS, "run");
    checkText(script, "script");
    const { name = "script.js" } = options;
    checkName(name);
    const { limits } = this;
    checkLength(script, limits.inputBytes, "script");
    const { format, input } = readInput(options, limits.inputBytes);
    const world = takeWorld(limits.memoryBytes);
    try {
      return world.run(baseImage(world), {
        script,
        name,
        format,
        input,
        limits,
        seed: this.#seed,
        console: this.#console,
      });
    } finally {
      returnWorld(world, limits.memoryBytes);
    }
  }
}

/** The one input that the options have, as bytes. */
function readInput(options: RunOptions, limit: number): { format: Format; input: Uint8Array } {
  const { data, json, msgpack } = options;
  const given = INPUTS.filter((_, index) => [data, json, msgpack][index] !== undefined);
  if (given.length === 0 && "data" in options) given.push("data");
  if (given.length > 1) throw new TypeError(`Cannot take both ${given.join(" and ")}: a run has one input`);
  switch (given[0]) {
    case "data":
      return { format: Format.Msgpack, input: encode(data, limit) };
    case "json":
      return { format: Format.Json, input: checkLength(jsonBytes(json, limit), limit, "input") };
    case "msgpack":
      return { format: Format.Msgpack, input: checkLength(checkBytes(msgpack, "msgpack"), limit, "input") };
    default:
      return { format: Format.None, input: NOTHING };
  }
}

function jsonBytes(json: unknown, limit: number): Uint8Array {
  if (typeof json !== "string") return checkBytes(json, "json");
  checkText(json, "json");
  return encoder.encode(checkLength(json, limit, "input"));
}

function checkConsole(target: unknown): LogTarget | undefined {
  if (target === undefined) return undefined;
  for (const level of LOG_LEVELS) {
    if (typeof (target as Partial<LogTarget> | null)?.[level] !== "function") {
      throw new TypeError(`Cannot set console: it has no function "${level}"`);
    }
  }
  return target as LogTarget;
}

const NOTHING = new Uint8Array(0);

function checkLength<T extends { length: number }>(input: T, limit: number, what: "script" | "input"): T {
  if (input.length <= limit) return input;
  throw new SandboxError("input", `Cannot pass the ${what}: it is over limits.inputBytes, ${limit} bytes`);
}

function checkBytes(value: unknown, option: string): Uint8Array {
  if (value instanceof Uint8Array) {
    const { buffer } = value;
    if (!(buffer instanceof ArrayBuffer && buffer.detached)) return value;
    throw new TypeError(`Cannot take ${option}: its buffer is detached`);
  }
  throw new TypeError(`Cannot take ${option}: it is no Uint8Array but ${describe(value)}`);
}

function checkText(value: unknown, option: string): void {
  if (typeof value !== "string") throw new TypeError(`Cannot take ${option}: it is no string but ${describe(value)}`);
  if (!value.isWellFormed()) {
    throw new TypeError(`Cannot take ${option}: it has a lone surrogate, which UTF-8 cannot carry`);
  }
}

const MOST_NAME = 1024;

function checkName(name: unknown): void {
  checkText(name, "name");
  const text = name as string;
  // deno-lint-ignore no-control-regex -- a name is shown in messages: it must not steer a terminal
  if (text === "" || text.length > MOST_NAME || /[\x00-\x1f\x7f\u2028\u2029]/.test(text)) {
    throw new TypeError(
      `Cannot use the name ${JSON.stringify(text.slice(0, 64))}: it takes one line of plain characters`,
    );
  }
}

/** Refuses a name that nobody reads: a misspelt limit would be no limit. */
function checkNames(options: unknown, names: readonly string[], of: string): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot take the options of a ${of}: they are no object but ${describe(options)}`);
  }
  for (const name in options) {
    if (!names.includes(name)) {
      throw new TypeError(`Cannot set ${JSON.stringify(name)}: the options of a ${of} are ${names.join(", ")}`);
    }
  }
}

function describe(value: unknown): string {
  if (value === null || typeof value === "number") return String(value);
  return typeof value === "object" ? value.constructor?.name ?? "an object" : typeof value;
}
