/** The level of a log entry: the `console` method that wrote it. */
export type LogLevel = "log" | "info" | "warn" | "error" | "debug";

/** All levels, in the order of their numbers at the guest. */
export const LOG_LEVELS: readonly LogLevel[] = ["log", "info", "warn", "error", "debug"];

/** One call of the script's `console`. */
export interface LogEntry {
  /** The method that was called. */
  readonly level: LogLevel;
  /** Its arguments as one text. */
  readonly text: string;
}

/** Where a script's log can be passed on to; the global `console` is one. */
export type LogTarget = { readonly [level in LogLevel]: (text: string) => void };
