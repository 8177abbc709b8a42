/** One way to run a script, used as its own users would. Results may be promises. */
export interface Engine {
  readonly name: string;
  /** Runs a script in a fresh world. */
  run(script: string): unknown;
  /** Does so with the global `data` from JSON bytes. */
  runJson(script: string, json: Uint8Array): unknown;
  /** Does so with the global `data` from a value of the host. */
  runValue(script: string, value: unknown): unknown;
}

/** Runs a script in a world that lives on. */
export type Warm = (script: string) => unknown;

/** Runs a script in a world that starts as another was, with JSON text as the global `json`. */
export type Fork = (script: string, json?: string) => Promise<unknown>;

/** For engines that pass text only: put before a script, it parses the global `json` as `data`. */
export const PARSE = "const data = JSON.parse(json);\n";
