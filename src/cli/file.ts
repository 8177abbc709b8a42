import { isSealed } from "../guest/seal.ts";
import { Script } from "../script.ts";
import { UsageError } from "./usage_error.ts";
import { visibleLine } from "./visible.ts";

/** Reads a file or standard input (`-`) whole, up to a limit: it may be endless. */
export async function readFile(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    const stream = path === "-" ? Deno.stdin.readable : (await Deno.open(path)).readable;
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) throw new UsageError(`Cannot read ${label(path)}: it is over ${limit} bytes`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${label(path)}: ${reason(error)}`);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** A script from a file, and its name unless it was compiled with one. */
export interface ScriptFile {
  readonly script: string | Script;
  readonly name?: string;
}

/** Reads a script, as text or compiled. */
export async function readScript(path: string, limit: number): Promise<ScriptFile> {
  const bytes = await readFile(path, limit);
  if (isSealed("snapshot", bytes)) {
    throw new UsageError(`Cannot read the script ${label(path)}: it is a snapshot, which goes with --snapshot`);
  }
  if (isSealed("script", bytes)) {
    return { script: naming("the script", path, () => Script.load(bytes)) };
  }
  const name = path === "-" ? "stdin" : visibleLine(path.split("/").at(-1)!);
  return { script: new TextDecoder().decode(bytes), name };
}

/** Does what may refuse the bytes of a file, and names the file if it does. */
export function naming<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = (error as Error).message;
    throw message?.includes(what) ? new UsageError(message.replace(what, () => `${what} ${label(path)}`)) : error;
  }
}

/** What a path is called in messages. */
export function label(path: string): string {
  return path === "-" ? "standard input" : JSON.stringify(path);
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory || /directory/i.test(String(error))) return "it is a folder";
  if (error instanceof Deno.errors.NotCapable) return "deno was not given --allow-read for it";
  if (error instanceof Deno.errors.PermissionDenied) return "the system denies it";
  return error instanceof Error ? error.message : String(error);
}
