import { type ErrorCode, type GuestError, SandboxError } from "../errors.ts";
import { Format, type Run } from "./run.ts";

/** The guest's account of a failed run: code, message, name, stack, path, offset. */
type Failure = [code: ErrorCode, message: string, name: string, stack: string, path: string, offset: number | null];

/** Makes the error of a run from the guest's account of it. */
export function explainFailure(failure: unknown, run: Run): SandboxError {
  const [code, message, name, stack, path, offset] = failure as Failure;
  const script = JSON.stringify(run.name);
  switch (code) {
    case "input":
      return malformed(message, offset ?? 0, run);
    case "value":
      return new SandboxError("value", `Cannot pass ${path} out of the sandbox: it ${message}`, { path });
    default: {
      const place = placeOf(stack, run.name);
      const guest: GuestError = { name, message, stack, ...place };
      const where = place === undefined ? "" : ` (${run.name}:${place.line}:${place.column})`;
      const what = name === "" ? message : `${name}: ${message}`;
      const action = code === "syntax" ? `Cannot parse the script ${script}` : `The script ${script} failed`;
      return new SandboxError(code, `${action}: ${what}${where}`, { guest });
    }
  }
}

/** Bytes of the input that its error shows. */
const SHOWN_BYTES = 16;

function malformed(message: string, offset: number, run: Run): SandboxError {
  const bytes = run.input.subarray(offset, offset + SHOWN_BYTES);
  const found = run.format === Format.Json
    ? JSON.stringify(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes))
    : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const near = bytes.length > 0 ? `, near ${found}` : "";
  return new SandboxError("input", `Cannot read the input: at byte ${offset} it ${message}${near}`, { offset });
}

/** Line and column of the innermost frame that stands in the script. */
function placeOf(stack: string, name: string): { line: number; column: number } | undefined {
  for (const frame of stack.split("\n")) {
    const at = frame.lastIndexOf(`${name}:`);
    const place = at < 0 ? null : /^(\d{1,9}):(\d{1,9})\)?$/.exec(frame.slice(at + name.length + 1).trimEnd());
    if (place !== null) return { line: Number(place[1]), column: Number(place[2]) };
  }
  return undefined;
}
