import { encode } from "@msgpack/msgpack";
import { type RunOptions, Sandbox } from "@sandglass/sandglass";
import { JOBS } from "./article.ts";
import { type Fork, PARSE } from "./engine.ts";
import { job } from "./job.ts";
import { forkQuickjsWasi, quickjsWasi, quickjsWasiBytes } from "./peers/quickjs_wasi.ts";
import { track } from "./track.ts";
import { unseen } from "./unseen.ts";

const { script, functions, text, json, fields } = track;

/** Defines our jobs of a way: one that starts in `sandbox`, another in a sandbox made of that one's snapshot. */
async function ours(group: string, sandbox: Sandbox, script: string, input?: RunOptions): Promise<void> {
  const restored = new Sandbox({ snapshot: sandbox.snapshot() });
  await job(group, JOBS.seen, () => sandbox.runSync(script, input), fields);
  await job(group, JOBS.unseen, () => sandbox.runSync(unseen(script), input), fields);
  await job(group, JOBS.snapshot, () => restored.runSync(unseen(script), input), fields);
}

/** Defines the peer's, from a snapshot. */
async function theirs(group: string, fork: Fork, script: string, json?: string): Promise<void> {
  await job(group, JOBS.restored, () => fork(unseen(script), json), fields);
}

const fresh = new Sandbox();
const freshPeer = await forkQuickjsWasi("");

// All of it is source. Ours has the context in its image in any case; the peer makes one, or restores it.
const source = `const data = ${text};\n${script}`;
await ours("track: data as source", fresh, source);
await job("track: data as source", JOBS.plain, () => quickjsWasi.run(unseen(source)), fields);
await theirs("track: data as source", freshPeer, source);

// The functions are in the image, the data is source.
const call = `length(${text})`;
await ours("track: functions in the image", await fresh.warm(functions), call);
await theirs("track: functions in the image", await forkQuickjsWasi(functions), call);

// Both are in the image, parsed.
const warm = await fresh.warm(functions, { json });
const session = warm.open();
await ours("track: data in the image", warm, "length(data)");
await job("track: data in the image", "sandglass, in a session", () => session.runSync("length(data)"), fields);
const setup = PARSE + functions;
await theirs("track: data in the image", await forkQuickjsWasi(setup, text), "length(data)");
const fromBytes = await forkQuickjsWasi(setup, text, quickjsWasiBytes());
await job("track: data in the image", JOBS.restoredFromBytes, () => fromBytes("length(data)"), fields);

// The script is source, the data comes as bytes; the peer takes text.
await ours("track: JSON injected", fresh, script, { json });
await theirs("track: JSON injected", freshPeer, PARSE + script, text);
await ours("track: MessagePack injected", fresh, script, { msgpack: encode(track.value) });
