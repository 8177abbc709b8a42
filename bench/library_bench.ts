import * as acorn from "acorn";
import { Sandbox, Script } from "@sandglass/sandglass";
import { job } from "./job.ts";
import { unseen } from "./unseen.ts";

// A bundled library, with one use of it: a parser for JavaScript, which compiles many regular expressions as it loads.
const library = Deno.readTextFileSync(new URL("acorn.js", import.meta.resolve("acorn")));
const parsed = "let total = 0; for (const item of items) total += item.price; export { total };";
const use = `JSON.stringify(acorn.parse(${JSON.stringify(parsed)}, { ecmaVersion: 2025, sourceType: "module" }))`;
const expected = JSON.stringify(acorn.parse(parsed, { ecmaVersion: 2025, sourceType: "module" }));

const source = `${library}\n${use}`;
const script = Script.compile(source, { name: "library.js" });
const sandbox = new Sandbox();
const warm = await sandbox.warm(library);

await job("library of 240 KB", "sandglass", () => sandbox.runSync(script), expected);
await job("library of 240 KB", "sandglass, as a new text", () => sandbox.runSync(unseen(source)), expected);
await job("library of 240 KB", "sandglass, in the image", () => warm.runSync(use), expected);
