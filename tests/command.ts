const main = new URL("../src/cli/main.ts", import.meta.url).pathname;

/** A folder for the files of one test module; it goes when the module ends. */
export const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Writes a file for a test and gives its path. */
export async function file(name: string, text: string | Uint8Array): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
  return path;
}

/** Starts the command, with leave to read the folder, or as `permissions` say. */
export function start(args: string[], permissions = [`--allow-read=${folder}`]): Deno.ChildProcess {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, main, ...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  return command.spawn();
}

/** What the command came to. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end. */
export async function sandglass(args: string[], input = "", permissions?: string[]): Promise<Ended> {
  const { code, bytes, stderr } = await sandglassBytes(args, input, permissions);
  return { code, stdout: new TextDecoder().decode(bytes), stderr };
}

/** The same, with standard output as the bytes that it is. */
export async function sandglassBytes(
  args: string[],
  input: string | Uint8Array = "",
  permissions?: string[],
): Promise<{ code: number; bytes: Uint8Array; stderr: string }> {
  const process = start(args, permissions);
  const writer = process.stdin.getWriter();
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  await writer.write(bytes).catch(() => {}); // it may end without reading
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await process.output();
  return { code, bytes: stdout, stderr: new TextDecoder().decode(stderr) };
}
