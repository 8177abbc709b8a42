import { job } from "./job.ts";
import { peers } from "./peers.ts";
import { sandglass } from "./sandglass.ts";

for (const engine of [sandglass, ...peers]) {
  await job("fresh world", engine.name, () => engine.run("1 + 1"), 2);
}
