import type { RunOptions } from "@sandglass/sandglass";

/** What a world keeps: a script that makes it, a later one that looks for it, and what that one comes to. */
export interface Kept {
  readonly what: string;
  readonly script: string;
  readonly look: string;
  readonly value: unknown;
  readonly options?: RunOptions;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A library as bundlers write them: one function, which puts its exports where it can. */
const LIBRARY = `
  (function (root, factory) {
    if (typeof define === "function" && define.amd) define([], factory);
    else if (typeof module === "object" && module.exports) module.exports = factory();
    else root.stats = factory();
  })(typeof self === "undefined" ? globalThis : self, function () {
    "use strict";
    const sum = (list) => list.reduce((a, b) => a + b, 0);
    class Summary {
      constructor(list) { this.mean = sum(list) / list.length; }
      get isEmpty() { return Number.isNaN(this.mean); }
    }
    return { sum, Summary, version: "1.2.3" };
  });`;

/** Things of all kinds, each under names of its own. */
export const KEPT: readonly Kept[] = [
  { what: "a function", script: "function twice(x) { return x * 2 }", look: "twice(21)", value: 42 },
  { what: "let and const", script: "let a = 1; const b = 2", look: "a += b; [a, b]", value: [3, 2] },
  {
    what: "a constant's constancy",
    script: "const c = 2",
    look: "try { c = 3 } catch (e) { e.name }",
    value: "TypeError",
  },
  {
    what: "a class",
    script: "class Point { #x = 5; get x() { return this.#x } static origin = new Point() }; const p = new Point()",
    look: "[p.x, Point.origin.x, p instanceof Point, Point.name]",
    value: [5, 5, true, "Point"],
  },
  { what: "a global", script: "free = 1; globalThis.own = 2; var old = 3", look: "free + own + old", value: 6 },
  { what: "data", script: "1", options: { data: { a: [1, 2n] } }, look: "data", value: { a: [1, 2n] } },
  { what: "JSON text", script: "1", options: { json: '{"a":[1,null]}' }, look: "data", value: { a: [1, null] } },
  { what: "JSON bytes", script: "1", options: { json: bytes('["é"]') }, look: "data[0]", value: "é" },
  {
    what: "MessagePack",
    script: "1",
    options: { msgpack: Uint8Array.of(0x92, 1, 0xa1, 97) },
    look: "data",
    value: [1, "a"],
  },
  {
    what: "an index made of data",
    script: "const index = new Map(data.map((row) => [row.id, row]))",
    options: { data: [{ id: "x", n: 1 }, { id: "y", n: 2 }] },
    look: "[index.get('y').n, index.get('x') === data[0]]",
    value: [2, true],
  },
  {
    what: "a library",
    script: LIBRARY,
    look: "[stats.sum([1, 2]), new stats.Summary([2, 4]).mean, stats.version]",
    value: [3, 3, "1.2.3"],
  },
  {
    what: "what it did to a built-in",
    script: "Array.prototype.last = function () { return this.at(-1) }",
    look: "[1, 2].last()",
    value: 2,
  },
  { what: "what an async script made", script: "const later = await Promise.resolve(5)", look: "later", value: 5 },
  { what: "what a module made", script: "globalThis.made = 5; export default 1", look: "made", value: 5 },
  {
    what: "what a module's function made",
    script: "export default async (data) => { await null; globalThis.sum = data[0] + data[1] }",
    options: { data: [1, 2] },
    look: "sum",
    value: 3,
  },
  { what: "a closure", script: "const next = ((n) => () => ++n)(5)", look: "next(); next()", value: 7 },
  {
    what: "a generator in the middle",
    script: "const g = (function* (a) { let b = yield a; for (;;) b += yield b })(1); g.next(); g.next(10)",
    look: "[g.next(5).value, g.next(1).value]",
    value: [15, 16],
  },
  {
    what: "an async generator in the middle",
    script: "const ag = (async function* () { yield 1; yield 2 })(); await ag.next(); 1",
    look: "(await ag.next()).value",
    value: 2,
  },
  {
    what: "a promise with reactions",
    script: "let resolve; const waiting = new Promise((r) => resolve = r).then((x) => x * 2); 1",
    look: "resolve(21); await waiting",
    value: 42,
  },
  {
    what: "an async function in the middle",
    script: "let go; const ended = (async () => 'got ' + await new Promise((r) => go = r))(); 1",
    look: "go('it'); await ended",
    value: "got it",
  },
  {
    what: "a Map, a Set and their order",
    script: "const map = new Map([[NaN, 'nan'], ['b', 1]]), set = new Set([3, 1, map])",
    look: "[map.get(NaN), [...map.keys()], [...set].indexOf(map)]",
    value: ["nan", [NaN, "b"], 2],
  },
  {
    what: "symbols",
    script: "const secret = Symbol('secret'), holder = { [secret]: 1, [Symbol.for('shared')]: 2 }",
    look: "[holder[secret], holder[Symbol.for('shared')], secret.description, holder[Symbol('secret')]]",
    value: [1, 2, "secret", undefined],
  },
  {
    what: "weak references",
    script: "let target = { a: 1 }; const ref = new WeakRef(target), weak = new WeakMap([[target, 2]])",
    look: "[ref.deref() === target, weak.get(target)]",
    value: [true, 2],
  },
  {
    what: "a regular expression and where it stands",
    script: "const re = /(?<word>\\w+) /g; re.exec('one two three ')",
    look: "[re.lastIndex, re.exec('one two three ').groups.word]",
    value: [4, "two"],
  },
  {
    what: "typed arrays on one buffer",
    script: "const all = new Uint8Array([1, 2, 3, 4]), part = new Uint16Array(all.buffer, 2)",
    look: "all[2] = 255; [part[0], part.buffer === all.buffer]",
    value: [0x4ff, true],
  },
  { what: "a date", script: "const then = new Date(86_400_000)", look: "then", value: new Date(86_400_000) },
  { what: "a large integer", script: "const large = 3n ** 100n", look: "large", value: 3n ** 100n },
  {
    what: "a proxy",
    script: "const proxy = new Proxy({}, { get: (_, key) => `got ${String(key)}` })",
    look: "proxy.any",
    value: "got any",
  },
  {
    what: "a cycle",
    script: "const cycle = { list: [] }; cycle.list.push(cycle)",
    look: "cycle.list[0].list[0] === cycle",
    value: true,
  },
  {
    what: "an error and its stack",
    script: "let caught; try { null.x } catch (error) { caught = error }",
    look: "[caught instanceof TypeError, caught.stack.includes('script.js:1')]",
    value: [true, true],
  },
];
