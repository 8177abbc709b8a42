import { run } from "@sandglass/sandglass";

console.log(await run("1 + 1"));
