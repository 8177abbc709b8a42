import type { GuestMemory } from "../engine/memory.ts";
import { SandboxError } from "../errors.ts";

/** Error numbers of WASI preview 1. */
const SUCCESS = 0;
const BADF = 8;

/**
 * The system interface that the script guest's C library links to: no descriptor is open, the environment is empty.
 * A script reaches none of it by itself.
 */
export function wasiImports(memory: GuestMemory): Record<string, WebAssembly.ImportValue> {
  const closed = () => BADF;
  return {
    fd_close: closed,
    fd_fdstat_get: closed,
    fd_read: closed,
    fd_seek: closed,
    fd_write: closed,
    environ_get: () => SUCCESS,
    environ_sizes_get: (count: number, size: number) => {
      memory.at(count, 4).fill(0);
      memory.at(size, 4).fill(0);
      return SUCCESS;
    },
    proc_exit: (status: number) => {
      throw new SandboxError("script", `Stopped the run: the engine exited with status ${status}`);
    },
  };
}
