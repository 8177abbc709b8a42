/** The value cannot be printed as it was asked for. */
export class PrintError extends Error {}

/** A value as text for people. */
export function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return Deno.inspect(value, { depth: 20, iterableLimit: Infinity, colors: false, strAbbreviateSize: 1e9 });
}

/** A value as JSON; what that has no form for is refused. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    const lost = typeof part === "bigint" || part instanceof Map || part instanceof Set || ArrayBuffer.isView(part) ||
      part instanceof ArrayBuffer || (typeof part === "number" && !Number.isFinite(part));
    if (!lost) return part;
    throw new PrintError(`Cannot print the value as JSON, which has no form for ${Deno.inspect(part).slice(0, 60)}`);
  }) ?? "null";
}
