import { World } from "../src/guest/world.ts";
import { DEFAULT_LIMITS } from "../src/limits.ts";
import { job } from "./job.ts";
import { createQuickjsEmscripten } from "./peers/quickjs_emscripten.ts";
import { createQuickjsWasi } from "./peers/quickjs_wasi.ts";

await job("first instance", "sandglass", () => new World(DEFAULT_LIMITS.memoryBytes) instanceof World, true);
await job("first instance", "quickjs-wasi", createQuickjsWasi, true);
await job("first instance", "quickjs-emscripten", createQuickjsEmscripten, true);
