import assert from "assert";
import { Sandbox } from "@sandglass/sandglass";
import { job } from "./job.ts";

// What images cost that hold so much data that their snapshot takes 100 KB.
const GROUP = "snapshot of 100 KB";
const COUNT = 1_800;
const json = JSON.stringify(Array.from({ length: COUNT }, (_, id) => {
  return { id, name: `point ${id}`, position: [id / 2, id / 3], visible: id % 2 === 0, note: null };
}));

const sandbox = new Sandbox();
const warm = await sandbox.warm("", { json });
const snapshot = warm.snapshot();
const session = warm.open();
const SCRIPT = "data.length";

const kilobytes = snapshot.length / 1000;
assert(kilobytes > 90 && kilobytes < 110, `the snapshot takes ${kilobytes} KB`);
assert.equal(new Sandbox({ snapshot }).runSync(SCRIPT), COUNT);

function runAndGoBack(): unknown {
  const value = session.runSync(SCRIPT); // else the checkpoint would be the one that it went back to
  session.restore(session.checkpoint());
  return value;
}

await job(GROUP, "new Sandbox from it", () => new Sandbox({ snapshot }) instanceof Sandbox, true);
await job(GROUP, "snapshot()", () => warm.snapshot().length, snapshot.length);
await job(GROUP, "warm() with its JSON", async () => await sandbox.warm("", { json }) instanceof Sandbox, true);
await job(GROUP, "a run", () => warm.runSync(SCRIPT), COUNT);
await job(GROUP, "a session's run", () => session.runSync(SCRIPT), COUNT);
await job(GROUP, "a session's run, checkpoint and restore", runAndGoBack, COUNT);
