import { QuickJS } from "quickjs-wasi";
import { type Engine, PARSE, type Warm } from "../engine.ts";
import { quickjsWasi as module } from "../modules.js";

const decoder = new TextDecoder();

/** quickjs-wasi: an instance for each world. Its `restore` of a snapshot is slower than `create`. */
export const quickjsWasi: Engine = {
  name: "quickjs-wasi",
  run: (script) => run(script),
  runJson: (script, json) => run(PARSE + script, decoder.decode(json)),
  // As text: its own `hostToHandle` takes longer.
  runValue: (script, value) => run(PARSE + script, JSON.stringify(value)),
};

async function run(script: string, json?: string): Promise<unknown> {
  const vm = await QuickJS.create(module);
  try {
    if (json !== undefined) vm.setProp(vm.global, "json", vm.newString(json));
    return vm.dump(vm.evalCode(script));
  } finally {
    vm.dispose();
  }
}

/** Makes an instance and gives it back. */
export async function createQuickjsWasi(): Promise<boolean> {
  const vm = await QuickJS.create(module);
  const made = vm.typeof(vm.global) === "object";
  vm.dispose();
  return made;
}

/** Runs scripts in one world, after `setup`. */
export async function openQuickjsWasi(setup: string): Promise<Warm> {
  const vm = await QuickJS.create(module);
  vm.evalCode(setup).dispose();
  return (script) => vm.evalCode(script).consume((handle) => vm.dump(handle));
}
