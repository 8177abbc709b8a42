import { job } from "./job.ts";

await job("start-up", "one script in sandglass", () => start("one_script.ts"), "2\n");
await job("start-up", "an empty file", () => start("empty.ts"), "");

/** Runs a file in a process of its own, without any permission, and gives what it printed. */
async function start(file: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", new URL(`./start_up/${file}`, import.meta.url).href],
    env: { DENO_NO_UPDATE_CHECK: "1" },
    stderr: "inherit",
  });
  return new TextDecoder().decode((await command.output()).stdout);
}
