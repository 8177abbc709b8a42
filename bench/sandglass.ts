import { Sandbox } from "@sandglass/sandglass";
import { Format } from "../src/guest/run.ts";
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
  const world = new World(DEFAULT_LIMITS.memoryBytes, guest);
  const run = { name: "bench.js", format: Format.None, input: new Uint8Array(0), limits: DEFAULT_LIMITS };
  world.run(world.capture(), { ...run, script: setup });
  const warm = world.capture();
  return (script) => world.run(warm, { ...run, script }).value;
}
