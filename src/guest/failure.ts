import { type ErrorCode, type GuestError, SandboxError } from "../errors.ts";
import { Format } from "./run.ts";

/** The guest's account of a failed run: code, message, name, stack, path, offset. */
type Failure = [code: ErrorCode, message: string, name: string, stack: string, path: string, offset: number | null];

/** Codes that the guest may give. */
const CODES: readonly unknown[] = ["script", "syntax", "value", "input", "memory"] satisfies ErrorCode[];

/** Makes the error of a run from the guest's account of it, in which an altered guest may say anything. */
export function explainFailure(failure: unknown, script: string, format: Format, input: Uint8Array): SandboxError {
  if (!isFailure(failure)) {
    return new SandboxError("script", "Stopped the run: the engine met a fault (no account of it)");
  }
  const [code, message, name, stack, path, offset] = failure;
  switch (code) {
    case "input":
      return malformed(message, offset ?? 0, format, input);
    case "value":
      return new SandboxError("value", `Cannot pass ${path} out of the sandbox: it ${message}`, { path });
    default: {
      const place = placeOf(stack, script);
      const guest: GuestError = { name, message, stack, ...place };
      const where = place === undefined ? "" : ` (${script}:${place.line}:${place.column})`;
      const what = name === "" ? message : `${name}: ${message}`;
      const action = code === "syntax"
        ? `Cannot parse the script ${JSON.stringify(script)}`
        : `The script ${JSON.stringify(script)} failed`;
      return new SandboxError(code, `${action}: ${what}${where}`, { guest });
    }
  }
}

function isFailure(failure: unknown): failure is Failure {
  if (!Array.isArray(failure) || !CODES.includes(failure[0])) return false;
  const isOffset = failure[5] === null || Number.isSafeInteger(failure[5]);
  return isOffset && failure.slice(1, 5).every((text) => typeof text === "string");
}

/** Bytes of the input that its error shows. */
const SHOWN_BYTES = 16;

function malformed(message: string, offset: number, format: Format, input: Uint8Array): SandboxError {
  const bytes = input.subarray(offset, offset + SHOWN_BYTES);
  const found = format === Format.Json
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
