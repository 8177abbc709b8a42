import { Buffer } from "node:buffer";
import assert from "assert";
import { encode } from "../codec/encode.ts";
import type { SandboxError } from "../errors.ts";
import { Random } from "../../tests/random.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { quickjs } from "./quickjs.js";
import { quickjsTracked } from "./quickjs_tracked.js";
import { Format, Wanted } from "./run.ts";
import { World } from "./world.ts";

const limits = { ...DEFAULT_LIMITS, memoryBytes: 8 << 20 };
const secret = "a secret that only this run was given";

/** A world, and the whole memory that it got. */
function makeWorld(module = quickjs): { world: World; bytes: () => Uint8Array } {
  const memories: WebAssembly.Memory[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  try {
    return { world: new World(limits.memoryBytes, module), bytes: () => new Uint8Array(memories[0]!.buffer) };
  } finally {
    WebAssembly.Memory = Memory;
  }
}

function has(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(text);
}

Deno.test("What a run left in memory is cleared before bytecode or an image from elsewhere runs", () => {
  for (const foreign of ["program", "image"]) {
    const { world, bytes } = makeWorld();
    const base = world.capture();
    const { program } = world.compile(base, "data.length", "length.js", limits);
    const input = encode(Array.from({ length: 20_000 }, (_, index) => secret + index), 1 << 24).slice();
    assert.equal(world.run(base, { program, format: Format.Msgpack, input, limits }).value, 20_000);
    assert(has(bytes(), secret), "nothing was left: the test shows nothing");

    const given = { format: Format.Msgpack, input: encode([1], 100).slice(), limits };
    world.run(base, { ...given, program });
    assert(has(bytes(), secret), "a run of our own clears nothing: the test shows nothing");

    const image = foreign === "image" ? Object.assign(Object.create(base), { foreign: {} }) : base;
    const run = { ...given, program: foreign === "program" ? { ...program, foreign: {} } : program };
    assert.equal(world.run(image, run).value, 1);
    assert(!has(bytes(), secret), foreign);
  }
});

/** Scripts that write in many ways, some until a limit stops them. */
const WRITING = [
  "1 + 1",
  "all.push({ a: 1 }); all.length",
  "for (const one of all) one.n++; all[500].n",
  "all.sort((a, b) => b.n - a.n)[0].n",
  "all.map((one) => one.text).join().replace(/x(\\d)/g, (_, digit) => digit + digit).length",
  "JSON.stringify(JSON.parse(JSON.stringify(all))).length",
  "steps.next().value + steps.next().value",
  "bytes.fill(7, 100, 90000); bytes.copyWithin(3, 50000); bytes.reduce((a, b) => a + b)",
  "new Float64Array(bytes.buffer).sort().length",
  "[...table].map(([key, value]) => table.set(key + '!', value)).length",
  "(2n ** 4000n).toString().length",
  "globalThis.kept = Array.from({ length: 20000 }, (_, index) => ({ index })); kept.length",
  "table.clear(); all.length = 0; bytes.fill(1); 0",
  "throw new Error('x'.repeat(5000))",
  "await Promise.all(all.map(async (one) => one.n)).then((numbers) => numbers.length)",
  "let text = ''; while (true) text += 'abc' + text.length",
  "for (;;) all.push([])",
  "(function deep() { return deep() + 1 })()",
  "Math.random() + Date.now()",
  ...Array(20).fill(
    "const one = all[Math.floor(Math.random() * 4000)]; one.text = { n: one.n }; one.more = 1; one.n++",
  ),
];

Deno.test("A tracked guest does the same as the other, byte for byte, however its memory was restored", () => {
  const [plain, tracked] = [makeWorld(), makeWorld(quickjsTracked)];
  const compile = (source: string) => plain.world.compile(base, source, "write.js", limits).program;
  const base = plain.world.capture();
  const setup = compile(`const all = Array.from({ length: 4000 }, (_, n) => ({ n, text: 'x' + n }));
    const bytes = new Uint8Array(200000), table = new Map(all.map(({ n, text }) => [text, n]));
    const steps = (function* () { for (const one of all) yield one.n })()`);
  const given = { format: Format.None, input: new Uint8Array(0), seed: 1n, limits: { ...limits, fuel: 5e6 } };
  plain.world.run(base, { ...given, program: setup, wanted: Wanted.Nothing });
  const image = plain.world.captureDifference(base);
  assert(image.end - image.start > 1 << 20);

  const random = new Random(1);
  let ends = 0;
  for (let run = 0; run < 300; run++) {
    const script = WRITING[random.below(WRITING.length)]!;
    const program = compile(script);
    const outcomes = [plain, tracked].map(({ world, bytes }) => {
      let memory: Uint8Array | undefined;
      const keep = () => memory = bytes().slice(image.start, world.memoryEnd);
      try {
        const { value, usage } = world.run(image, { ...given, program, seed: BigInt(run) }, keep);
        return { value, fuel: usage.fuel, memory };
      } catch (error) {
        const { code, message, usage } = error as SandboxError;
        return { code, message, fuel: usage?.fuel, memory };
      }
    });
    assert.deepEqual({ ...outcomes[0], memory: 0 }, { ...outcomes[1], memory: 0 }, script);
    const [one, other] = outcomes.map(({ memory }) => memory);
    assert.equal(one?.length, other?.length, script);
    if (one === undefined || other === undefined) continue;
    ends++;
    assert(Buffer.compare(one, other) === 0, `run ${run}: ${script}`);
  }
  assert(ends > 150 && ends < 300, `${ends} runs came to their own end`);
});
