/** The script guest, compiled, with stores that mark where they write: slower, but a large image is restored sooner. */
export const quickjsTracked: WebAssembly.Module;
