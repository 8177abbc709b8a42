let count = 0;

/** The same script as a text that no engine has seen: ours compiles a text once and keeps it. */
export function unseen(script: string): string {
  return `${script}\n// ${count++}`;
}
