import type { Limits } from "../limits.ts";
import type { LogEntry, LogTarget } from "../log.ts";
import type { Usage } from "../usage.ts";
import type { Program, Spent } from "./program.ts";

/** The form of the input, by the guest's numbers. */
export const enum Format {
  None = 0,
  Json = 1,
  Msgpack = 2,
}

/** What is asked of a run, by the guest's numbers. */
export const enum Wanted {
  Nothing = 0,
  Value = 1,
  /** The value as `console.log` would show it. */
  Text = 2,
}

/** How long a world has lived before a run: its clock goes on from there. */
export interface Age {
  readonly fuel: number;
  readonly ms: number;
}

/** One run: what a world is given and held to. */
export interface Run {
  readonly program: Program;
  readonly format: Format;
  readonly input: Uint8Array;
  readonly limits: Limits;
  readonly wanted?: Wanted;
  readonly spent?: Spent;
  readonly age?: Age;
  readonly seed?: bigint;
  readonly console?: LogTarget;
}

/** What a run came to. */
export interface Outcome {
  readonly value: unknown;
  readonly usage: Usage;
  readonly logs: readonly LogEntry[];
}
