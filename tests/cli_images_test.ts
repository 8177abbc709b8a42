import assert from "assert";
import { file, folder, sandglass, sandglassBytes, start } from "./command.ts";

const WRITES = [`--allow-read=${folder}`, `--allow-write=${folder}`];

const library = await file(
  "library.js",
  "const rates = new Map(data); console.log('warming'); const rate = (n) => rates.get(n)",
);
const rates = await file("rates.json", '[["EUR", 1], ["USD", 1.25]]');
const use = await file("use.js", "rate(data) * 50");
const snapshot = `${folder}/rates.snapshot`;
const warmed = await sandglass(["warm", library, "--data", rates, "-o", snapshot], "", WRITES);

/** Names in the folder of what is no file of a test. */
function leftovers(): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.startsWith(".sandglass"));
}

Deno.test("warm writes a snapshot, which run starts from in another process", async () => {
  const size = Deno.statSync(snapshot).size;
  assert.deepEqual([warmed.code, warmed.stdout], [0, ""]);
  assert.match(warmed.stderr, /^warming\nWrote ".+rates.snapshot", [\d.]+ KiB\n$/);
  assert(size > 100 && size < 100_000, String(size));
  const { code, stdout, stderr } = await sandglass(["run", use, "--snapshot", snapshot, "--data", "-"], '"USD"');
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "62.5\n", stderr: "" });
  assert.deepEqual(leftovers(), []);
});

Deno.test("warm goes on from a snapshot, and writes to standard output", async () => {
  const { bytes, code } = await sandglassBytes(
    ["warm", "-", "--snapshot", snapshot, "-o", "-"],
    "var twice = rate('USD') * 2",
  );
  assert.equal(code, 0);
  const more = await file("more.snapshot", bytes);
  assert.equal((await sandglass(["run", "-", "--snapshot", more], "[twice, rate('EUR')]")).stdout, "[ 2.5, 1 ]\n");
});

Deno.test("compile writes a script that run and warm take, with its name", async () => {
  const source = await file("square.js", "var square = (n) => n ** 2;\nsquare(data)");
  const compiled = `${folder}/square.compiled`;
  const { code, stdout, stderr } = await sandglass(["compile", source, "-o", compiled], "", WRITES);
  assert.deepEqual([code, stdout], [0, ""]);
  assert.match(stderr, /^Wrote ".+square.compiled", \d+ B\n$/);
  assert.equal((await sandglass(["run", compiled, "--data", "-"], "7")).stdout, "49\n");
  const warm = await sandglassBytes(["warm", compiled, "-o", "-", "--data", "-"], "7");
  const squared = await file("square.snapshot", warm.bytes);
  assert.equal((await sandglass(["run", "-", "--snapshot", squared], "square(5) + data")).stdout, "32\n");
  const fails = await sandglassBytes(["compile", "-", "-o", "-"], "\nnone()");
  const { stderr: failure } = await sandglass(["run", await file("fails.compiled", fails.bytes)]);
  assert.match(failure, /^The script "stdin" failed: ReferenceError: none is not defined \(stdin:2:1\)\n/);
});

Deno.test("a script that does not parse is shown as run shows it, and nothing is written", async () => {
  const wrong = await file("wrong.js", "let a;\nlet = = 1");
  const output = `${folder}/wrong.compiled`;
  const compiled = await sandglass(["compile", wrong, "-o", output], "", WRITES);
  const run = await sandglass(["run", wrong]);
  assert.deepEqual(compiled, run);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /^Cannot parse the script "wrong.js": SyntaxError: .+ \(wrong.js:2:\d+\)\n/);
  assert.throws(() => Deno.statSync(output), Deno.errors.NotFound);
});

Deno.test("a script that fails in warm has run's status, and what was there stays", async () => {
  const kept = await file("kept.snapshot", "before");
  const cases: [script: string, flags: string[], code: number][] = [
    ["throw new Error('no')", [], 1],
    ["for (;;) {}", ["--time", "20ms"], 3],
    ["await new Promise(() => {})", [], 1],
    ["data", ["--data", use], 2],
  ];
  await Promise.all(cases.map(async ([script, flags, code]) => {
    const ended = await sandglass(["warm", "-", "-o", kept, ...flags], script, WRITES);
    assert.deepEqual([ended.code, ended.stdout], [code, ""], script);
    assert.equal(Deno.readTextFileSync(kept), "before");
  }));
});

Deno.test("a snapshot or script that cannot be used is status 2 and one line that names the file", async () => {
  const bytes = await Deno.readFile(snapshot);
  const compiled = (await sandglassBytes(["compile", use, "-o", "-"])).bytes;
  const altered = bytes.with(bytes.length - 9, bytes.at(-9)! ^ 255);
  const other = bytes.with(20, bytes[20]! ^ 1);
  const cut = await file("cut.snapshot", bytes.slice(0, -10));
  const cases: [args: string[], line: RegExp][] = [
    [["--snapshot", use], /^Cannot read the snapshot ".+use.js": these bytes are none of Sandglass$/],
    [["--snapshot", cut], /^Cannot read the snapshot ".+cut.snapshot": it is cut: \d+ of \d+ bytes are left$/],
    [
      ["--snapshot", await file("altered.snapshot", altered)],
      /^Cannot read the snapshot ".+altered.snapshot": it was alt/,
    ],
    [
      ["--snapshot", await file("other.snapshot", other)],
      /^Cannot read the snapshot ".+other.snapshot": another guest/,
    ],
    [
      ["--snapshot", await file("use.compiled", compiled)],
      /^Cannot read the snapshot ".+use.compiled": these .+ script$/,
    ],
    [["--snapshot", folder], /^Cannot read ".+": it is a folder$/],
    [["--snapshot", `${folder}/none`], /^Cannot read ".+none": there is no such file$/],
  ];
  const runs = cases.flatMap(([flags, line]) =>
    ["run", "warm"].map((command) => ({ args: [command, use, ...flags], line }))
  );
  const scripts = [
    {
      args: ["run", snapshot],
      line: /^Cannot read the script ".+rates.snapshot": it is a snapshot, which goes with --sn/,
    },
    { args: ["run", await file("c.js", compiled.slice(0, -3))], line: /^Cannot read the script ".+c.js": it is cut/ },
    { args: ["compile", `${folder}/use.compiled`], line: /^Cannot compile ".+use.compiled": it is a compiled script$/ },
  ];
  await Promise.all([...runs, ...scripts].map(async ({ args, line }) => {
    if (args[0] !== "run") args.push("-o", `${folder}/never`);
    const { code, stdout, stderr } = await sandglass(args, "", WRITES);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr.trimEnd(), line);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }));
  assert.throws(() => Deno.statSync(`${folder}/never`), Deno.errors.NotFound);
});

Deno.test("a snapshot that is too large for the memory limit says so", async () => {
  const { bytes } = await sandglassBytes(["warm", "-", "-o", "-"], "var a = new Array(1e6).fill(1)");
  const large = await file("large.snapshot", bytes);
  const { code, stderr } = await sandglass(["run", use, "--snapshot", large, "--memory", "4MiB"]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^Cannot start from the snapshot ".+large.snapshot": its world takes \d+ bytes, more than .+\n$/,
  );
});

Deno.test("an output that cannot be written is status 2 and one line, before the script runs", async () => {
  const logs = await file("logs.js", "console.log('ran')");
  const cases: [args: string[], permissions: string[] | undefined, line: RegExp][] = [
    [[], WRITES, /^Cannot (warm|compile): no file to write is named \(-o FILE\). See sandglass (warm|compile) --help$/],
    [["-o", `${folder}/none/x`], WRITES, /^Cannot write ".+none\/x": there is no such folder$/],
    [["-o", `${logs}/x`], WRITES, /^Cannot write ".+logs.js\/x": there is a file where its folder would be$/],
    [["-o", folder], WRITES, /^Cannot write ".+": it is a folder$/],
    [
      ["-o", `${folder}/x`],
      undefined,
      /^Cannot write ".+x": deno was not given --allow-read and --allow-write for its/,
    ],
    [
      ["-o", "/never"],
      WRITES,
      /^Cannot write "\/never": deno was not given --allow-read and --allow-write for its folder$/,
    ],
    [["-o"], WRITES, /^Cannot read the command line: Option '-o, --output <value>' argument missing$/],
  ];
  const runs = ["warm", "compile"].flatMap((command) => cases.map((given) => ({ command, given })));
  await Promise.all(runs.map(async ({ command, given: [flags, permissions, line] }) => {
    const args = [command, logs, ...flags];
    const { code, stdout, stderr } = await sandglass(args, "", permissions);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr.trimEnd(), line);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }));
  assert.deepEqual(leftovers(), []);
});

Deno.test("an output replaces the file that was there, through a link too, and keeps who may read it", async () => {
  const secret = await file("secret.snapshot", "before");
  Deno.chmodSync(secret, 0o600);
  Deno.symlinkSync(secret, `${folder}/link`);
  const { code } = await sandglass(["warm", "-", "-o", `${folder}/link`], "var n = 4", WRITES);
  assert.equal(code, 0);
  assert.equal(Deno.statSync(secret).mode! & 0o777, 0o600);
  assert(Deno.lstatSync(`${folder}/link`).isSymlink);
  assert.equal((await sandglass(["run", "-", "--snapshot", secret], "n")).stdout, "4\n");
});

Deno.test("a warm that is killed in the middle leaves no file", async () => {
  const output = `${folder}/killed.snapshot`;
  const endless = await file("endless.js", "console.log('begun'); for (;;) {}");
  const process = start(["warm", endless, "-o", output, "--time", "60s", "--fuel", "1e15"], WRITES);
  const reader = process.stderr.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "begun\n");
  process.kill("SIGKILL");
  reader.releaseLock();
  await Promise.all([process.stdin.close(), process.stdout.cancel(), process.stderr.cancel()]);
  assert.equal((await process.status).signal, "SIGKILL");
  assert.throws(() => Deno.statSync(output), Deno.errors.NotFound);
  assert.deepEqual(leftovers(), []);
});
