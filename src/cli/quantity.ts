import { UsageError } from "./usage_error.ts";

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1e3, min: 60e3 };
const BYTES: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  KiB: 1 << 10,
  MB: 1e6,
  MiB: 1 << 20,
  GB: 1e9,
  GiB: 1 << 30,
};

/** Milliseconds from text such as `50ms`, `2s` or `1.5min`; a bare number is milliseconds. */
export function parseTime(text: string, flag: string): number {
  return parse(text, flag, MILLISECONDS, "ms", "a time such as 50ms or 2s");
}

/** Bytes from text such as `16MB` or `8MiB`; a bare number is bytes. */
export function parseBytes(text: string, flag: string): number {
  return Math.floor(parse(text, flag, BYTES, "B", "a size such as 16MB or 8MiB"));
}

/** A whole number from text such as `1000000` or `1e6`. */
export function parseCount(text: string, flag: string): number {
  return parse(text, flag, { "": 1 }, "", "a whole number such as 1000000");
}

function parse(text: string, flag: string, units: Record<string, number>, bare: string, example: string): number {
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?) ?([A-Za-z]*)$/.exec(text.trim());
  const name = match?.[2] || bare;
  const unit = Object.hasOwn(units, name) ? units[name] : undefined;
  if (match === null || unit === undefined) {
    throw new UsageError(`Cannot read ${flag} ${JSON.stringify(text)}: it takes ${example}`);
  }
  return Number(match[1]) * unit;
}

/** A number of bytes as a person reads it, such as `2.4 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** power;
  return `${size.toLocaleString("en", { maximumFractionDigits: size < 10 ? 1 : 0 })} ${units[power]}`;
}

/** A number of milliseconds as a person reads it, such as `1.9 ms`. */
export function formatTime(milliseconds: number): string {
  const digits = milliseconds < 100 ? 2 : 0;
  return `${milliseconds.toLocaleString("en", { maximumFractionDigits: digits })} ms`;
}
