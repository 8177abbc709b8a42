import { checkBytes, checkLength, checkName, checkNames, checkText } from "./check.ts";
import { encode } from "./codec/encode.ts";
import { textOf } from "./errors.ts";
import type { Program, Spent } from "./guest/program.ts";
import { compiledOf } from "./guest/programs.ts";
import { Format } from "./guest/run.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { LOG_LEVELS, type LogEntry, type LogTarget } from "./log.ts";
import { DEFAULT_NAME, programOf, Script } from "./script.ts";
import type { Usage } from "./usage.ts";

/** What scripts of a sandbox may do and where they start. */
export interface SandboxOptions {
  /** How much a run may take; {@linkcode DEFAULT_LIMITS} where a limit is not given. */
  limits?: Partial<Limits>;
  /** Fixes clock and random: the same script, data and seed then give the same value and fuel. A whole number. */
  seed?: number;
  /** Is passed each log entry as it is written; logs are in every outcome and error without it. */
  console?: LogTarget;
  /** Where runs start: bytes that a `snapshot()` gave. They start from nothing without it. */
  snapshot?: Uint8Array;
}

/** What one run is given. At most one of `data`, `json` and `msgpack`. */
export interface RunOptions {
  /** Any plain data, for the script's global `data`. */
  data?: unknown;
  /** The same as JSON: text, or bytes of UTF-8 that go in as they are. */
  json?: string | Uint8Array;
  /** The same as MessagePack bytes, which go in as they are. */
  msgpack?: Uint8Array;
  /** The script's name in errors; `script.js` by default. A compiled script has its own. */
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

const SANDBOX_OPTIONS = ["limits", "seed", "console", "snapshot"];
const RUN_OPTIONS = ["data", "json", "msgpack", "name"];
const INPUTS = ["data", "json", "msgpack"] as const;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** What a sandbox holds its runs to. */
export interface Terms {
  readonly limits: Limits;
  readonly seed?: number;
  readonly console?: LogTarget;
}

/** Checks the options of a sandbox. */
export function readTerms(options: SandboxOptions): Terms {
  checkNames(options, SANDBOX_OPTIONS, "sandbox");
  const { seed } = options;
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw new RangeError(`Cannot set seed to ${textOf(seed)}: it takes a whole number`);
  }
  return { limits: Object.freeze(checkLimits(options.limits)), seed, console: checkConsole(options.console) };
}

/** What a run is to do. */
export interface Task {
  readonly program: Program;
  /** What it took to compile it for this run. */
  readonly spent?: Spent;
  readonly format: Format;
  readonly input: Uint8Array;
}

/** Checks a script and the options of its run. */
export function readTask(script: string | Script, options: RunOptions, limits: Limits): Task {
  checkNames(options, RUN_OPTIONS, "run");
  if (script instanceof Script) {
    if (options.name !== undefined) throw new TypeError("Cannot name the run: a compiled script has its own name");
    const program = programOf(script);
    checkLength(program.bytecode, limits.inputBytes, "script");
    return { program, ...readInput(options, limits.inputBytes) };
  }
  checkText(script, "script");
  const { name = DEFAULT_NAME } = options;
  checkName(name);
  checkLength(script, limits.inputBytes, "script");
  // The input first: reading it may call getters of the caller's, which may run scripts of their own.
  const input = readInput(options, limits.inputBytes);
  return { ...compiledOf(script, name, limits), ...input };
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
