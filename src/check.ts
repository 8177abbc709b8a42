import { SandboxError } from "./errors.ts";

const encoder = new TextEncoder();

/** Refuses what is over the limit for inputs; a text counts as UTF-8. */
export function checkLength<T extends string | Uint8Array>(input: T, limit: number, what: "script" | "input"): T {
  const isText = typeof input === "string";
  const fits = input.length <= (isText ? limit / 3 : limit); // no character takes more than 3 bytes a unit
  if (fits || isText && input.length <= limit && encoder.encode(input).length <= limit) return input;
  throw new SandboxError("input", `Cannot pass the ${what}: it is over limits.inputBytes, ${limit} bytes`);
}

/** Refuses what is no bytes. */
export function checkBytes(value: unknown, option: string): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array) {
    const { buffer } = value;
    if (!(buffer instanceof ArrayBuffer && buffer.detached)) return value as Uint8Array<ArrayBuffer>;
    throw new TypeError(`Cannot take ${option}: its buffer is detached`);
  }
  throw new TypeError(`Cannot take ${option}: it is no Uint8Array but ${describe(value)}`);
}

/** Refuses what is no text that UTF-8 can carry. */
export function checkText(value: unknown, option: string): void {
  if (typeof value !== "string") throw new TypeError(`Cannot take ${option}: it is no string but ${describe(value)}`);
  if (!value.isWellFormed()) {
    throw new TypeError(`Cannot take ${option}: it has a lone surrogate, which UTF-8 cannot carry`);
  }
}

const MOST_NAME = 1024;

/** Characters that may steer a terminal: controls, and those that turn the direction of text. */
// deno-lint-ignore no-control-regex -- these are what it is about
export const STEERING = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Refuses a name that could not stand in a message. */
export function checkName(name: unknown): void {
  checkText(name, "name");
  const text = name as string;
  // A name is shown in messages.
  if (text === "" || text.length > MOST_NAME || text.search(STEERING) >= 0) {
    throw new TypeError(
      `Cannot use the name ${JSON.stringify(text.slice(0, 64))}: it takes one line of plain characters`,
    );
  }
}

/** Refuses a name that nobody reads: a misspelt limit would be no limit. */
export function checkNames(options: unknown, names: readonly string[], of: string): void {
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
