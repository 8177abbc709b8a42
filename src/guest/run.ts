import type { Limits } from "../limits.ts";
import type { LogEntry, LogTarget } from "../log.ts";
import type { Usage } from "../usage.ts";

/** The form of the input, by the guest's numbers. */
export const enum Format {
  None = 0,
  Json = 1,
  Msgpack = 2,
}

/** One run: what a world is given and held to. */
export interface Run {
  readonly script: string;
  readonly name: string;
  readonly format: Format;
  readonly input: Uint8Array;
  readonly limits: Limits;
  readonly seed?: number;
  readonly console?: LogTarget;
}

/** What a run came to. */
export interface Outcome {
  readonly value: unknown;
  readonly usage: Usage;
  readonly logs: readonly LogEntry[];
}
