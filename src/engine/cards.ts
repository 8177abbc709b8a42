/** Bytes that one card stands for; the meter's `--track` has the same number. */
const CARD_BYTES = 1 << 10;

/** Cards that are looked at together. */
const GROUP = 8;

/**
 * Where a tracked guest has written since its cards were cleared: a byte for each KiB of its memory. What was written lies
 * in marked cards and in those after them.
 */
export class Cards {
  readonly #cards: Uint8Array<ArrayBuffer>;
  /** The same, eight cards a number. */
  readonly #groups: Float64Array<ArrayBuffer>;

  constructor(memory: WebAssembly.Memory) {
    const buffer = memory.buffer as ArrayBuffer; // it is not shared, and does not grow
    this.#cards = new Uint8Array(buffer);
    this.#groups = new Float64Array(buffer);
  }

  /** Marks what the host may write from `start` to `end`. */
  mark(start: number, end: number): void {
    if (end > start) this.#cards.fill(1, Math.floor(start / CARD_BYTES), Math.ceil(end / CARD_BYTES));
  }

  /** Clears the cards of memory up to `end`; never while the guest runs, as a function marks a card only once. */
  clear(end: number): void {
    this.#cards.fill(0, 0, Math.ceil(end / CARD_BYTES) + 1);
  }

  /**
   * Tells each stretch from `start` to `end` that was written, and clears its cards.
   *
   * @param copy Is called with the bounds of each.
   */
  take(start: number, end: number, copy: (from: number, to: number) => void): void {
    const [cards, groups] = [this.#cards, this.#groups];
    let [from, to] = [0, 0];
    const tell = () => {
      if (to > start && from < end) copy(Math.max(from, start), Math.min(to, end));
    };
    // The card before `start` may have been written past its end.
    const first = Math.floor(Math.max(0, start - CARD_BYTES) / CARD_BYTES / GROUP);
    const last = Math.floor((end - 1) / CARD_BYTES / GROUP);
    for (let group = first; group <= last; group++) {
      if (groups[group] === 0) continue;
      for (let card = group * GROUP; card < (group + 1) * GROUP; card++) {
        if (cards[card] === 0) continue;
        const at = card * CARD_BYTES;
        if (at > to) {
          tell();
          from = at;
        }
        to = at + 2 * CARD_BYTES;
      }
      groups[group] = 0;
    }
    tell();
  }
}
