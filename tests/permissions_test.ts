import assert from "assert";
import { run, Sandbox, Script } from "@sandglass/sandglass";

Deno.test({
  name: "scripts run with no permission at all",
  permissions: "none",
  fn: async () => {
    assert.equal(await run("data * 2", { data: 21 }), 42);
    const warm = await new Sandbox().warm("const f = () => data.length", { data: new Array(20_000).fill({ a: 1 }) });
    assert.equal(await new Sandbox({ snapshot: warm.snapshot() }).open().run("f()"), 20_000);
    assert.equal(await run(Script.load(Script.compile("6 * 7").bytes)), 42);
    assert.match(new Sandbox({ seed: 1 }).runSync<string>("typeof Date.now() + Math.random()"), /^number0\./);
  },
});

Deno.test("the first lines of the README run with no permission flag", async () => {
  const root = new URL("..", import.meta.url).pathname;
  const readme = await Deno.readTextFile(`${root}README.md`);
  const block = /```ts\n(.*?)```/s.exec(readme)![1]!;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, block.replace(/^await run.*\/\/ 6$/m, "console.log($&\n)").replace("; // 6", ""));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--config", `${root}deno.json`, file],
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(file);
  const decoder = new TextDecoder();
  assert.deepEqual([code, decoder.decode(stdout)], [0, "6\n"], decoder.decode(stderr));
});
