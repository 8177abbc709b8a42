import { SandboxError } from "../errors.ts";
import { Difference } from "./difference.ts";
import { type Image, restoreWritten, WholeImage } from "./image.ts";
import type { GuestMemory } from "./memory.ts";

/** What a guest's memory is: which image, or which it was before something ran. */
export class Contents {
  readonly #memory: GuestMemory;
  readonly #start: number;
  /** Where the memory in use ended as it was made; it never ends before. */
  readonly #leastEnd: number;
  /** The furthest that it was in use. */
  #usedEnd: number;
  /** The image that it is, if it is one. */
  #image: Image | undefined;
  /** The image that it was before something ran in it. */
  #before: Image | undefined;
  #foreign: object | undefined;

  constructor(memory: GuestMemory, start: number, end: number) {
    this.#memory = memory;
    this.#start = start;
    this.#leastEnd = this.#usedEnd = end;
  }

  /** What came from elsewhere into the last run, if anything did. */
  get foreign(): object | undefined {
    return this.#foreign;
  }

  /** The image that it becomes soonest, if there is one: it is that, or can tell what differs. */
  get near(): Image | undefined {
    return this.#memory.cards === undefined ? this.#image : this.#before;
  }

  /**
   * Becomes an image, for something to run in.
   *
   * @param foreign What comes from elsewhere into the run, and may hold anything. Scripts cannot see what earlier runs left
   * beside the image, but such bytes may: it is cleared, unless it is of the same.
   */
  become(image: Image, foreign?: object): void {
    this.#restore(image);
    this.#image = undefined;
    if (foreign !== undefined && foreign !== this.#foreign) this.#clearBeside(image);
    this.#foreign = foreign;
  }

  /** Notes how far the run that ended has used memory, as the guest says; one with something from elsewhere may lie. */
  note(end: number): void {
    this.#usedEnd = Math.max(this.#usedEnd, this.#foreign === undefined ? end : this.#memory.bytes.length);
  }

  /** Forgets that it is this image, or was: nobody will ask for it again. */
  forget(image: Image): void {
    if (this.#image === image) this.#image = undefined;
    if (this.#before === image) this.#before = undefined;
  }

  /**
   * The image that it is now.
   *
   * @param end Where the guest says that the memory in use ends, which is not believed.
   * @param last The image before the run, if nobody needs it any more.
   * @param spent Another image that nobody needs any more.
   */
  capture(end: number, last?: WholeImage, spent?: WholeImage): WholeImage {
    this.#check(end);
    const { cards } = this.#memory;
    const changed = cards !== undefined && last !== undefined && last === this.#before
      ? last.become(this.#memory, cards, end, this.#foreign)
      : undefined;
    return this.#is(changed ?? WholeImage.capture(this.#memory, this.#start, end, this.#foreign, spent));
  }

  /** The same as its difference from the base image, which takes less room and longer. */
  captureDifference(end: number, base: WholeImage): Difference {
    this.#check(end);
    const image = WholeImage.capture(this.#memory, this.#start, end, this.#foreign);
    return this.#is(Difference.between(base, image, true));
  }

  #restore(image: Image): void {
    if (this.#image === image) return;
    const { cards } = this.#memory;
    if (cards !== undefined && this.#before === image) {
      restoreWritten(image, this.#memory, cards);
    } else {
      image.restore(this.#memory);
      this.#is(image);
    }
  }

  #is<T extends Image>(image: T): T {
    this.#image = this.#before = image;
    this.#memory.cards?.clear(this.#memory.bytes.length);
    return image;
  }

  #clearBeside(image: Image): void {
    const { bytes } = this.#memory;
    bytes.fill(0, 0, this.#start); // the stack
    bytes.fill(0, image.end, Math.min(this.#usedEnd, bytes.length));
    this.#usedEnd = image.end;
  }

  #check(end: number): void {
    if (end >= this.#leastEnd && end <= this.#memory.bytes.length) return;
    throw new SandboxError("script", `Cannot keep the world: the engine met a fault (its memory ends at ${end})`);
  }
}
