/**
 * Rebuilds the guests: `deno task guests [--check]`. With `--check` it compares with what is committed instead of
 * replacing it, if the tools are of the same versions, and leaves the built guest in `.build/`.
 *
 * A guest goes through: cargo (Rust and C to WebAssembly), Wizer (runs the initialisation now, keeps the memory),
 * wasm-opt (smaller), the meter (loops and recursion pay; memory is imported).
 */

import { createHash } from "node:crypto";
import { licences } from "./licences.ts";

const root = new URL("..", import.meta.url).pathname;
const build = `${root}.build`;
const guest = `${root}guests/quickjs`;
const committed = `${root}src/guest`;

/** What has to be installed, and how it is on Debian. */
const TOOLS: Record<string, string> = {
  "/usr/bin/cargo": "cargo-web rust-web-src rust-web-llvm", // only this cargo has the std sources for -Z build-std
  "/usr/bin/rustc": "rustc-web",
  "rust-lld": "rust-web-llvm",
  "clang-22": "clang-22 lld-22 libclang-22-dev libclang-rt-22-dev-wasm32",
  "llvm-ar-22": "llvm-22",
  "npm": "npm",
};
const SYSROOT = ["/usr/include/wasm32-wasi", "/usr/lib/wasm32-wasi"];
const WIZER = "@bytecodealliance/wizer@11.0.3";
const BINARYEN = "binaryen@132.0.0";

/** WebAssembly features that the guest may use: not all, as V8 refuses some that wasm-opt would emit. */
const FEATURES = [
  "simd",
  "bulk-memory",
  "bulk-memory-opt",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
  "multivalue",
  "reference-types",
].map((feature) => `--enable-${feature}`);

/** Debian's own cargo and rustc come first: another toolchain's `rustc` would not fit this cargo. */
const PATH = `/usr/bin:${Deno.env.get("PATH")}`;

async function output(command: string, args: string[], options: Deno.CommandOptions = {}): Promise<string> {
  const env = { PATH, ...options.env };
  const { success, stdout } = await new Deno.Command(command, { args, stderr: "inherit", ...options, env }).output();
  if (!success) throw new Error(`Cannot build the guests: "${command} ${args.join(" ")}" failed`);
  return new TextDecoder().decode(stdout).trim();
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function which(tool: string): Promise<string | undefined> {
  const folders = tool.startsWith("/") ? [""] : (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/`);
  for (const folder of folders) if (await exists(folder + tool)) return folder + tool;
}

/** One message for all that is missing. */
async function checkTools(): Promise<void> {
  const missing: string[] = [];
  for (const [tool, packages] of Object.entries(TOOLS)) {
    if (await which(tool) === undefined) missing.push(`${tool} (${packages})`);
  }
  for (const folder of SYSROOT) if (!await exists(folder)) missing.push(`${folder} (wasi-libc)`);
  if (missing.length > 0) {
    console.error(
      `Cannot build the guests: not installed are ${missing.join(", ")}\nDebian's packages are in brackets`,
    );
    Deno.exit(1);
  }
}

/** A folder like a WASI SDK, which the crate rquickjs-sys asks for, of links to Debian's parts. */
async function linkSdk(): Promise<string> {
  const sdk = `${build}/sdk`;
  const link = async (target: string, path: string) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.remove(path).catch(() => {});
    await Deno.symlink(target, path);
  };
  await link((await which("clang-22"))!, `${sdk}/bin/clang`);
  await link((await which("llvm-ar-22"))!, `${sdk}/bin/ar`);
  for (const target of ["wasm32-wasi", "wasm32-wasip1"]) {
    await link(SYSROOT[0]!, `${sdk}/share/wasi-sysroot/include/${target}`);
    await link(SYSROOT[1]!, `${sdk}/share/wasi-sysroot/lib/${target}`);
  }
  return sdk;
}

async function compile(): Promise<string> {
  const sdk = await linkSdk();
  const sysroot = `--sysroot=${sdk}/share/wasi-sysroot`;
  await output("/usr/bin/cargo", ["fetch", "--locked"], { cwd: guest }); // so that its folders are there to be named
  const cargoHome = Deno.env.get("CARGO_HOME") ?? `${Deno.env.get("HOME")}/.cargo`;
  const sources = await output("/usr/bin/rustc", ["--print", "sysroot"]);
  const target = `${build}/quickjs`;
  const rustFlags = [
    "-C link-self-contained=no",
    "-C linker=rust-lld",
    `-L native=${SYSROOT[1]}`,
    `-C link-arg=${SYSROOT[1]}/crt1-reactor.o`,
    "-C target-feature=+simd128,+bulk-memory,+nontrapping-fptoint",
    ...["malloc", "calloc", "realloc", "free"].map((name) => `-C link-arg=--wrap=${name}`), // see allocator.rs
    // No path of the machine goes into the guest, and two machines build the same bytes.
    "-Z location-detail=none",
    "-Z unstable-options -C panic=immediate-abort", // a panic is a fault either way; its text is left out
    ...[[cargoHome, "cargo"], [root, "sandglass"], [sources, "rust"], ["/usr/src", "rust"], [target, "target"]]
      .map(([from, to]) => `--remap-path-prefix=${from}=/${to}`),
    ...await Array.fromAsync(
      Deno.readDir(`${cargoHome}/registry/src`),
      ({ name }) => `--remap-path-prefix=${cargoHome}/registry/src/${name}=/crates`,
    ),
  ];
  const environment = {
    RUSTC_BOOTSTRAP: "1",
    RUSTFLAGS: rustFlags.join(" "),
    CARGO_TARGET_DIR: target,
    WASI_SDK: sdk,
    LIBCLANG_PATH: "/usr/lib/llvm-22/lib",
    CFLAGS_wasm32_wasip1:
      `${sysroot} -O3 -mbulk-memory -msimd128 -mnontrapping-fptoint -msign-ext -mmutable-globals -ffile-prefix-map=${target}=/target`,
    BINDGEN_EXTRA_CLANG_ARGS: `${sysroot} --target=wasm32-wasip1`,
  };
  const args = [
    "build",
    "--release",
    "--locked",
    "-Z",
    "build-std=std",
    "-Z",
    "build-std-features=",
    "--target",
    "wasm32-wasip1",
  ];
  await output("/usr/bin/cargo", args, { cwd: guest, env: environment });
  return `${target}/wasm32-wasip1/release/quickjs.wasm`;
}

/** Opcodes of QuickJS that may jump back: the interpreter pays there, as no poll of its own holds a hostile world. */
const JUMPS = ["goto", "goto8", "goto16", "if_true", "if_true8", "if_false", "if_false8", "gosub", "ret"];
const WITH = ["get_var", "put_var", "delete_var", "make_ref", "get_ref", "get_ref_undef"].map((name) => `with_${name}`);

/** Their numbers, from QuickJS's own list: every `DEF` is one, in order; a `def` is none at run time. */
async function jumps(): Promise<number[]> {
  const metadata = await output("/usr/bin/cargo", ["metadata", "--format-version=1", "--locked"], { cwd: guest });
  const packages: { name: string; source: string | null; manifest_path: string }[] = JSON.parse(metadata).packages;
  const engine = packages.find(({ name, source }) => name === "rquickjs-sys" && source !== null)!;
  const list = await Deno.readTextFile(new URL("quickjs/quickjs-opcode.h", `file://${engine.manifest_path}`));
  const names = Array.from(list.matchAll(/^DEF\( *(\w+)/gm), (match) => match[1]);
  return [...JUMPS, ...WITH].map((name) => {
    const number = names.indexOf(name);
    if (number < 0) throw new Error(`Cannot build the guests: the engine has no opcode "${name}"`);
    return number;
  });
}

async function compileMeter(): Promise<string> {
  const env = { CARGO_TARGET_DIR: `${build}/meter` };
  await output("/usr/bin/cargo", ["build", "--release", "--locked"], { cwd: `${root}guests/meter`, env });
  return `${build}/meter/release/meter`;
}

async function installTools(): Promise<void> {
  const prefix = `${build}/tools`;
  if (await exists(`${prefix}/node_modules/.bin/wasm-opt`)) return;
  await output("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", prefix, WIZER, BINARYEN]);
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

await checkTools();
const check = Deno.args.includes("--check");
await Deno.mkdir(build, { recursive: true });
await installTools();
const [raw, meter] = [await compile(), await compileMeter()];
const bin = `${build}/tools/node_modules/.bin`;
const [fixed, initialised] = [`${build}/quickjs.fixed.wasm`, `${build}/quickjs.initialised.wasm`];
await output(meter, [raw, fixed, "--fix-random"]);
await output(`${bin}/wizer`, [
  "--allow-wasi",
  "--init-func=initialize-runtime",
  "--keep-init-func=true",
  "--wasm-bulk-memory=true",
  "--wasm-simd=true",
  fixed,
  "-o",
  initialised,
]);
const optimised = `${build}/quickjs.optimised.wasm`;
await output(`${bin}/wasm-opt`, ["-O1", "-g", ...FEATURES, initialised, "-o", optimised]);
// The meter comes last, as its branch hints hold for the bytes that it writes.
const metered = ["--memory", "sandglass", "--interpreter", "JS_CallInternal", "--jumps", (await jumps()).join()];
await output(meter, [optimised, `${build}/quickjs.wasm`, ...metered]);
await output(meter, [optimised, `${build}/quickjs_tracked.wasm`, ...metered, "--track"]);
await output(meter, [optimised, `${build}/quickjs_unmetered.wasm`, "--memory", "sandglass", "--free"]);

const manifest = {
  sha256: await sha256(`${build}/quickjs.wasm`),
  bytes: (await Deno.stat(`${build}/quickjs.wasm`)).size,
  trackedSha256: await sha256(`${build}/quickjs_tracked.wasm`),
  tools: {
    rustc: (await output("/usr/bin/rustc", ["--version"])).split(" ")[1],
    clang: /version ([\d.]+)/.exec(await output("clang-22", ["--version"]))?.[1],
    "wasi-libc": await output("dpkg-query", ["-W", "-f", "${Version}", "wasi-libc"]).catch(() => "unknown"),
    wizer: WIZER.split("@").at(-1),
    binaryen: BINARYEN.split("@").at(-1),
  },
};
const kept = JSON.parse(await Deno.readTextFile(`${committed}/quickjs.json`).catch(() => "{}"));
if (check) {
  if (JSON.stringify(kept.tools) !== JSON.stringify(manifest.tools)) {
    console.log("The guest is built, with other tools than the committed one: its bytes are not compared");
  } else if (kept.sha256 === manifest.sha256 && kept.trackedSha256 === manifest.trackedSha256) {
    console.log("The guest is built; its bytes are the committed ones");
  } else {
    console.error(`Cannot confirm the guest: its sha256 is ${manifest.sha256}, the committed one's ${kept.sha256}`);
    Deno.exit(1);
  }
} else {
  for (const name of ["quickjs.wasm", "quickjs_tracked.wasm"]) {
    await Deno.copyFile(`${build}/${name}`, `${committed}/${name}`);
  }
  await Deno.copyFile(`${build}/quickjs_unmetered.wasm`, `${root}bench/quickjs_unmetered.wasm`);
  await Deno.writeTextFile(`${committed}/quickjs.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  await Deno.writeTextFile(`${committed}/LICENCES.md`, await licences(guest));
  console.log(`The guest is built: ${manifest.bytes} bytes, sha256 ${manifest.sha256}`);
}
