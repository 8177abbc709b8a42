import script from "../fixtures/track.js" with { type: "text" };
import text from "../fixtures/track_points.json" with { type: "text" };

/** The track job: a script, its data in each form, and its result. */
export const track = {
  script,
  json: new TextEncoder().encode(text),
  text,
  value: JSON.parse(text) as unknown,
  fields: 38.34,
};
