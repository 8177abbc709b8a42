import { QuickJS } from "quickjs-wasi";
import { type Engine, type Fork, PARSE, type Warm } from "../engine.ts";
import { quickjsWasi as module } from "../modules.js";

const decoder = new TextDecoder();

/** quickjs-wasi: an instance for each world. `restore` is no faster than `create` if there is nothing to restore. */
export const quickjsWasi: Engine = {
  name: "quickjs-wasi",
  run: (script) => run(script),
  runJson: (script, json) => run(PARSE + script, decoder.decode(json)),
  // As text: its own `hostToHandle` takes longer.
  runValue: (script, value) => run(PARSE + script, JSON.stringify(value)),
};

async function run(script: string, json?: string): Promise<unknown> {
  return runIn(await QuickJS.create(module), script, json);
}

function runIn(vm: QuickJS, script: string, json?: string): unknown {
  try {
    setJson(vm, json);
    return vm.dump(vm.evalCode(script));
  } finally {
    vm.dispose();
  }
}

function setJson(vm: QuickJS, json?: string): void {
  if (json !== undefined) vm.setProp(vm.global, "json", vm.newString(json));
}

/**
 * Runs scripts from a snapshot that is taken after `setup`: each restores it into an instance of its own.
 *
 * @param setup What the snapshot is taken after.
 * @param json The global `json` of the setup.
 * @param wasm What the instances are made of: a compiled module, or its bytes, as its README has it.
 */
export async function forkQuickjsWasi(
  setup: string,
  json?: string,
  wasm: WebAssembly.Module | Uint8Array<ArrayBuffer> = module,
): Promise<Fork> {
  const vm = await QuickJS.create(module);
  setJson(vm, json);
  vm.evalCode(setup).dispose();
  const snapshot = vm.snapshot();
  vm.dispose();
  return async (script, input) => runIn(await QuickJS.restore(snapshot, wasm), script, input);
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

/** The bytes of its module. */
export function quickjsWasiBytes(): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(import.meta.resolve("quickjs-wasi/quickjs.wasm")));
}
