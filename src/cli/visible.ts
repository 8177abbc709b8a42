import { STEERING } from "../check.ts";

/** Text of a script with its control characters made visible, so that it cannot steer the terminal. */
export function visible(text: string): string {
  return text.replace(STEERING, (character) => "\t\n\u2028\u2029".includes(character) ? character : escape(character));
}

/** The same on one line, as a name is. */
export function visibleLine(text: string): string {
  return text.replace(STEERING, escape);
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}
