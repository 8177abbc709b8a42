import type { GuestMemory } from "../engine/memory.ts";
import { SandboxError } from "../errors.ts";
import { LOG_LEVELS, type LogEntry, type LogTarget } from "../log.ts";

/** What an entry counts beside its text, as an empty one takes room too. */
const ENTRY_BYTES = 16;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a caller's own function threw, on its way through the guest: it is not the run's. */
export class CallerError {
  constructor(readonly thrown: unknown) {}
}

/** The script's `console`: entries up to a limit, passed on as they come if the caller gave a target. */
export class Console {
  #entries: LogEntry[] = [];
  #bytes = 0;
  #limit = 0;
  #target?: LogTarget;

  /** Begins a run. */
  begin(limit: number, target: LogTarget | undefined): void {
    this.#entries = []; // the last run's are its caller's now
    this.#bytes = 0;
    this.#limit = limit;
    this.#target = target;
  }

  /** Ends the run, and gives what it logged. */
  end(): readonly LogEntry[] {
    this.#target = undefined;
    return this.#entries;
  }

  /** What it counts, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The guest's imports. */
  imports(memory: GuestMemory): Record<"log", WebAssembly.ImportValue> {
    return {
      log: (levelNumber: number, pointer: number, length: number) => {
        const bytes = this.#bytes + (length >>> 0) + ENTRY_BYTES;
        if (bytes > this.#limit) {
          throw new SandboxError("log", `Stopped the run: it logs more than limits.logBytes, ${this.#limit}`);
        }
        this.#bytes = bytes;
        const level = LOG_LEVELS[levelNumber] ?? "log";
        const text = decoder.decode(memory.at(pointer, length));
        this.#entries.push({ level, text });
        try {
          this.#target?.[level](text);
        } catch (thrown) {
          throw new CallerError(thrown);
        }
      },
    };
  }
}
