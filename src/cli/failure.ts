import { type ErrorCode, SandboxError } from "../errors.ts";
import { label } from "./file.ts";
import { visible } from "./visible.ts";

/** What a help page says of exit statuses. */
export const STATUS_HELP = "Exit status: 0 fine, 1 the script failed, 2 wrong use or bad input, 3 a limit.";

const LIMIT_CODES: ReadonlySet<ErrorCode> = new Set(["time", "fuel", "memory", "stack", "output", "log"]);

/** Whether a run met a limit. */
export function isLimit({ code }: SandboxError): boolean {
  return LIMIT_CODES.has(code);
}

/** Tells why a run failed and gives the exit status; what is no failure of a run is thrown on. */
export function printFailure(error: unknown, data?: string): number {
  if (!(error instanceof SandboxError)) throw error;
  const { code, guest, message } = error;
  const named = code === "input" && data !== undefined;
  console.error(visible(named ? message.replace("the input", () => `the input ${label(data)}`) : message));
  if (guest !== undefined && guest.stack !== "") console.error(visible(guest.stack.trimEnd()));
  return code === "input" ? 2 : isLimit(error) ? 3 : 1;
}
