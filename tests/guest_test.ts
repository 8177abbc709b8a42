import { createHash } from "node:crypto";
import assert from "assert";
import { quickjs } from "../src/guest/quickjs.js";
import { quickjsTracked } from "../src/guest/quickjs_tracked.js";

const folder = new URL("../src/guest/", import.meta.url);

Deno.test("the guest can call nothing but these functions", () => {
  const imports = importsOf(quickjs);
  assert.deepEqual(imports, importsOf(quickjsTracked));
  assert.deepEqual(imports, [
    "meter.out_of_fuel",
    "meter.stack_overflow",
    "sandglass.clock",
    "sandglass.entropy",
    "sandglass.limit",
    "sandglass.log",
    "sandglass.memory",
    "sandglass.read",
    "sandglass.size",
    "sandglass.write",
    "wasi_snapshot_preview1.environ_get",
    "wasi_snapshot_preview1.environ_sizes_get",
    "wasi_snapshot_preview1.fd_close",
    "wasi_snapshot_preview1.fd_fdstat_get",
    "wasi_snapshot_preview1.fd_read",
    "wasi_snapshot_preview1.fd_seek",
    "wasi_snapshot_preview1.fd_write",
    "wasi_snapshot_preview1.proc_exit",
  ]);
});

function importsOf(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`).sort();
}

Deno.test("the guest is a Javy plugin with exports of our own beside", () => {
  const exports = WebAssembly.Module.exports(quickjs).map(({ name }) => name);
  for (const name of ["memory", "initialize-runtime", "compile-src", "invoke", "cabi_realloc"]) {
    assert(exports.includes(name), `Javy's export "${name}" is there`);
  }
  for (const name of ["compile", "evaluate", "memory_end", "fuel", "stack_pointer", "stack_limit"]) {
    assert(exports.includes(name), `our export "${name}" is there`);
  }
  const [namespace] = WebAssembly.Module.customSections(quickjs, "import_namespace");
  assert.equal(new TextDecoder().decode(namespace), "sandglass-v1");
});

Deno.test("the manifest tells of the committed guests", async () => {
  const manifest = JSON.parse(await Deno.readTextFile(new URL("quickjs.json", folder)));
  for (const [name, sha256] of [["quickjs.wasm", manifest.sha256], ["quickjs_tracked.wasm", manifest.trackedSha256]]) {
    const bytes = await Deno.readFile(new URL(name, folder));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256, name);
  }
});

Deno.test("no path of a build machine is in the guests", async () => {
  for (const name of ["quickjs.wasm", "quickjs_tracked.wasm"]) {
    const text = new TextDecoder("latin1").decode(await Deno.readFile(new URL(name, folder)));
    assert.doesNotMatch(text, /\/(root|home|tmp|work|usr)\/|crates\.io/, name);
  }
});
