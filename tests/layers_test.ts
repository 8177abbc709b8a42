import assert from "assert";

/** Folders and files of `src`, lowest first: each may import from its own layer and from those before it. */
const LAYERS = [
  ["errors.ts", "limits.ts", "log.ts", "usage.ts"],
  ["codec", "engine", "check.ts"],
  ["host"],
  ["guest"],
  ["script.ts"],
  ["options.ts"],
  ["execution.ts", "checkpoint.ts"],
  ["session.ts"],
  ["sandbox.ts"],
  ["run.ts"],
  ["mod.ts"],
  ["cli"],
];

const root = new URL("../", import.meta.url);

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (/\.[jt]s$/.test(name) && !/_test\.ts$|\.d\.ts$/.test(name)) yield new URL(name, folder);
  }
}

/** The layer of a module, by the part of its path that names it. */
function layerOf(module: URL): { layer: number; part: string } {
  const part = module.pathname.slice(root.pathname.length).replace(/^src\//, "").split("/")[0]!;
  return { layer: LAYERS.findIndex((layer) => layer.includes(part)), part };
}

function imports(text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\b[^;]*?from "(\.[^"]+)"/gms)].map((match) => match[1]!);
}

Deno.test("imports go one way through the layers", async () => {
  const modules = [new URL("mod.ts", root), ...await Array.fromAsync(sources(new URL("src/", root)))];
  let count = 0;
  for (const module of modules) {
    const from = layerOf(module);
    assert.notEqual(from.layer, -1, `"${module.pathname}" is in no layer`);
    for (const specifier of imports(await Deno.readTextFile(module))) {
      const target = new URL(specifier, module);
      if (target.pathname === new URL("deno.json", root).pathname) continue;
      const to = layerOf(target);
      const allowed = from.part === to.part || to.layer < from.layer || (to.layer === from.layer && from.layer === 0);
      assert(allowed, `"${module.pathname}" imports "${specifier}", which is not in a layer below`);
      count++;
    }
  }
  assert(count > 30, `only ${count} imports were seen`);
});

Deno.test("the core imports no package", async () => {
  for await (const module of sources(new URL("src/", root))) {
    const text = await Deno.readTextFile(module);
    const packages = [...text.matchAll(/^import\b[^;]*?from "([^."][^"]*)"/gms)].map((match) => match[1]!);
    assert.deepEqual(packages.filter((name) => name !== "parse-args"), [], module.pathname);
  }
});
