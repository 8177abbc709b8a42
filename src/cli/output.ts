import { formatBytes } from "./quantity.ts";
import { UsageError } from "./usage_error.ts";
import { visible } from "./visible.ts";

/** The flag that names the file to write. */
export const OUTPUT_FLAG = { output: { type: "string", short: "o" } } as const;

/** Refuses an output that is known to fail before the work is done; `-` is standard output. */
export async function checkOutput(path: string | undefined, command: string): Promise<string> {
  if (path === undefined) {
    throw new UsageError(`Cannot ${command}: no file to write is named (-o FILE). See sandglass ${command} --help`);
  }
  if (path !== "-") await find(path);
  else if (Deno.stdout.isTerminal()) {
    throw new UsageError("Cannot write to standard output: it is a terminal, and this is no text");
  }
  return path;
}

/** Writes a file, or standard output if it is `-`, and tells so. */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  if (path === "-") await writeAll(Deno.stdout, bytes);
  else await writeFile(path, bytes);
  const name = path === "-" ? "standard output" : visible(JSON.stringify(path));
  console.error(`Wrote ${name}, ${formatBytes(bytes.length)}`);
}

/** Writes a file whole or not at all: its name never leads to half of it, whatever ends this process. */
async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  const { target, folder, mode } = await find(path);
  try {
    if (folder === undefined) {
      using device = await Deno.open(target, { write: true });
      return await writeAll(device, bytes);
    }
    const temporary = `${folder}.sandglass-${crypto.randomUUID()}`;
    try {
      using file = await Deno.open(temporary, { write: true, createNew: true, mode });
      await writeAll(file, bytes);
      await file.syncData();
      await Deno.rename(temporary, target);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {}); // it may be that it was not made
      throw error;
    }
  } catch (error) {
    throw refusal(path, error);
  }
}

/** Where bytes for a path go. */
interface Place {
  readonly target: string;
  /** The folder of it; none for a device or a pipe, which is written as it is. */
  readonly folder?: string;
  /** Who may do what with the file that is there. */
  readonly mode?: number;
}

async function find(path: string): Promise<Place> {
  try {
    const present = await Deno.stat(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (present?.isDirectory) throw new Deno.errors.IsADirectory();
    if (present?.isFile === false) return { target: path };
    const target = present === undefined ? path : await Deno.realPath(path); // a link stays one
    const folder = target.replace(Deno.build.os === "windows" ? /[^\\/]*$/ : /[^/]*$/, "");
    await Deno.stat(folder || ".");
    const { state } = await Deno.permissions.request({ name: "write", path: folder || "." });
    if (state !== "granted") throw new Deno.errors.NotCapable();
    return { target, folder, mode: present?.mode === null ? undefined : present?.mode };
  } catch (error) {
    throw refusal(path, error);
  }
}

async function writeAll(output: { write(bytes: Uint8Array): Promise<number> }, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await output.write(bytes.subarray(at));
}

function refusal(path: string, error: unknown): UsageError {
  return new UsageError(`Cannot write ${JSON.stringify(path)}: ${reason(error)}`);
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such folder";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotADirectory) return "there is a file where its folder would be";
  if (error instanceof Deno.errors.NotCapable) {
    return "deno was not given --allow-read and --allow-write for its folder";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "the system denies it";
  return error instanceof Error ? error.message : String(error);
}
