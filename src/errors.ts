import type { LogEntry } from "./log.ts";
import type { Usage } from "./usage.ts";

/**
 * Why a run failed: what the script did (`script`, `syntax`, `value`), what it was given (`input`), or the limit it met
 * (`time`, `fuel`, `memory`, `stack`, `output`, `log`). `disposed`: what was to run it is gone.
 */
export type ErrorCode =
  | "script"
  | "syntax"
  | "value"
  | "input"
  | "time"
  | "fuel"
  | "memory"
  | "stack"
  | "output"
  | "log"
  | "disposed";

/** An error as the script itself saw it. All of its text is the script's: do not trust it. */
export interface GuestError {
  /** The error's name, such as `TypeError`; empty if what was thrown is no error. */
  readonly name: string;
  /** The error's message, or a description of the thrown value; at most 16 KiB. */
  readonly message: string;
  /** The script's stack, innermost first; at most 16 KiB. Nothing of the host is in it. */
  readonly stack: string;
  /** Line in the script, from 1, if the stack tells it. */
  readonly line?: number;
  /** Column in the line, from 1, in bytes of UTF-8, if the stack tells it. */
  readonly column?: number;
}

/** What a {@linkcode SandboxError} carries beside its message. */
export interface SandboxErrorDetails {
  /** The script's own error, for the codes `script` and `syntax`. */
  guest?: GuestError;
  /** The byte of the input where it went wrong, for the code `input`. */
  offset?: number;
  /** The place of the value that cannot cross, such as `$.a.b[3]`, for the code `value`. */
  path?: string;
}

/**
 * A run that failed.
 *
 * @example
 * ```ts
 * import { run, SandboxError } from "@sandglass/sandglass";
 * import assert from "node:assert/strict";
 *
 * const error = await run("data.price.toFixed()", { data: {}, name: "price.js" }).catch((error) => error);
 * assert(error instanceof SandboxError);
 * assert.equal(error.code, "script");
 * assert.equal(error.guest?.name, "TypeError");
 * assert.equal(error.guest?.line, 1);
 * ```
 */
export class SandboxError extends Error {
  /** Always `SandboxError`. */
  override readonly name = "SandboxError";
  /** Why the run failed. */
  readonly code: ErrorCode;
  /** The script's own error, for the codes `script` and `syntax`. */
  readonly guest?: GuestError;
  /** The byte of the input where it went wrong, for the code `input`. */
  readonly offset?: number;
  /** The place of the value that cannot cross, such as `$.a.b[3]`, for the code `value`. */
  readonly path?: string;
  /** What the script logged before it failed. */
  logs: readonly LogEntry[] = [];
  /** What the run cost, if it began. */
  usage?: Usage;

  /**
   * Makes the error of a run.
   *
   * @param code Why the run failed.
   * @param message The action, the value and the present state.
   * @param details What else is known.
   */
  constructor(code: ErrorCode, message: string, details: SandboxErrorDetails = {}) {
    super(message);
    this.code = code;
    if (details.guest !== undefined) this.guest = details.guest;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.path !== undefined) this.path = details.path;
  }
}

/** The text of a value for a message; the value may be anything, also one that has no text. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a ${typeof value} without text`;
  }
}

/** Whether V8's own stack ended, wherever it did. */
export function isStackEnd(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message === "Maximum call stack size exceeded";
}
