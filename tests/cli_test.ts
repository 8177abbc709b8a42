import assert from "assert";
import { file, folder, sandglass } from "./command.ts";

const sum = await file("sum.js", "console.log('adding', data.length); data.reduce((a, b) => a + b)");
const numbers = await file("numbers.json", "[1, 2, 3]");

Deno.test("run prints the value on standard output and the log on standard error", async () => {
  const { code, stdout, stderr } = await sandglass(["run", sum, "--data", numbers]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "6\n", stderr: "adding 3\n" });
});

Deno.test("run reads data or the script from standard input", async () => {
  assert.equal((await sandglass(["run", sum, "--data", "-"], "[4, 5]")).stdout, "9\n");
  assert.equal((await sandglass(["run", "-", "--data", numbers], "data.at(-1)")).stdout, "3\n");
});

Deno.test("run reads msgpack", async () => {
  const data = await file("numbers.msgpack", new Uint8Array([0x92, 7, 8]));
  assert.equal((await sandglass(["run", sum, "--data", data, "--format", "msgpack"])).stdout, "15\n");
});

Deno.test("run prints JSON if asked, and what the run cost", async () => {
  const script = await file("object.js", "({ a: [1, 'x'], b: undefined })");
  const { stdout, stderr } = await sandglass(["run", script, "--json", "--stats"]);
  assert.equal(stdout, '{"a":[1,"x"]}\n');
  assert.match(stderr, /Time +[\d.]+ ms +1,000 ms\n +Fuel +\d/);
});

Deno.test("a script that fails is status 1, with its own stack and nothing of the host", async () => {
  const script = await file("bad.js", "function f() {\n  throw new TypeError('no');\n}\nf()");
  const { code, stdout, stderr } = await sandglass(["run", script, "--data", numbers]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^The script "bad.js" failed: TypeError: .+ \(bad.js:2:\d+\)\n +at f \(bad.js:2/);
  assert.doesNotMatch(stderr, /\.ts|file:|wasm/);
});

Deno.test("a limit is status 3", async () => {
  const script = await file("endless.js", "for (;;) {}");
  const time = await sandglass(["run", script, "--time", "30ms"]);
  assert.deepEqual([time.code, time.stderr], [3, "Stopped the run: it has taken limits.timeMs, 30 ms\n"]);
  assert.equal((await sandglass(["run", script, "--fuel", "1e5"])).code, 3);
  const hungry = await file("hungry.js", "const a = []; for (;;) a.push(new Array(1000).fill(0))");
  assert.match((await sandglass(["run", hungry, "--memory", "8MB"])).stderr, /limits.memoryBytes, 8000000/);
});

Deno.test("wrong use is status 2 and one clear line", async () => {
  const cases: [args: string[], line: RegExp][] = [
    [["run"], /^Cannot run: no script is named/],
    [["run", sum, sum], /^Cannot run ".+sum.js" too: one script at a time$/],
    [["run", sum, "--bogus"], /^Cannot read the command line: Unknown option '--bogus'$/],
    [["run", sum, "--data"], /^Cannot read the command line: Option '--data <value>' argument missing$/],
    [["bogus"], /^Cannot find the command "bogus"/],
    [["run", `${folder}/none.js`], /^Cannot read ".+none.js": there is no such file$/],
    [["run", folder], /^Cannot read ".+": it is a folder$/],
    [["run", "/etc/hostname"], /^Cannot read "\/etc\/hostname": deno was not given --allow-read for it$/],
    [
      ["run", sum, "--data", sum],
      /^Cannot read the input ".+sum.js": at byte 0 it has no value here, near "console.log/,
    ],
    [["run", sum, "--data", numbers, "--format", "yaml"], /^Cannot read the data as "yaml"/],
    [["run", sum, "--time", "5x"], /^Cannot read --time "5x": it takes a time such as 50ms or 2s$/],
    [["run", sum, "--time", "0"], /^Cannot set limits.timeMs to 0: it takes a number from 1/],
    [["run", sum, "--memory", "1MB"], /^Cannot set limits.memoryBytes to 1000000/],
    [["run", sum, "--fuel", "1.5"], /^Cannot set limits.fuel to 1.5: it takes a whole number/],
    [["run", "-", "--data", "-"], /^Cannot read both script and data from standard input$/],
    [["run", sum, "--snapshot", "-", "--data", "-"], /^Cannot read both data and snapshot from standard input$/],
    [["repl", sum], /^Cannot run ".+sum.js" in the REPL. See sandglass repl --help$/],
    [["repl", "--snapshot", "-"], /^Cannot read both snapshot and lines from standard input$/],
    [["repl", "--time", "0"], /^Cannot set limits.timeMs to 0/],
    [["repl", "--snapshot", `${folder}/none`], /^Cannot read ".+none": there is no such file$/],
  ];
  await Promise.all(cases.map(async ([args, line]) => {
    const { code, stdout, stderr } = await sandglass(args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr.trimEnd(), line);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }));
});

Deno.test("control characters of a script do not reach the terminal's eyes", async () => {
  const script = await file("colour.js", "console.log('\\x1b[2J'); throw new Error('\\x1b]0;x\\x07')");
  const { stderr } = await sandglass(["run", script]);
  assert(!stderr.includes("\x1b") && !stderr.includes("\x07"), JSON.stringify(stderr));
  assert.match(stderr, /\\x1b\[2J/);
});

Deno.test("a file's name may be anything and steers nothing", async () => {
  const script = await file("a\x1b[2J\n\u2028\u202e\x9bb.js", "nope");
  const failed = await sandglass(["run", script]);
  assert.match(failed.stderr, /^The script "a\\\\x1b\[2J\\\\x0a\\\\u2028\\\\u202e\\\\x9bb.js" failed: ReferenceError/);
  assert.equal(failed.code, 1);
  const missing = await sandglass(["run", `${folder}/\x1b[2J\x9b2J\u202e.js`]);
  assert.match(missing.stderr, /^Cannot read ".+\\u001b\[2J\\x9b2J\\u202e.js": there is no such file\n$/);
});

Deno.test("help teaches and the version is told", async () => {
  assert.match((await sandglass(["--help"])).stdout, /Usage: sandglass COMMAND/);
  for (const command of ["run", "warm", "compile", "repl"]) {
    const { stdout } = await sandglass([command, "--help"]);
    assert.match(stdout, new RegExp(`Usage: sandglass ${command} [^]+Exit status: 0 fine[^]+Examples:[^]+sandglass`));
    assert(stdout.split("\n").every((line) => line.length <= 120), stdout);
  }
  assert.match((await sandglass(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await sandglass([])).code, 2);
});
