import { checkBytes, checkLength, checkName, checkNames, checkText } from "./check.ts";
import { decode } from "./codec/decode.ts";
import { encode } from "./codec/encode.ts";
import { SandboxError } from "./errors.ts";
import type { Program, Reading } from "./guest/program.ts";
import { programOf as compiledOf } from "./guest/programs.ts";
import { refusal, seal, unseal } from "./guest/seal.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

/** What a script is compiled with. */
export interface CompileOptions {
  /** The script's name in errors; `script.js` by default. */
  name?: string;
}

/** The name of a script that has none. */
export const DEFAULT_NAME = "script.js";

/** The program of a script; only for what runs it. */
export let programOf: (script: Script) => Program;

/**
 * A compiled script: it runs in any sandbox and any session, and as often as one likes.
 *
 * Texts that run more than once are compiled once without it; it is for shipping and for large libraries.
 *
 * @example
 * ```ts
 * import { Sandbox, Script } from "@sandglass/sandglass";
 * import assert from "node:assert/strict";
 *
 * const script = Script.compile("data ** 2", { name: "square.js" });
 * assert.equal(await new Sandbox().run(script, { data: 7 }), 49);
 * assert.equal(await new Sandbox().run(Script.load(script.bytes), { data: 8 }), 64);
 * ```
 */
export class Script {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /**
   * Compiles a text, within the default limits.
   *
   * @param source JavaScript text.
   * @param options Its name.
   * @throws {SandboxError} `syntax`: it does not parse. A limit: it takes too long, say.
   * @throws {TypeError} An option is wrong.
   */
  static compile(source: string, options: CompileOptions = {}): Script {
    checkNames(options, ["name"], "script");
    checkText(source, "script");
    const { name = DEFAULT_NAME } = options;
    checkName(name);
    checkLength(source, DEFAULT_LIMITS.inputBytes, "script");
    return new Script(compiledOf(source, name, DEFAULT_LIMITS).program);
  }

  /**
   * Takes what {@linkcode Script.bytes} gave, in this process or another. Nothing of it is read here but its header: the
   * bytecode is the guest's, and hostile bytecode can do no more than a hostile script.
   *
   * @param bytes The bytes; they are copied.
   * @throws {SandboxError} `input`: they are something else, cut, or of another version of Sandglass.
   * @throws {TypeError} They are no bytes.
   */
  static load(bytes: Uint8Array): Script {
    const body = unseal("script", checkBytes(bytes, "bytes").slice());
    return new Script(readProgram(body));
  }

  /** The script's name in errors. */
  get name(): string {
    return this.#program.name;
  }

  /** The script as bytes, for {@linkcode Script.load} in this version of Sandglass. The source text is in them. */
  get bytes(): Uint8Array<ArrayBuffer> {
    const { name, reading, bytecode } = this.#program;
    return seal("script", encode([name, reading, bytecode], Infinity));
  }

  static {
    programOf = (script) => script.#program;
  }
}

function readProgram(body: Uint8Array<ArrayBuffer>): Program {
  try {
    const [name, reading, bytecode] = decode(body, () => {}) as [string, Reading, Uint8Array<ArrayBuffer>];
    checkName(name);
    if (Number.isInteger(reading) && reading >= 0 && reading <= 2 && bytecode instanceof Uint8Array) {
      return { name, reading, bytecode, foreign: {} };
    }
  } catch (error) {
    if (!(error instanceof SandboxError || error instanceof TypeError)) throw error;
  }
  throw refusal("script", "it was altered: its parts cannot be told");
}
