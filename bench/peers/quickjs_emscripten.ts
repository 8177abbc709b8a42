import { getQuickJS, newQuickJSWASMModule, type QuickJSContext } from "quickjs-emscripten";
import { type Engine, PARSE, type Warm } from "../engine.ts";

const quickjs = await getQuickJS();
const decoder = new TextDecoder();

/** quickjs-emscripten: a runtime and context for each world, all in one instance. One runtime for all is no faster. */
export const quickjsEmscripten: Engine = {
  name: "quickjs-emscripten",
  run: (script) => run(script),
  runJson: (script, json) => run(PARSE + script, decoder.decode(json)),
  runValue: (script, value) => run(PARSE + script, JSON.stringify(value)),
};

function run(script: string, json?: string): unknown {
  const context = quickjs.newContext();
  try {
    if (json !== undefined) context.newString(json).consume((text) => context.setProp(context.global, "json", text));
    return evaluate(context, script);
  } finally {
    context.dispose();
  }
}

function evaluate(context: QuickJSContext, script: string): unknown {
  return context.unwrapResult(context.evalCode(script)).consume((handle) => context.dump(handle));
}

/** Makes an instance with a context; it reads its module's file anew, and V8 remembers the compiled code. */
export async function createQuickjsEmscripten(): Promise<boolean> {
  const context = (await newQuickJSWASMModule()).newContext();
  const made = context.typeof(context.global) === "object";
  context.dispose();
  return made;
}

/** Runs scripts in one world, after `setup`. */
export function openQuickjsEmscripten(setup: string): Warm {
  const context = quickjs.newContext();
  evaluate(context, setup);
  return (script) => evaluate(context, script);
}
