import { checkBytes, checkLength, checkName, checkNames, checkText } from "./check.ts";
import { type Program, Reading } from "./guest/program.ts";
import { compiledOf } from "./guest/programs.ts";
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
    const copy = new Uint8Array(checkBytes(bytes, "bytes")); // the slice of a Buffer would be no copy
    return new Script(readProgram(unseal("script", copy)));
  }

  /** The script's name in errors. */
  get name(): string {
    return this.#program.name;
  }

  /** The script as bytes, for {@linkcode Script.load} in this version of Sandglass. The source text is in them. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return seal("script", writeProgram(this.#program));
  }

  static {
    programOf = (script) => script.#program;
  }
}

/** The body: reading, length of the name (16 bits, little-endian), name, bytecode. */
const NAME_AT = 3;

function writeProgram({ name, reading, bytecode }: Program): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(name);
  const body = new Uint8Array(NAME_AT + bytes.length + bytecode.length);
  body[0] = reading;
  new DataView(body.buffer).setUint16(1, bytes.length, true);
  body.set(bytes, NAME_AT);
  body.set(bytecode, NAME_AT + bytes.length);
  return body;
}

function readProgram(body: Uint8Array<ArrayBuffer>): Program {
  const altered = (how: string) => refusal("script", `it was altered: ${how}`);
  if (body.length < NAME_AT) throw altered("its head is not whole");
  const reading: Reading = body[0]!;
  if (reading > Reading.Module) throw altered(`${reading} is no kind of script`);
  const end = NAME_AT + new DataView(body.buffer, body.byteOffset).getUint16(1, true);
  if (end > body.length) throw altered("its name is not whole");
  try {
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.subarray(NAME_AT, end));
    checkName(name);
    return { name, reading, bytecode: body.subarray(end), foreign: {} };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw altered("its name is no name");
  }
}
