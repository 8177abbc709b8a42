import type { Image, WholeImage } from "../engine/image.ts";
import { World } from "./world.ts";

/** Worlds that wait for a run at most, and the memory that they hold together at most, over all sandboxes. */
const MOST_IDLE = 8;
const MOST_IDLE_BYTES = 256 << 20;

/** Worlds that wait, the last used last. Any sandbox may take any: each run starts by copying its image in. */
const idle: Idle[] = [];

interface Idle {
  readonly world: World;
  readonly memoryBytes: number;
}

let base: WholeImage | undefined;

/** Images from this size on run in a tracked guest: it takes 9 to 12 % more for a run, and hardly copies. */
const TRACKED_BYTES = 1 << 20;

function isLarge(image: Image): boolean {
  return image.end - image.start >= TRACKED_BYTES;
}

let tracked: WebAssembly.Module | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads the guest that is better for a large image; nothing if that is not so, or done. Until then such an image runs in
 * the other, which does the same.
 */
export function loadGuestFor(image: Image): Promise<void> | undefined {
  if (!isLarge(image) || tracked !== undefined) return undefined;
  // Where it cannot be loaded, the other goes on doing the same.
  loading ??= import("./quickjs_tracked.js").then(({ quickjsTracked }) => void (tracked = quickjsTracked), () => {});
  return loading;
}

/**
 * A world with this memory limit. Of those that wait: one that is near to `image`; else one that is near to none, as
 * another image may be asked for next; else the one that has waited longest, if no more can wait.
 *
 * @param foreign What comes from elsewhere into the run: a world that ran with the same has not to be cleared.
 */
export function takeWorld(memoryBytes: number, image: Image, foreign?: object): World {
  const module = isLarge(image) ? tracked : undefined;
  const isKind = (entry: Idle) => entry.memoryBytes === memoryBytes && entry.world.isTracked === (module !== undefined);
  let index = idle.findLastIndex((entry) => isKind(entry) && entry.world.near === image);
  const isFree = ({ world }: Idle) => world.near === undefined && world.foreign === foreign;
  if (index < 0) index = idle.findLastIndex((entry) => isKind(entry) && isFree(entry));
  if (index < 0 && idle.length === MOST_IDLE) index = idle.findIndex(isKind);
  return index < 0 ? new World(memoryBytes, module) : idle.splice(index, 1)[0]!.world;
}

/** Gives a world back when its run is over. One that grew is kept too: a dropped one waits for garbage collection. */
export function returnWorld(world: World, memoryBytes: number): void {
  idle.push({ world, memoryBytes });
  let bytes = idle.reduce((sum, entry) => sum + entry.world.memoryBytes, 0);
  while (idle.length > MOST_IDLE || bytes > MOST_IDLE_BYTES) bytes -= idle.shift()!.world.memoryBytes;
}

/** Lets go of an image that nobody will ask for again. */
export function forgetImage(image: Image): void {
  for (const { world } of idle) world.forget(image);
}

/** The image that the guest was built with, taken from the first world of all before it runs. */
export function baseImage(memoryBytes: number): WholeImage {
  if (base === undefined) {
    const world = new World(memoryBytes);
    base = world.capture();
    returnWorld(world, memoryBytes);
  }
  return base;
}
