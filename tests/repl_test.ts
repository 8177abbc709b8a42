import assert from "assert";
import { file, folder, sandglass } from "./command.ts";

const WRITES = [`--allow-read=${folder}`, `--allow-write=${folder}`];

/** Pipes lines into the REPL. */
async function repl(lines: string[], flags: string[] = [], permissions = WRITES) {
  return await sandglass(["repl", ...flags], lines.join("\n"), permissions);
}

Deno.test("lines share a session, and their values are printed as console.log shows them", async () => {
  const { code, stdout, stderr } = await repl([
    "let n = 20",
    "const add = (a, b) => a + b; class Point { x = 1 }",
    "add(n, 1)",
    "'a' + 'b'",
    "[1, 'x', new Point(), Symbol('s'), () => 1]",
    "{ a: 1, b: 2 }",
    "await Promise.resolve(new Map([[1, 2]]))",
    "undefined",
    "'undefined'",
    "null",
    "",
    "// nothing",
    ".5 + 1",
  ]);
  assert.deepEqual(stdout.split("\n"), [
    "21",
    '"ab"',
    '[ 1, "x", Point { x: 1 }, Symbol(s), [Function] ]',
    "{ a: 1, b: 2 }",
    "Map(1) { 1 => 2 }",
    '"undefined"',
    "null",
    "1.5",
    "",
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
});

Deno.test("a script may take several lines", async () => {
  const lines = [
    "function f(a) {",
    "  // }",
    "  return a +",
    "    `x",
    "${a}`",
    "}",
    "f(1)",
    "({",
    "a: 1 })",
    "[1,",
    "",
    "2]",
  ];
  const { code, stdout } = await repl(lines);
  assert.deepEqual([code, stdout], [0, '"1x\\n1"\n{ a: 1 }\n[ 1, 2 ]\n']);
});

Deno.test("lines may end as Windows ends them", async () => {
  assert.equal((await sandglass(["repl"], "let a = [\r\n1]\r\na\r\n")).stdout, "[ 1 ]\n");
});

Deno.test("an error is told with the script's stack, and the session goes on with what was done", async () => {
  const { code, stdout, stderr } = await repl([
    "let n = 1",
    "function f() { n = 2; throw new TypeError('no') }",
    "f()",
    "n",
    "foo bar",
    "n + 1",
    "throw { a: 1 }",
    "const n = 4",
    "n",
  ]);
  assert.deepEqual([code, stdout], [1, "2\n3\n2\n"]);
  assert.match(stderr, /^The script "repl" failed: TypeError: no \(repl:1:\d+\)\n +at f \(repl:1:\d+\)\n +at <eval> /);
  assert.match(stderr, /\nCannot parse the script "repl": SyntaxError: expecting ';' \(repl:1:5\)\n +at repl:1:5\n/);
  assert.match(
    stderr,
    /\nThe script "repl" failed: { a: 1 }\nThe script "repl" failed: SyntaxError: redeclaration of 'n'/,
  );
  assert.doesNotMatch(stderr, /\.ts|file:|wasm/);
});

Deno.test("a run that meets a limit is undone, and the state before it is kept", async () => {
  const lines = [
    "let n = 1",
    "n = 2; for (;;) {}",
    "n",
    "n = 3; const a = []; for (;;) a.push('x'.repeat(1e5) + n)",
    "n",
  ];
  const { code, stdout, stderr } = await repl(lines, ["--time", "200ms", "--memory", "4MB"]);
  assert.deepEqual([code, stdout], [1, "1\n1\n"]);
  const undone = "The run is undone: the session is as it was before it";
  assert.match(
    stderr,
    new RegExp(`^Stopped the run: .+limits.timeMs.+\n${undone}\n.+limits.memoryBytes.+\n${undone}\n$`),
  );
});

Deno.test("the log is printed as it is written, before the error that follows it", async () => {
  const { stdout, stderr } = await repl(["console.log('one', 2); 3", "console.error('four'); throw 5"]);
  assert.deepEqual([stdout, stderr], ["3\n", 'one 2\nfour\nThe script "repl" failed: 5\n']);
});

Deno.test("a session is saved, and loaded in this REPL and in others", async () => {
  const path = `${folder}/my session.snapshot`;
  const saving = await repl([
    "var n = 20; const f = () => n * 2",
    `.save ${path}`,
    "n = 3",
    "n",
    `.load ${path}`,
    "n",
    "f()",
  ]);
  assert.deepEqual([saving.code, saving.stdout], [0, "3\n3\n20\n40\n"]);
  assert.match(saving.stderr, /^Wrote ".+my session.snapshot", [\d.]+ KiB\n$/);
  assert.equal((await repl(["f() + 1"], ["--snapshot", path])).stdout, "41\n");
  assert.equal((await sandglass(["run", "-", "--snapshot", path], "f()")).stdout, "40\n");
});

Deno.test("loading keeps the limits, and starts the count again", async () => {
  const path = `${folder}/count.snapshot`;
  const { stdout } = await repl(["1", `.save ${path}`, "2", `.load ${path}`, ".usage", ".limits"], ["--time", "123ms"]);
  assert.match(stdout, / {2}In all: 0 runs, 0 ms, 0 fuel\n/);
  assert.match(stdout, / {2}Time +123 ms\n/);
});

Deno.test("a session goes back to its checkpoint as often as one likes", async () => {
  const lines = ["let n = 1", ".checkpoint", "n = 2", ".restore", "n", "n = 3", ".restore", "n"];
  assert.equal((await repl(lines)).stdout, "2\n1\n3\n1\n");
});

Deno.test("limits and usage are tables", async () => {
  const { code, stdout } = await repl([".limits", "1 + 1", "'x'.repeat(2000).length", ".usage"], ["--fuel", "1e6"]);
  assert.match(stdout, /^ +limit\n {2}Time +1,000 ms\n {2}Fuel +1,000,000\n {2}Memory +64 MiB\n/);
  assert.match(stdout, /\n +used +limit\n {2}Time +[\d.]+ ms +1,000 ms\n {2}Fuel +[\d,]+ +1,000,000\n/);
  assert.match(stdout, /\n {2}In all: 2 runs, [\d.]+ ms, [\d,]+ fuel\n$/);
  assert.equal(code, 0);
});

Deno.test("a command that cannot be done is one line and status 1, and the REPL goes on", async () => {
  const cases: [line: string, message: RegExp][] = [
    [".bogus", /^Cannot find the command ".bogus". See .help$/],
    [".constructor", /^Cannot find the command ".constructor". See .help$/],
    [".save", /^Cannot do .save: no file is named$/],
    [".exit now", /^Cannot do .exit with "now": it takes nothing$/],
    [".restore", /^Cannot restore: there is no checkpoint. See .checkpoint$/],
    [`.save ${folder}/none/x`, /^Cannot write ".+none\/x": there is no such folder$/],
    [".save /never", /^Cannot write "\/never": deno was not given --allow-read and --allow-write for its folder$/],
    [`.load ${folder}/none`, /^Cannot read ".+none": there is no such file$/],
    [
      `.load ${await file("foreign", "x")}`,
      /^Cannot read the snapshot ".+foreign": these bytes are none of Sandglass$/,
    ],
    [".load -", /^Cannot read ".\/-": /],
    [".bo\x1b[2Jgus", /^Cannot find the command ".bo\\u001b\[2Jgus". See .help$/],
  ];
  const { code, stdout, stderr } = await repl(["let n = 1", ...cases.map(([line]) => line), "n"]);
  assert.deepEqual([code, stdout], [1, "1\n"]);
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, cases.length, stderr);
  cases.forEach(([, message], index) => assert.match(lines[index]!, message));
});

Deno.test("help lists the commands and exit ends", async () => {
  const { code, stdout } = await repl([".help", ".exit", "1"]);
  assert.match(stdout, /^( {2}\.\w+( FILE)? +.+\n)+$/);
  for (const name of ["help", "save FILE", "load FILE", "limits", "usage", "checkpoint", "restore", "exit"]) {
    assert(stdout.includes(`  .${name} `), name);
  }
  assert.equal(code, 0);
});

Deno.test("what is not whole at the end is an error, unless the end was asked for", async () => {
  const { code, stderr } = await repl(["1", "f(1,"]);
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot parse the script "repl": SyntaxError: .+ \(repl:1:5\)\n/);
  assert.deepEqual(await repl([]), { code: 0, stdout: "", stderr: "" });
});

Deno.test("nothing of a script steers the terminal", async () => {
  const { stdout, stderr } = await repl([
    "console.log('\\x1b[2J\\u202e')",
    "'\\x1b[2J'",
    "Symbol('\\x1b]0;x\\x07')",
    "Object.defineProperty(() => {}, 'name', { value: '\\x9b2J' })",
    "Object.assign(new Error('\\x1b[3J'), { stack: '\\x1b[4J' })",
    "throw Object.assign(new Error('\\x1b[5J'), { stack: '\\x1b[6J' })",
    "throw '\\x1b[7J'",
    "\x1b[8J",
  ]);
  // deno-lint-ignore no-control-regex -- these are what it is about
  assert.doesNotMatch(stdout + stderr, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  for (const shown of ["x1b[2J\\u202e", "x1b]0;x", "x9b2J", "x1b[3J", "x1b[4J", "x1b[5J", "x1b[6J"]) {
    assert((stdout + stderr).includes(`\\${shown}`), shown);
  }
});
