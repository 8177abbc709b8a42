import type { Image } from "./engine/image.ts";
import type { Age, Outcome, Wanted } from "./guest/run.ts";
import type { World } from "./guest/world.ts";
import { loadGuestFor, returnWorld, takeWorld } from "./guest/worlds.ts";
import type { Task, Terms } from "./options.ts";

/** What differs between runs of a sandbox and runs of a session. */
export interface Manner {
  readonly wanted?: Wanted;
  readonly seed?: bigint;
  readonly age?: Age;
  /** Is called with the world if the run came to its own end, to keep what it did. */
  readonly keep?: (world: World) => void;
}

/** Does a task from an image. */
export function execute(image: Image, task: Task, { limits, console }: Terms, { keep, ...manner }: Manner): Outcome {
  loadGuestFor(image);
  const world = takeWorld(limits.memoryBytes, image, image.foreign ?? task.program.foreign);
  try {
    return world.run(image, { ...task, ...manner, limits, console }, keep && (() => keep(world)));
  } finally {
    returnWorld(world, limits.memoryBytes);
  }
}
