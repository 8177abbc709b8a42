import { Sandbox } from "@sandglass/sandglass";
import { FUNCTIONS } from "./functions.ts";
import { job } from "./job.ts";
import { forkQuickjsWasi } from "./peers/quickjs_wasi.ts";

// A formula that is there when a run starts, beside what any run costs.
const sandbox = new Sandbox();
const warm = await sandbox.warm(FUNCTIONS);
const fork = await forkQuickjsWasi(FUNCTIONS);

await job("functions in the image", "sandglass", () => warm.runSync("score(data)", { data: 21 }), 42);
await job("functions in the image", "sandglass, 1 + 1 in a fresh world", () => sandbox.runSync("1 + 1"), 2);
await job("functions in the image", "quickjs-wasi, restored", () => fork("score(JSON.parse(json))", "21"), 42);
