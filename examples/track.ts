/**
 * The main job: the length of a GPS track (260 GeoJSON features) by a script in a sandbox. Run it with
 * `deno task track`.
 */

import { Sandbox } from "@sandglass/sandglass";
import { reportUsage } from "../src/cli/report.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const script = await Deno.readTextFile(new URL("track.js", fixtures));
const json = await Deno.readFile(new URL("track_points.json", fixtures));

const sandbox = new Sandbox();
const { value, usage } = await sandbox.evaluate<number>(script, { json, name: "track.js" });

console.log(`The track is ${value.toFixed(2)} Canadian football fields long.\n`);
console.log(`The run in its sandbox:\n${reportUsage(usage, sandbox.limits)}`);
