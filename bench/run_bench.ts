import { job } from "./job.ts";
import { CALL_KERNEL, kernels } from "./kernels.ts";
import { unmetered } from "./modules.js";
import { openQuickjsEmscripten } from "./peers/quickjs_emscripten.ts";
import { openQuickjsWasi } from "./peers/quickjs_wasi.ts";
import { openSandglass } from "./sandglass.ts";

// Each kernel in a warm world: what it needs is there before it is measured.
for (const [kernel, setup] of Object.entries(kernels)) {
  const expected = new Function(`${setup};\n return kernel()`)();
  const worlds = {
    "sandglass": openSandglass(setup),
    "sandglass, unmetered": openSandglass(setup, unmetered),
    "quickjs-wasi": await openQuickjsWasi(setup),
    "quickjs-emscripten": openQuickjsEmscripten(setup),
  };
  for (const [name, run] of Object.entries(worlds)) {
    await job(`run: ${kernel}`, name, () => run(CALL_KERNEL), expected);
  }
}
