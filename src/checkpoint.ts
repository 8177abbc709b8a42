import type { Difference } from "./engine/difference.ts";

/** The image of a session's checkpoint; only for the session itself. */
export let imageOf: (checkpoint: Checkpoint, session: object) => Difference;

/** A session's world at one moment; `session.restore` goes back to it, as often as one likes. */
export class Checkpoint {
  readonly #session: object;
  readonly #image: Difference;

  /** Made by `session.checkpoint`. */
  constructor(session: object, image: Difference) {
    this.#session = session;
    this.#image = image;
  }

  static {
    imageOf = (checkpoint, session) => {
      if (typeof checkpoint === "object" && checkpoint !== null && #session in checkpoint) {
        if (checkpoint.#session === session) return checkpoint.#image;
        throw new TypeError("Cannot restore the checkpoint: it is another session's");
      }
      throw new TypeError("Cannot restore the checkpoint: it is none");
    };
  }
}
