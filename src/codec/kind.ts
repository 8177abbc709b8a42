/** How an object is passed on; `other` is no plain data. */
export type Kind = "array" | "record" | "date" | "map" | "set" | "buffer" | "view" | "other";

/** Tells how an object is passed on; throws what a proxy throws. */
export function kindOf(value: object): Kind {
  if (Array.isArray(value)) return "array";
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "record";
  if (value instanceof Date) return "date";
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  if (value instanceof ArrayBuffer) return "buffer";
  if (ArrayBuffer.isView(value)) return "view";
  // An object of a class of the caller's is data; the language's own classes have names of their own.
  return Object.prototype.toString.call(value) === "[object Object]" ? "record" : "other";
}
