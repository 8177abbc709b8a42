import { outputLimit } from "../codec/decode.ts";
import type { GuestMemory } from "../engine/memory.ts";

/** What crosses into the guest, by the guest's numbers. */
const enum Given {
  /** Text to compile, or bytecode to run. */
  Source = 0,
  Name = 1,
  Input = 2,
}

/** Texts longer than this are encoded before the guest asks their size; shorter ones get room for the worst case. */
const SHORT_TEXT = 4096;

/** Longest account of a failure, in bytes: the guest cuts each of its texts at 16 KiB. */
const MOST_FAILURE_BYTES = 128 << 10;

/** What a run hands over, by the guest's numbers. */
const FAILURE = 1;

const encoder = new TextEncoder();

/** Bytes in and out of a run. The guest asks for a size, gives its own buffer, and hands over bytes of its own. */
export class Exchange {
  #given: [source: string | Uint8Array, name: string | Uint8Array, input: Uint8Array] = ["", "", EMPTY];
  #handed: Uint8Array<ArrayBuffer> = EMPTY;
  #mostBytes = 0;

  /**
   * Begins a run.
   *
   * @param mostBytes The most that it may hand over.
   */
  begin(source: string | Uint8Array, name: string, input: Uint8Array, mostBytes: number): void {
    this.#mostBytes = mostBytes;
    const isLong = typeof source === "string" && source.length > SHORT_TEXT;
    this.#given[Given.Source] = isLong ? encoder.encode(source) : source;
    this.#given[Given.Name] = name;
    this.#given[Given.Input] = input;
    this.#handed = EMPTY;
  }

  /** What the run handed over: its value, its failure or its program. */
  end(): Uint8Array<ArrayBuffer> {
    const handed = this.#handed;
    this.#given = ["", "", EMPTY];
    this.#handed = EMPTY;
    return handed;
  }

  /** The guest's imports. */
  imports(memory: GuestMemory): Record<"size" | "read" | "write", WebAssembly.ImportValue> {
    return {
      size: (which: number) => {
        const given = this.#given[which] ?? EMPTY;
        return typeof given === "string" ? given.length * 3 : given.length;
      },
      read: (which: number, pointer: number, capacity: number) => {
        const given = this.#given[which] ?? EMPTY;
        const room = memory.at(pointer, capacity);
        if (typeof given === "string") return encoder.encodeInto(given, room).written;
        const length = Math.min(given.length, capacity >>> 0);
        room.set(length === given.length ? given : given.subarray(0, length));
        return length;
      },
      write: (which: number, pointer: number, length: number) => {
        // The guest has counted, but one that was altered may not.
        const most = which === FAILURE ? MOST_FAILURE_BYTES : this.#mostBytes;
        if (length >>> 0 > most) throw outputLimit(most);
        this.#handed = memory.at(pointer, length).slice();
      },
    };
  }
}

const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0);
