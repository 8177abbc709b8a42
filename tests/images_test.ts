import { Sandbox, Script } from "@sandglass/sandglass";
import assert from "assert";
import { KEPT } from "./kept.ts";

const SEED = 90_210;
const ROUNDS = 2_000;

/** Time after which a child is taken to hang: the longest takes less than a tenth of it. */
const MOST_MS = 300_000;

const decoder = new TextDecoder();

/** What `images_child.ts` says at its end, having done what `mode` says in a process of its own. */
async function child(mode: string, mostMs = MOST_MS, ...args: unknown[]): Promise<Record<string, number>> {
  const script = new URL("images_child.ts", import.meta.url).pathname;
  const permissions = ["--allow-read", "--allow-sys"];
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, script, mode, ...args.map(String)],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => process.kill("SIGKILL"), mostMs);
  const { code, signal, stdout, stderr } = await process.output();
  clearTimeout(timer);
  const lines = decoder.decode(stdout).trim().split("\n");
  assert.equal(signal, null, `It hung, or was killed, at ${lines.at(-1)}`);
  assert.equal(code, 0, `At ${lines.at(-1)}: ${decoder.decode(stderr)}`);
  return JSON.parse(lines.at(-1)!);
}

Deno.test("What one process made starts in another, as if it had been made there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [index, { script, options, look }] of KEPT.entries()) {
      const warm = await new Sandbox().warm(script, options);
      await Deno.writeFile(`${folder}/${index}.snapshot`, warm.snapshot());
      await Deno.writeFile(`${folder}/${index}.script`, Script.compile(look, { name: "look.js" }).bytes);
    }
    await child("restore", MOST_MS, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const { what, script, options, look, value } of KEPT) {
  Deno.test(`A snapshot has ${what}`, async () => {
    const snapshot = (await new Sandbox().warm(script, options)).snapshot();
    const sandbox = new Sandbox({ snapshot });
    for (let round = 0; round < 2; round++) assert.deepStrictEqual(await sandbox.run(look), value);
    using session = sandbox.open();
    assert.deepStrictEqual(await session.run(look), value);
    assert.deepStrictEqual(await new Sandbox({ snapshot: sandbox.snapshot() }).run(look), value);
  });
}

Deno.test(`${ROUNDS} altered worlds end by values or by errors, and leave no trace (seed ${SEED})`, async () => {
  const half = ROUNDS / 2;
  for (
    const outcomes of await Promise.all([
      child("worlds", MOST_MS, SEED, half),
      child("worlds", MOST_MS, SEED + half, half),
    ])
  ) {
    assert(outcomes.value! > 1000 && outcomes.fault! > 100, `They were not altered much: ${JSON.stringify(outcomes)}`);
  }
});

Deno.test(`${ROUNDS} altered programs end by values or by errors, and leave no trace (seed ${SEED})`, async () => {
  const outcomes = await child("programs", MOST_MS, SEED, ROUNDS);
  assert(outcomes.value! > 1000 && outcomes.fault! > 50, `They were not altered much: ${JSON.stringify(outcomes)}`);
});

for (
  const [what, mode] of [
    ["A program that never asks for leave ends at its limits", "endlessProgram"],
    ["A world whose functions never ask for leave ends at its limits", "endlessWorld"],
    ["A script that writes to all of its engine's memory harms its own run only", "reach"],
    ["A script that writes to all of its engine's memory cannot lift the limit of its value", "lift"],
    ["What one hostile world leaves in memory, another does not find", "leave"],
  ] as const
) {
  Deno.test(what, async () => void await child(mode, 20_000));
}
