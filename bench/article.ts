import type { Results } from "./results.ts";

/** Where the track's data and the published figures are from. */
export const ARTICLE = {
  title: "Plugins for Rust",
  url: "https://reorchestrate.com/posts/plugins-for-rust",
  machine: "native Rust and wasmtime on a desktop of 16 cores, January 2023",
};

/** One way to bring script and data to the engine, as the article tells it. */
interface Way {
  readonly name: string;
  readonly publishedMs: number;
  /** The group whose jobs go this way. */
  readonly group: string;
  /** Set if nothing is snapshotted, not even the engine's context. */
  readonly isPlain?: boolean;
}

/** The ways, in the order of the article. */
export const WAYS: readonly Way[] = [
  { name: "data evaluated as source", publishedMs: 8.3, group: "track: data as source", isPlain: true },
  { name: "context snapshotted", publishedMs: 8.1, group: "track: data as source" },
  { name: "functions snapshotted", publishedMs: 7.97, group: "track: functions in the image" },
  { name: "functions and data snapshotted", publishedMs: 0.89, group: "track: data in the image" },
  { name: "JSON injected", publishedMs: 2.5, group: "track: JSON injected" },
  { name: "MessagePack injected", publishedMs: 2.5, group: "track: MessagePack injected" },
];

/** Names of the jobs in each of the groups. */
export const JOBS = {
  seen: "sandglass",
  unseen: "sandglass, a new text",
  snapshot: "sandglass, a new text from a snapshot's bytes",
  restored: "quickjs-wasi, restored",
  restoredFromBytes: "quickjs-wasi, restored as its README does",
  plain: "quickjs-wasi",
} as const;

/** Milliseconds of a way; undefined where an engine does not have it. */
export interface Figures {
  readonly name: string;
  readonly unseen?: number;
  readonly seen?: number;
  readonly snapshot?: number;
  readonly peer?: number;
  readonly published: number;
}

/** What all ways took. */
export function articleFigures(results: Results): Figures[] {
  return WAYS.map(({ name, publishedMs, group, isPlain = false }) => {
    const names = results.names(group);
    const ms = (job: string) => names.includes(job) ? results.median(group, job) / 1000 : undefined;
    return {
      name,
      unseen: ms(JOBS.unseen),
      seen: ms(JOBS.seen),
      snapshot: isPlain ? undefined : ms(JOBS.snapshot),
      peer: ms(isPlain ? JOBS.plain : JOBS.restored),
      published: publishedMs,
    };
  });
}
