import type { Image } from "./engine/image.ts";
import type { Age, Outcome, Wanted } from "./guest/run.ts";
import type { World } from "./guest/world.ts";
import { returnWorld, takeWorld } from "./guest/worlds.ts";
import { readTask, type RunOptions, type Terms } from "./options.ts";
import type { Script } from "./script.ts";

/** What differs between runs of a sandbox and runs of a session. */
export interface Manner {
  readonly wanted?: Wanted;
  readonly seed?: bigint;
  readonly age?: Age;
  /** Is called with the world if the run came to its own end, to keep what it did. */
  readonly keep?: (world: World) => void;
}

/** Runs a script from an image. */
export function execute(
  image: Image,
  { limits, console }: Terms,
  script: string | Script,
  options: RunOptions,
  { keep, ...manner }: Manner,
): Outcome {
  const task = readTask(script, options, limits);
  const world = takeWorld(limits.memoryBytes, image);
  try {
    return world.run(image, { ...task, ...manner, limits, console }, keep && (() => keep(world)));
  } finally {
    returnWorld(world, limits.memoryBytes);
  }
}
