import { encode } from "@msgpack/msgpack";
import { job } from "./job.ts";
import { peers } from "./peers.ts";
import { runMsgpack, sandglass } from "./sandglass.ts";
import { track } from "./track.ts";

// The main job: the length of a track in a fresh world.
const { script, json, value, fields } = track;
const msgpack = encode(value);

for (const engine of [sandglass, ...peers]) {
  await job("track: JSON bytes", engine.name, () => engine.runJson(script, json), fields);
}
await job("track: JSON bytes", "sandglass, MessagePack", () => runMsgpack(script, msgpack), fields);

for (const engine of [sandglass, ...peers]) {
  await job("track: a JS value", engine.name, () => engine.runValue(script, value), fields);
}
