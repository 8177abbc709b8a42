/** How the guest read a source text, by its numbers. */
export const enum Reading {
  Script = 0,
  AsyncScript = 1,
  Module = 2,
}

/** A compiled source text. Its bytecode is the guest's own, and is read nowhere else. */
export interface Program {
  /** Name of the source in errors. */
  readonly name: string;
  readonly reading: Reading;
  readonly bytecode: Uint8Array<ArrayBuffer>;
  /** Set if it came from elsewhere: such bytecode may do anything in the guest's memory. */
  readonly foreign?: object;
}

/** What compiling took of the limits of the run that it is for. */
export interface Spent {
  readonly fuel: number;
  readonly ms: number;
  readonly memoryBytes: number;
}

/** What compiling came to. */
export interface Compiled {
  readonly program: Program;
  /** What it took; the time is not kept, as it is spent once. */
  readonly spent: Spent;
  /** Stack that it was allowed. */
  readonly stackBytes: number;
}
