import { type GuestError, SandboxError } from "../errors.ts";
import { Script } from "../script.ts";

/** The name of what is typed, in errors. */
export const NAME = "repl";

/**
 * The script that a typed text is: the text, or, if it begins with a brace and can be an object, that object.
 *
 * @returns Nothing if more has to be typed. A text that is wrong is given as it is: its run will say so.
 */
export function scriptOf(text: string): string | undefined {
  const isObject = /^\s*\{/.test(text) && !/;\s*$/.test(text);
  if (isObject && syntaxError(`(${text}\n)`) === undefined) return `(${text}\n)`;
  const wantsMore = (text: string) => isIncomplete(text, syntaxError(text));
  return wantsMore(text) || (isObject && wantsMore(`(${text}`)) ? undefined : text;
}

/** The error of a text that does not parse. */
function syntaxError(text: string): GuestError | undefined {
  try {
    Script.compile(text, { name: NAME });
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return error.code === "syntax" ? error.guest : undefined; // what else it is, its run will say
  }
}

/** What the engine says, at the end of a text, of one that more can make right. */
const WANTS_MORE =
  /expect|property name|requires a name|missing formal|destructuring target|switch statement|export syn/;

/** A string that goes on in the next line. */
const CONTINUED_STRING = /^(["'])(?:\\[^]|(?!\1)[^\\\n])*\\\n?$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Whether a text that does not parse is the beginning of one that may. */
export function isIncomplete(text: string, error: GuestError | undefined): boolean {
  if (error?.line === undefined || error.column === undefined) return false;
  const lines = text.split("\n").slice(error.line - 1);
  const bytes = encoder.encode(lines.join("\n")); // columns count bytes
  const rest = decoder.decode(bytes.subarray(error.column - 1));
  switch (error.message) {
    case "unexpected end of comment":
      return true;
    case "unexpected end of string":
      return /^[`}]/.test(rest) || CONTINUED_STRING.test(rest);
    case "variable name expected": // it stands at the beginning of a pattern that is not closed
      if (/^[[{]/.test(rest)) return count(rest, /[[{]/g) > count(rest, /[\]}]/g);
  }
  return rest === "" && WANTS_MORE.test(error.message);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
