/** Text of a script with its control characters made visible, so that it cannot steer the terminal. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what it is about
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escape);
}

/** The same on one line, as a name is. */
export function visibleLine(text: string): string {
  return visible(text).replace(/[\t\n\u2028\u2029]/g, escape);
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}
