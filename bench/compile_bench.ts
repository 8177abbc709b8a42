import { job } from "./job.ts";

/** A custom section of 4 bytes that change, as V8 compiles the same bytes only once. */
const SECTION = [0, 8, 3, ...new TextEncoder().encode("run"), 0, 0, 0, 0];

const GUESTS = {
  "sandglass": new URL("../src/guest/quickjs.wasm", import.meta.url),
  "sandglass, unmetered": new URL("./quickjs_unmetered.wasm", import.meta.url),
  "quickjs-wasi": new URL(import.meta.resolve("quickjs-wasi/quickjs.wasm")),
};

for (const [name, url] of Object.entries(GUESTS)) {
  const bytes = new Uint8Array([...Deno.readFileSync(url), ...SECTION]);
  const last = new DataView(bytes.buffer, bytes.length - 4);
  let count = 0;
  const compile = () => {
    last.setUint32(0, count++);
    return new WebAssembly.Module(bytes) instanceof WebAssembly.Module;
  };
  await job("compile", name, compile, true);
}
