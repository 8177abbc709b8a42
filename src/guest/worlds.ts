import type { Image, WholeImage } from "../engine/image.ts";
import { World } from "./world.ts";

/** Worlds that wait for a run at most, and the memory that they hold together at most, over all sandboxes. */
const MOST_IDLE = 8;
const MOST_IDLE_BYTES = 256 << 20;

/** Worlds that wait, the last used last. Any sandbox may take any: each run starts by copying its image in. */
const idle: { world: World; memoryBytes: number }[] = [];

let base: WholeImage | undefined;

/**
 * A world with this memory limit. Of those that wait: one that holds `image`; else one that holds none, as another image
 * may be asked for next; else the one that has waited longest, if no more can wait.
 */
export function takeWorld(memoryBytes: number, image: Image): World {
  const find = (fits: (world: World) => boolean) => {
    return idle.findLastIndex((entry) => entry.memoryBytes === memoryBytes && fits(entry.world));
  };
  let index = find((world) => world.holds === image);
  if (index < 0) index = find((world) => world.holds === undefined);
  if (index < 0 && idle.length === MOST_IDLE) index = idle.findIndex((entry) => entry.memoryBytes === memoryBytes);
  return index < 0 ? new World(memoryBytes) : idle.splice(index, 1)[0]!.world;
}

/** Gives a world back when its run is over. One that grew is kept too: a dropped one waits for garbage collection. */
export function returnWorld(world: World, memoryBytes: number): void {
  idle.push({ world, memoryBytes });
  let bytes = idle.reduce((sum, entry) => sum + entry.world.memoryBytes, 0);
  while (idle.length > MOST_IDLE || bytes > MOST_IDLE_BYTES) bytes -= idle.shift()!.world.memoryBytes;
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
