/** Prints what many warm sandboxes take, as JSON: a part of `bench/main.ts`. */

import assert from "assert";
import { Sandbox } from "@sandglass/sandglass";
import { FUNCTIONS } from "./functions.ts";

/** What a process has in memory, in MiB: the whole of it, its garbage too. */
export interface Memory {
  readonly sandboxes: number;
  /** With one sandbox that has run. */
  readonly before: number;
  readonly after: number;
}

/** All differ, as those of an application's customers do. */
const COUNT = 10_000;

const sandbox = new Sandbox();
await sandbox.run("1 + 1");
const before = residentMebibytes();
const warm: Sandbox[] = [];
for (let index = 0; index < COUNT; index++) {
  warm.push(await sandbox.warm(`${FUNCTIONS}\nconst customer = (x) => score(x) + ${index};`));
}
const after = residentMebibytes();
warm.forEach((sandbox, index) => assert.equal(sandbox.runSync("customer(data)", { data: 21 }), 42 + index));
console.log(JSON.stringify({ sandboxes: COUNT, before, after } satisfies Memory));

function residentMebibytes(): number {
  return Deno.memoryUsage().rss / 2 ** 20;
}
