import { SandboxError } from "../errors.ts";
import { PAGE_BYTES } from "../limits.ts";
import type { Cards } from "./cards.ts";

/** A guest's memory. Every pointer of a guest is checked here before it is used. */
export class GuestMemory {
  readonly memory: WebAssembly.Memory;
  /** Where it was written, if its guest is tracked. */
  cards?: Cards;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(initialPages: number, maximumPages: number) {
    this.memory = new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages });
    this.#bytes = new Uint8Array(this.#buffer);
  }

  get #buffer(): ArrayBuffer {
    return this.memory.buffer as ArrayBuffer; // the memory is not shared
  }

  /** All bytes. The array is good until the guest runs again: growing detaches it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.byteLength === 0) this.#bytes = new Uint8Array(this.#buffer);
    return this.#bytes;
  }

  /** Grows to `length` bytes at least, which the caller has checked against the maximum. */
  reserve(length: number): void {
    const missing = length - this.bytes.length;
    if (missing <= 0) return;
    try {
      this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch {
      throw new SandboxError("memory", `Cannot make a world of ${length} bytes: the system gives no more memory`);
    }
  }

  /** The bytes that a guest's pointer and length name; good until the guest runs again. */
  at(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    const bytes = this.bytes;
    if (end > bytes.length) {
      throw new SandboxError(
        "memory",
        `Cannot reach ${length >>> 0} bytes at ${start} in the guest: its memory ends at ${bytes.length}`,
      );
    }
    this.cards?.mark(start, end); // the host may write to it
    return bytes.subarray(start, end);
  }
}
