import type { Engine } from "./engine.ts";
import { nodeVm } from "./peers/node_vm.ts";
import { quickjsEmscripten } from "./peers/quickjs_emscripten.ts";
import { quickjsWasi } from "./peers/quickjs_wasi.ts";
import { worker } from "./peers/worker.ts";

/** Engines of the same kind as ours, with the same guarantees or fewer. */
export const quickjsPeers: readonly Engine[] = [quickjsWasi, quickjsEmscripten];

/** Everything that ours is set beside. */
export const peers: readonly Engine[] = [...quickjsPeers, nodeVm, worker];
