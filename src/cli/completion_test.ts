import assert from "assert";
import { Sandbox } from "../sandbox.ts";
import { complete, declarations } from "./completion.ts";

const sandbox = new Sandbox({ limits: { timeMs: 100 } });

Deno.test("properties are completed after a dot, own and inherited ones", () => {
  using session = sandbox.open();
  session.runSync("var point = { xenon: { yttrium: 1 } }, list = [{ zinc: 1 }]; const local = { alpha: 1 }");
  const cases: [line: string, candidates: string[], replaced: string][] = [
    ["Math.f", ["f16round", "floor", "fround"], "f"],
    ["1 + Math.flo", ["floor"], "flo"],
    ["point.xenon.y", ["yttrium"], "y"],
    ["point?.xe", ["xenon"], "xe"],
    ["list[0].zi", ["zinc"], "zi"],
    ["f(...list.fla", ["flat", "flatMap"], "fla"],
    ["local.al", ["alpha"], "al"],
    ["'a'.padS", ["padStart"], "padS"],
    ["globalThis.po", ["point"], "po"],
    ["this.Mat", ["Math"], "Mat"],
    ["nothing.x", [], "x"],
    ["undefined.x", [], "x"],
    ["f().toS", [], ""],
    ["point.xenon().yttrium.toF", [], ""],
    ["1.5", [], ""],
    ["", [], ""],
    ["(", [], ""],
  ];
  for (const [line, candidates, replaced] of cases) {
    assert.deepEqual(complete(session, line, []), [candidates, replaced], line);
  }
  assert(complete(session, "list.", [])[0].includes("reduce"));
});

Deno.test("globals, keywords and what earlier lines declared are completed", () => {
  using session = sandbox.open();
  const known = new Set<string>();
  const texts = [
    "let apple = 1, { apricot, x: avocado } = {}",
    "class Apron {}",
    "function apply() {}",
    "var apex = if_",
  ];
  for (const text of texts) {
    for (const name of declarations(text)) known.add(name);
    try {
      session.runSync(text);
    } catch { /* apex has no value, and yet it is declared */ }
  }
  assert.deepEqual(complete(session, "1 + ap", known)[0], ["apex", "apple", "apply", "apricot"]);
  assert.deepEqual(complete(session, "Ap", known)[0], ["Apron"]);
  assert.deepEqual(complete(session, "avo", known)[0], ["avocado"]);
  assert.deepEqual(complete(session, "cons", known)[0], ["console", "const", "constructor"]);
});

Deno.test("names from a text that did not run are not offered, and reserved ones break nothing", () => {
  using session = sandbox.open();
  const known = declarations("let await_ = 'class if enum arguments eval'; class Aaa {}");
  assert.deepEqual(complete(session, "aw", known)[0], ["await"]);
  assert.deepEqual(complete(session, "A", known)[0].includes("Aaa"), false);
  assert.deepEqual(complete(session, "e", known)[0].includes("else"), true);
});

Deno.test("completing does not change the session, whatever a getter does", () => {
  using session = sandbox.open();
  session.runSync(`
    var count = 0;
    var trap = { get counted() { count++; return { inner: 1 }; }, get endless() { for (;;) {} } };
    var proxy = new Proxy({}, { ownKeys() { count++; return ["seen"]; }, getPrototypeOf: () => proxy });
    Object.defineProperty(globalThis, "counting", { get() { count++; } });
    0`);
  assert.deepEqual(complete(session, "trap.counted.in", [])[0], ["inner"]);
  assert.deepEqual(complete(session, "trap.endless.x", [])[0], []);
  assert.deepEqual(complete(session, "proxy.s", [])[0], []);
  assert.deepEqual(complete(session, "counting", ["counting"])[0], ["counting"]);
  assert.equal(session.runSync("count"), 0);
});

Deno.test("no candidate can steer a terminal, nor be anything but a name", () => {
  using session = sandbox.open();
  session.runSync(`
    var odd = { "a\\u001b[2J": 1, "a\\u202eb": 1, "a b": 1, "a-b": 1, "a\\nb": 1, aé: 1, ab: 1, a1: 1 };
    var forged = {};
  `);
  assert.deepEqual(complete(session, "odd.a", [])[0], ["a1", "ab", "aé"]);
  session.runSync(`Object.getOwnPropertyNames = () => ["a\\u001b[2J", "ax"]; 0`);
  assert.deepEqual(complete(session, "forged.a", [])[0], ["ax"]);
  session.runSync("Object.getOwnPropertyNames = () => { throw 1 }; 0");
  assert.deepEqual(complete(session, "forged.a", [])[0], []);
});
