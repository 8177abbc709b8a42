/** The script guest, compiled: QuickJS-ng as a metered Javy plugin (`guests/quickjs`). */
export const quickjs: WebAssembly.Module;
