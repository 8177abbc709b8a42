import { Sandbox } from "@sandglass/sandglass";
import type { Program } from "../src/guest/program.ts";
import { Format, Wanted } from "../src/guest/run.ts";
import { World } from "../src/guest/world.ts";
import { DEFAULT_LIMITS } from "../src/limits.ts";
import type { Engine, Warm } from "./engine.ts";

const sandbox = new Sandbox();

/** Ours, by its public API, with the default limits. */
export const sandglass: Engine = {
  name: "sandglass",
  run: (script) => sandbox.run(script),
  runJson: (script, json) => sandbox.run(script, { json }),
  runValue: (script, data) => sandbox.run(script, { data }),
};

/** Ours with `data` from MessagePack bytes. */
export function runMsgpack(script: string, msgpack: Uint8Array): unknown {
  return sandbox.run(script, { msgpack });
}

/**
 * Runs scripts in a world that starts after `setup`, each from its image.
 *
 * @param setup What the world starts after.
 * @param guest The build of the guest; the one that is shipped if not given.
 */
export function openSandglass(setup: string, guest?: WebAssembly.Module): Warm {
  const limits = DEFAULT_LIMITS;
  const world = new World(limits.memoryBytes, guest);
  const base = world.capture();
  const compile = (source: string) => world.compile(base, source, "bench.js", limits).program;
  const run = { format: Format.None, input: new Uint8Array(0), limits };
  world.run(base, { ...run, program: compile(setup), wanted: Wanted.Nothing });
  const warm = world.capture();
  const programs = new Map<string, Program>();
  return (script) => {
    const program = programs.get(script) ?? compile(script);
    programs.set(script, program);
    return world.run(warm, { ...run, program }).value;
  };
}
