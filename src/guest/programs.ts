import type { Limits } from "../limits.ts";
import type { Compiled, Program, Spent } from "./program.ts";
import { baseImage, returnWorld, takeWorld } from "./worlds.ts";

/** What is kept of texts that were compiled, in bytes over all sandboxes. */
const MOST_BYTES = 16 << 20;

/** What an entry takes beside its source and bytecode. */
const ENTRY_BYTES = 512;

/** The programs of one source text, by name. */
interface Entry {
  readonly names: Map<string, Compiled>;
  /** Whether it was used since it came to its place: then it gets another turn before it goes. */
  isUsed: boolean;
}

/** By source text, the next to go first. To note a use in the order itself would cost each run some 10 µs. */
const kept = new Map<string, Entry>();
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
  const entry = kept.get(source);
  const known = entry?.names.get(name);
  if (known !== undefined && fits(known, limits)) {
    entry!.isUsed = true;
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
  const entry = kept.get(source) ?? { names: new Map(), isUsed: false };
  const earlier = entry.names.get(compiled.program.name);
  if (earlier !== undefined) keptBytes -= bytesOf(source, earlier);
  entry.names.set(compiled.program.name, compiled);
  kept.delete(source);
  kept.set(source, entry);
  keptBytes += bytes;
  for (const [text, oldest] of kept) {
    if (keptBytes <= MOST_BYTES) break;
    kept.delete(text);
    if (kept.size > 0 && (oldest.isUsed || oldest === entry)) {
      oldest.isUsed = false;
      kept.set(text, oldest);
    } else {
      for (const old of oldest.names.values()) keptBytes -= bytesOf(text, old);
    }
  }
}

function bytesOf(source: string, { program }: Compiled): number {
  return 2 * source.length + program.bytecode.length + ENTRY_BYTES;
}
