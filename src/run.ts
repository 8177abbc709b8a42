import type { RunOptions } from "./options.ts";
import { Sandbox } from "./sandbox.ts";
import type { Script } from "./script.ts";

const sandbox = new Sandbox();

/**
 * Runs a script in a fresh world and gives its value. This is the place to start; make a {@linkcode Sandbox} for limits
 * of your own, for what a run cost and for what it logged.
 *
 * @param script JavaScript text, or a compiled script. Its result is its last expression's value; or, if it is a module, its default export,
 * called with `data` if it is a function. Promises are awaited.
 * @param options One of `data`, `json` and `msgpack` for the script's global `data`, and a `name` for errors.
 * @returns The value; plain data only. It is untrusted, whatever type is asked for.
 * @throws {SandboxError} The run failed; its `code` says why.
 * @throws {TypeError} An option is wrong.
 *
 * @example
 * ```ts
 * import { run } from "@sandglass/sandglass";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await run("data.reduce((a, b) => a + b)", { data: [1, 2, 3] }), 6);
 * ```
 */
export function run<T = unknown>(script: string | Script, options: RunOptions = {}): Promise<T> {
  return sandbox.run<T>(script, options);
}
