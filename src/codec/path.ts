/** Where in a value a part of it stands, as a script would write it. */
export function pathOf(keys: readonly (string | number)[]): string {
  const path = keys.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }).join("");
  return path.length > 256 ? `$${path.slice(0, 255)}…` : `$${path}`;
}
