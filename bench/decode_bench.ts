import { encode } from "@msgpack/msgpack";
import { job } from "./job.ts";
import { peers } from "./peers.ts";
import { runMsgpack, sandglass } from "./sandglass.ts";
import { track } from "./track.ts";

// The track's data into a fresh world; the script only counts it.
const SCRIPT = "data.features.length";
const COUNT = 260;
const msgpack = encode(track.value);

for (const engine of [sandglass, ...peers]) {
  await job("decode: JSON bytes", engine.name, () => engine.runJson(SCRIPT, track.json), COUNT);
}
await job("decode: JSON bytes", "sandglass, MessagePack", () => runMsgpack(SCRIPT, msgpack), COUNT);
await job("decode: JSON bytes", "V8's JSON.parse alone", () => JSON.parse(track.text).features.length, COUNT);

for (const engine of [sandglass, ...peers]) {
  await job("decode: a JS value", engine.name, () => engine.runValue(SCRIPT, track.value), COUNT);
}
