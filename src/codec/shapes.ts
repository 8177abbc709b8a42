import { MAX_SHAPES } from "./extension.ts";

/** The keys of records in a document, so that a later record with the same keys need not repeat them. */
export class Shapes {
  #count = 0;
  /** Complete records by their first key: their keys and their number. */
  readonly #known = new Map<string, { keys: string[]; shape: number }[]>();

  /** The number of an earlier record with these keys, or -1. */
  find(keys: string[]): number {
    const { length } = keys;
    if (length === 0) return -1;
    const candidates = this.#known.get(keys[0]!);
    if (candidates === undefined) return -1;
    search: for (const candidate of candidates) {
      if (candidate.keys.length !== length) continue;
      for (let index = 1; index < length; index++) if (candidate.keys[index] !== keys[index]) continue search;
      return candidate.shape;
    }
    return -1;
  }

  /** Counts a record as it begins, as the guest does. */
  open(): number {
    return this.#count++;
  }

  /** Lets later records name this one: only now the guest has all of its keys. */
  complete(shape: number, keys: string[]): void {
    if (shape >= MAX_SHAPES || keys.length === 0) return;
    const candidates = this.#known.get(keys[0]!);
    if (candidates === undefined) this.#known.set(keys[0]!, [{ keys, shape }]);
    else if (candidates.length < MOST_ALIKE) candidates.push({ keys, shape });
  }
}

/** Records that begin with the same key and are searched one by one, at most. */
const MOST_ALIKE = 8;
