import { runInNewContext } from "node:vm";
import { type Engine, PARSE } from "../engine.ts";

const decoder = new TextDecoder();

/** A new context of V8: fast code, no sandbox and no limits. */
export const nodeVm: Engine = {
  name: "node:vm (no sandbox)",
  run: (script) => runInNewContext(script),
  runJson: (script, json) => runInNewContext(PARSE + script, { json: decoder.decode(json) }),
  // By reference: the script gets the host's own object.
  runValue: (script, data) => runInNewContext(script, { data }),
};
