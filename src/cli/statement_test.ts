import assert from "assert";
import { scriptOf } from "./statement.ts";

const INCOMPLETE = [
  "for(let i=0;i<3;i++) {",
  "`abc",
  "`abc\n",
  "'é😀' + `",
  "`a${1} b",
  "`a${`b",
  "`a${",
  "`a${b",
  "f(",
  "f(...",
  "({a:",
  "({a",
  "({a,",
  "/* x",
  "1 + /*",
  "if (1) {\n 2",
  "if (1)",
  "if (1) 2; else",
  "x = {",
  "x = { // é",
  "async () => {",
  "async function f() { await g(",
  "await f(",
  "a +",
  "a + // more",
  "é +",
  "(1 +\n",
  "[1,2",
  "'abc\\",
  "f('abc\\\ndef\\",
  "{",
  "{ a: 1, b: {",
  "{ a: 1,\n  b: 2,",
  "let x =",
  "let {",
  "let {a, b: [",
  "const {\n  a,\n",
  "const {a} = {",
  "for (const [a,",
  "var a,",
  "class A",
  "class A {",
  "class A { f() {",
  "class A extends",
  "function",
  "function f(",
  "function* g",
  "switch (1) {",
  "try {}",
  "try {} catch",
  "do {} while",
  "export",
  "import { a",
  "import x from",
  "a.",
  "a\n?.",
  "a ? b :",
  "throw",
];

const WRONG = [
  "'abc",
  "'abc\ndef",
  "'abc\n\\",
  '1 + "x',
  "foo bar",
  "foo bar(",
  "}",
  "let a; let a",
  "let {a}",
  "const a",
  ")",
  "{ ) ",
  "{ a: 1, b: ) {",
  "f(a b",
  "/a",
  "/[a\n",
  "/(/",
  "`\\u{x}`",
  "@",
  "0x",
  "1 = ",
  "++1",
  "break",
  "return",
  "super",
  "export { a }",
];

Deno.test("a text that more can make right asks for more", () => {
  for (const text of INCOMPLETE) assert.equal(scriptOf(text), undefined, JSON.stringify(text));
});

Deno.test("a text that nothing can make right, or that is whole, is the script as it stands", () => {
  for (const text of WRONG) assert.equal(scriptOf(text), text, JSON.stringify(text));
  for (
    const text of ["", " ", "1", "a;", "// c", "{ let a = 1 }", "{ a: 1 };", "{ a: 1 }; 2", "await 1", "let", "`${1}`"]
  ) {
    assert.equal(scriptOf(text), text, JSON.stringify(text));
  }
});

Deno.test("a text that begins with a brace is an object if it can be", () => {
  assert.equal(scriptOf("{}"), "({}\n)");
  assert.equal(scriptOf(" { a: 1, b: 2 } // c"), "( { a: 1, b: 2 } // c\n)");
  assert.equal(scriptOf("{ a, ...b }"), "({ a, ...b }\n)");
});
