/**
 * Runs JavaScript that you did not write inside your own process: a fresh world for every run, in microseconds, and
 * limits that hold whatever the script does.
 *
 * @example
 * ```ts
 * import { run } from "@sandglass/sandglass";
 *
 * await run("data.reduce((a, b) => a + b)", { data: [1, 2, 3] }); // 6
 * ```
 *
 * @module
 */

export type { Checkpoint } from "./src/checkpoint.ts";
export { type ErrorCode, type GuestError, SandboxError, type SandboxErrorDetails } from "./src/errors.ts";
export { DEFAULT_LIMITS, type Limits } from "./src/limits.ts";
export type { LogEntry, LogLevel, LogTarget } from "./src/log.ts";
export type { Evaluation, RunOptions, SandboxOptions } from "./src/options.ts";
export { run } from "./src/run.ts";
export { Sandbox } from "./src/sandbox.ts";
export { type CompileOptions, Script } from "./src/script.ts";
export type { Session } from "./src/session.ts";
export type { Usage } from "./src/usage.ts";
