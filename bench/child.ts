/** Runs a file of this folder in a process of its own, and gives what it printed as JSON. */
export async function runChild<T>(file: string): Promise<T> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(file, import.meta.url).href],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) Deno.exit(1); // it has said why
  return JSON.parse(new TextDecoder().decode(stdout));
}
