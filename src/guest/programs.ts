import type { Limits } from "../limits.ts";
import type { Compiled, Program } from "./program.ts";
import type { Spent } from "./run.ts";
import { baseImage, returnWorld, takeWorld } from "./worlds.ts";

/** What is kept of texts that were compiled, in bytes over all sandboxes; the ones used last are kept. */
const MOST_BYTES = 16 << 20;

/** What an entry takes beside its source and bytecode. */
const ENTRY_BYTES = 512;

/** Programs by source, then by name. The source used last comes last. */
const kept = new Map<string, Map<string, Compiled>>();
let keptBytes = 0;

/**
 * The program of a source text, compiled once for all runs of the text; and what that took, which every run has spent,
 * so that neither a run's cost nor its limits tell what ran before.
 *
 * It is compiled in a world that no script has touched: what one script does cannot reach another's program.
 *
 * @throws {SandboxError} `syntax`, or a limit.
 */
export function compiledOf(source: string, name: string, limits: Limits): { program: Program; spent: Spent } {
  const names = kept.get(source);
  const known = names?.get(name);
  if (known !== undefined && fits(known, limits)) {
    kept.delete(source);
    kept.set(source, names!);
    return known;
  }
  const start = performance.now();
  const compiled = compile(source, name, limits);
  keep(source, compiled);
  return { program: compiled.program, spent: { ...compiled.spent, ms: performance.now() - start } };
}

/** Whether these limits would have let it compile; if not, it does so again, to say which does not. */
function fits({ spent, stackBytes }: Compiled, limits: Limits): boolean {
  return spent.fuel <= limits.fuel && spent.memoryBytes <= limits.memoryBytes && stackBytes <= limits.stackBytes;
}

function compile(source: string, name: string, limits: Limits): Compiled {
  const base = baseImage(limits.memoryBytes);
  const world = takeWorld(limits.memoryBytes, base);
  try {
    return world.compile(base, source, name, limits);
  } finally {
    returnWorld(world, limits.memoryBytes);
  }
}

function keep(source: string, compiled: Compiled): void {
  const bytes = bytesOf(source, compiled);
  if (bytes > MOST_BYTES / 4) return;
  const names = kept.get(source) ?? new Map<string, Compiled>();
  const earlier = names.get(compiled.program.name);
  if (earlier !== undefined) keptBytes -= bytesOf(source, earlier);
  names.set(compiled.program.name, compiled);
  kept.delete(source);
  kept.set(source, names);
  keptBytes += bytes;
  for (const [oldest, entries] of kept) {
    if (keptBytes <= MOST_BYTES) break;
    for (const entry of entries.values()) keptBytes -= bytesOf(oldest, entry);
    kept.delete(oldest);
  }
}

function bytesOf(source: string, { program }: Compiled): number {
  return 2 * source.length + program.bytecode.length + ENTRY_BYTES;
}
