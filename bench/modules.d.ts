/** The guest of the peer quickjs-wasi. */
export const quickjsWasi: WebAssembly.Module;
/** Our guest without the meter's fuel. */
export const unmetered: WebAssembly.Module;
