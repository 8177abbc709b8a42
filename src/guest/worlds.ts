import type { Image } from "../engine/image.ts";
import { World } from "./world.ts";

/** Worlds that wait for a run at most, and the memory that they hold together at most, over all sandboxes. */
const MOST_IDLE = 8;
const MOST_IDLE_BYTES = 256 << 20;

/** Worlds that wait, the last used last. Any sandbox may take any: each run starts by copying its image in. */
const idle: { world: World; memoryBytes: number }[] = [];

let base: Image | undefined;

/** A world with this memory limit, new or used before. */
export function takeWorld(memoryBytes: number): World {
  const index = idle.findLastIndex((entry) => entry.memoryBytes === memoryBytes);
  return index < 0 ? new World(memoryBytes) : idle.splice(index, 1)[0]!.world;
}

/** Gives a world back when its run is over. One that grew is kept too: a dropped one waits for garbage collection. */
export function returnWorld(world: World, memoryBytes: number): void {
  idle.push({ world, memoryBytes });
  let bytes = idle.reduce((sum, entry) => sum + entry.world.memoryBytes, 0);
  while (idle.length > MOST_IDLE || bytes > MOST_IDLE_BYTES) bytes -= idle.shift()!.world.memoryBytes;
}

/** The image that the guest was built with, taken from the first world of all, which has not run yet. */
export function baseImage(first: World): Image {
  base ??= first.capture();
  return base;
}
