import assert from "assert";
import { encode } from "../codec/encode.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Format } from "./run.ts";
import { World } from "./world.ts";

const limits = { ...DEFAULT_LIMITS, memoryBytes: 8 << 20 };
const secret = "a secret that only this run was given";

/** A world, and the whole memory that it got. */
function makeWorld(): { world: World; bytes: () => Uint8Array } {
  const memories: WebAssembly.Memory[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  try {
    return { world: new World(limits.memoryBytes), bytes: () => new Uint8Array(memories[0]!.buffer) };
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
