import assert from "assert";
import { Buffer } from "node:buffer";
import { Random } from "../../tests/random.ts";
import { repack, sealPacked, unpack, zeros } from "../../tests/sealed.ts";
import { type ErrorCode, SandboxError } from "../errors.ts";
import { PAGE_BYTES } from "../limits.ts";
import { Sandbox } from "../sandbox.ts";
import { Script } from "../script.ts";
import { seal } from "./seal.ts";
import { baseImage } from "./worlds.ts";

const SEED = 31_337;

const sandbox = new Sandbox();
const base = baseImage(64 << 20);
const warm = await sandbox.warm("const list = [1, 2, 3]; const sum = () => list.reduce((a, b) => a + b) + data", {
  data: 1,
});
const snapshot = warm.snapshot();
const parts = unpack(snapshot);
const mapBytes = Math.ceil(base.bytes.length / 256 / 8);

function refused(bytes: unknown, why: RegExp, code: ErrorCode = "input", memoryBytes?: number): void {
  assert.throws(() => new Sandbox({ snapshot: bytes as Uint8Array, limits: { memoryBytes } }), (error) => {
    assert(error instanceof SandboxError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, why);
    return true;
  });
}

Deno.test("A snapshot's sandbox starts where the snapshot was taken", async () => {
  const again = new Sandbox({ snapshot });
  for (let round = 0; round < 3; round++) assert.equal(await again.run("list.push(10); sum()"), 17);
  assert.equal(await new Sandbox({ snapshot: sandbox.snapshot() }).run("typeof list + (1 + 1)"), "undefined2");
});

Deno.test("The snapshot of a snapshot's sandbox is the same bytes", () => {
  assert.deepEqual(new Sandbox({ snapshot }).snapshot(), snapshot);
  assert.deepEqual(warm.snapshot(), snapshot);
  assert.deepEqual(repack(parts), snapshot);
});

Deno.test("A few functions take less than 64 KiB, the track's data less than 200 KiB", async () => {
  const functions = await sandbox.warm("const twice = (x) => x * 2; function add(a, b) { return a + b } class A {}");
  assert(functions.snapshot().length < 64 << 10, `${functions.snapshot().length}`);
  const json = await Deno.readFile(new URL("../../fixtures/track_points.json", import.meta.url));
  const track = (await sandbox.warm("const { features } = data", { json })).snapshot();
  assert(track.length < 200 << 10, `${track.length}`);
  assert.equal(await new Sandbox({ snapshot: track }).run("features.length"), 260);
});

Deno.test("Much that does not pack well comes back whole", async () => {
  const random = new Random(SEED);
  const data = Uint8Array.from({ length: 12 << 20 }, () => random.below(256));
  const large = (await sandbox.warm("", { data })).snapshot();
  assert.deepEqual(await new Sandbox({ snapshot: large }).run("data"), data);
});

Deno.test("Bytes that are no snapshot are refused, and told what they are", () => {
  refused(new Uint8Array(0), /^Cannot read the snapshot: these bytes are none of Sandglass$/);
  refused(crypto.getRandomValues(new Uint8Array(5000)), /these bytes are none of Sandglass$/);
  refused(new TextEncoder().encode("const score = (x) => x * 2"), /these bytes are none of Sandglass$/);
  refused(Script.compile("1").bytes, /^Cannot read the snapshot: these bytes are a script$/);
});

Deno.test("What is no bytes is a TypeError", () => {
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const wrong = [
    null,
    5,
    "text",
    true,
    [],
    {},
    snapshot.buffer,
    new DataView(snapshot.buffer),
    new Int8Array(5),
    detached,
  ];
  for (const bytes of wrong) {
    assert.throws(() => new Sandbox({ snapshot: bytes as Uint8Array }), /^TypeError: Cannot take snapshot: /);
  }
});

Deno.test("A snapshot cut anywhere is refused as cut, also if its length was made to fit", () => {
  for (let length = 9; length < snapshot.length; length += length < 100 ? 1 : 37) {
    refused(snapshot.slice(0, length), /^Cannot read the snapshot: it is cut: \d+ (of \d+ )?bytes are left$/);
  }
  const body = snapshot.slice(47);
  for (let length = 0; length < body.length; length += length < 100 ? 1 : 37) {
    const why = length < 8 ? /it is cut: its head is not whole$/ : /it was altered: /;
    refused(seal("snapshot", body.slice(0, length)), why);
  }
});

Deno.test("A snapshot with something after its end is refused", () => {
  refused(Uint8Array.from([...snapshot, 0]), /it was altered: 1 bytes follow its end$/);
  refused(repack({ ...parts, payload: Uint8Array.from([...parts.payload, 0]) }), /it was altered: /);
});

Deno.test("A world of another size than its parts is refused", () => {
  const { end, payload } = parts;
  refused(repack({ end: base.end - 16, payload }), /it was altered: its world ends at \d+, before the engine does$/);
  refused(repack({ end: 0, payload }), /it was altered: its world ends at 0, before the engine does$/);
  for (const other of [end + 1, end + PAGE_BYTES, 32 << 20]) {
    refused(repack({ end: other, payload }), /it was altered: /);
  }
  for (let length = mapBytes; length < payload.length; length += 97) {
    refused(repack({ end, payload: payload.slice(0, length) }), /it was altered: /);
  }
  const more = parts.payload.slice();
  more[0]! ^= 1;
  refused(repack({ end, payload: more }), /it was altered: /);
});

Deno.test("A payload that ends in its map is refused, also if its world has nothing past the engine", () => {
  for (const length of [0, 1, mapBytes - 1]) {
    refused(repack({ end: base.end, payload: parts.payload.slice(0, length) }), /it was altered: /);
  }
});

Deno.test("A payload that has another checksum is refused", () => {
  refused(repack({ ...parts, checksum: parts.checksum ^ 1 }), /it was altered: its checksum is another$/);
  const payload = parts.payload.slice();
  payload[payload.length - 1]! ^= 1;
  refused(repack({ ...parts, payload }), /it was altered: its checksum is another$/);
});

Deno.test(`A snapshot altered at 2,000 places is refused, or the same (seed ${SEED})`, async () => {
  let same = 0;
  for (let round = 0; round < 2000; round++) {
    const random = new Random(SEED + round);
    const bytes = snapshot.slice();
    for (let count = 1 + random.below(3); count > 0; count--) {
      const at = random.pick([random.below(64), random.below(bytes.length), random.below(bytes.length)]);
      bytes[at] = random.pick([0, 0xff, bytes[at]! ^ 1 << random.below(8), random.below(256)]);
    }
    const label = `seed ${SEED + round}`;
    try {
      const altered = new Sandbox({ snapshot: bytes, limits: { timeMs: 50 } });
      assert.equal(await altered.run("sum()"), 7, label);
      same++;
    } catch (error) {
      assert(error instanceof SandboxError, `${label} threw ${error}`);
      assert(error.code === "input" || error.code === "memory", `${label} gave ${error.code}: ${error.message}`);
      assert.match(error.message, /^Cannot (read|start from) the snapshot: /, label);
    }
  }
  assert(same < 100, `${same} were the same`);
  assert.equal(await new Sandbox({ snapshot }).run("sum()"), 7);
});

Deno.test("A world that needs more than the memory limit is refused, and told both", async () => {
  const large = (await sandbox.warm("const u = new Uint8Array(6e6).fill(1)")).snapshot();
  const { end } = unpack(large);
  const pages = Math.ceil(end / PAGE_BYTES) * PAGE_BYTES;
  const why = (limit: number) =>
    new RegExp(`^Cannot start from the snapshot: .* ${end} bytes, .*memoryBytes, ${limit}$`);
  for (const limit of [4 << 20, pages - 1]) refused(large, why(limit), "memory", limit);
  for (const limit of [pages, pages + 1]) {
    const exact = new Sandbox({ snapshot: large, limits: { memoryBytes: limit } });
    assert.equal(await exact.run("u[5e6]"), 1);
    await assert.rejects(exact.run("new Uint8Array(1e6)[0]"), { code: "memory" });
  }
});

Deno.test("A payload that unpacks to far more than it may is refused, and takes little memory", () => {
  refused(sealPacked(base.end, 0, zeros(1 << 20)), /does not unpack/);
  const before = Deno.memoryUsage().rss;
  for (const end of [base.end, base.end + PAGE_BYTES, 8 << 20, 64 << 20]) {
    refused(sealPacked(end, 0, zeros(2 ** 30)), /it was altered: it does not unpack /);
    refused(sealPacked(end, 0, Uint8Array.from([...zeros(2 ** 20), ...zeros(2 ** 29)])), /does not unpack|altered/);
  }
  for (const end of [2 ** 31, 2 ** 32 - 1]) {
    refused(sealPacked(end, 0, zeros(2 ** 30)), /limits\.memoryBytes/, "memory");
  }
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assert(grown < 100, `The process grew by ${grown.toFixed(0)} MiB`);
});

Deno.test("A payload that asks for a large window is refused", () => {
  for (const window of [12, 15, 18, 21]) refused(sealPacked(base.end, 0, zeros(1000, window << 3)), /does not unpack/);
});

Deno.test("Bytes that their owner changes later, or shares, change nothing of the sandbox", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(snapshot.length));
  for (
    const bytes of [
      snapshot.slice(),
      Buffer.from(snapshot),
      shared,
      new Uint8Array(9999).subarray(5, 5 + snapshot.length),
    ]
  ) {
    bytes.set(snapshot);
    const taken = new Sandbox({ snapshot: bytes as Uint8Array });
    bytes.fill(0);
    assert.equal(await taken.run("sum()"), 7);
    assert.deepEqual(taken.snapshot(), snapshot);
  }
  warm.snapshot().fill(0);
  assert.equal(await warm.run("sum()"), 7);
});
