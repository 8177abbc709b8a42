import script from "../fixtures/track.js" with { type: "text" };
import text from "../fixtures/track_points.json" with { type: "text" };

/** The script as the body of a function: its last line, an expression, is returned. */
const body = script.trimEnd().replace(/.*$/, (last) => `return ${last}`);

/** The track job: a script, its data in each form, and its result. */
export const track = {
  script,
  body,
  /** Defines `length`, which does the job with what it is passed. */
  functions: `const length = (data) => {\n${body}\n};`,
  json: new TextEncoder().encode(text),
  text,
  value: JSON.parse(text) as unknown,
  fields: 38.34,
};
