import { job } from "./job.ts";
import { peers, quickjsPeers } from "./peers.ts";
import { sandglass } from "./sandglass.ts";

// A fresh world whose script makes records; their way to the host is most of the work.
const SCRIPT = `Array.from({ length: 260 }, (_, index) => ({
  id: index, name: "point " + index, position: [index / 2, index / 3], visible: index % 2 === 0, note: null,
}))`;
const records = new Function(`return ${SCRIPT}`)();

for (const engine of [sandglass, ...peers]) {
  await job("encode", engine.name, () => engine.run(SCRIPT), records);
}
for (const engine of quickjsPeers) {
  const asText = async () => JSON.parse(await engine.run(`JSON.stringify(${SCRIPT})`) as string);
  await job("encode", `${engine.name}, as JSON`, asText, records);
}
