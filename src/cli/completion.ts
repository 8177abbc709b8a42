import type { Session } from "../session.ts";

const KEYWORDS = ("async await break case catch class const continue debugger default delete do else export extends " +
  "false finally for function if import in instanceof let new null of return static super switch this throw true try " +
  "typeof undefined var void while with yield").split(" ");

/** Words that a script cannot declare or hardly would: most of them alone do not parse. */
const RESERVED: ReadonlySet<string> = new Set([...KEYWORDS, "arguments", "enum", "eval"]);

const WORD = "[\\p{ID_Start}$_][\\p{ID_Continue}$]*";

/** A name that can be written after a dot. Nothing else is offered, so none can steer a terminal. */
const NAME = new RegExp(`^${WORD}$`, "u");

/** The end of a line: names joined by dots, perhaps a text first, then the beginning of a name. Calls have effects. */
const CHAIN = new RegExp(
  `(?<![\\p{ID_Continue}$]|(?<!\\.\\.)\\.)((?:${WORD}|"[^"\\\\]*"|'[^'\\\\]*')(?:\\??\\.${WORD}|\\[\\d+\\])*)\\??\\.((?:${WORD})?)$`,
  "u",
);
const ALONE = new RegExp(`(?<![\\p{ID_Continue}$.])(${WORD})$`, "u");

/** Most names that are offered at once. */
const MOST_NAMES = 1000;

/** The names of a value's properties, its own and its prototypes', that begin with a prefix. */
const PROPERTIES = `(value, prefix) => {
  const names = new Set();
  if (value === undefined || value === null) return names;
  for (let object = Object(value); object !== null; object = Object.getPrototypeOf(object)) {
    for (const name of Object.getOwnPropertyNames(object)) {
      if (names.size === ${MOST_NAMES}) return names;
      if (name.startsWith(prefix) && !(name[0] >= "0" && name[0] <= "9")) names.add(name);
    }
  }
  return names;
}`;

/** Those of some names that have a value. */
const DECLARED = `(...names) => names.filter(([_name, read]) => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}).map(([name]) => name)`;

/** What readline asks for: the candidates, and the end of the line that they are to replace. */
export type Completions = [candidates: string[], replaced: string];

/**
 * Completes the name that a line ends with: a property's after a dot, else a global's or a keyword.
 *
 * @param session Where values are looked up. It is put back: getters may run, and leave no trace.
 * @param known Names that may have been declared, as no script can list what `let`, `const` and `class` declare.
 */
export function complete(session: Session, line: string, known: Iterable<string>): Completions {
  const [, object, property] = CHAIN.exec(line) ?? [];
  if (object !== undefined) {
    return [evaluate(session, `(${PROPERTIES})(${object}, "${property}")`, property!), property!];
  }
  const [, name] = ALONE.exec(line) ?? [];
  if (name === undefined) return [[], ""];
  const possible = [...known].filter((other) => other.startsWith(name)).slice(0, MOST_NAMES);
  const pairs = possible.map((other) => `["${other}", () => ${other}]`);
  const globals = evaluate(session, `(${PROPERTIES})(globalThis, "${name}")`, name);
  const declared = evaluate(session, `(${DECLARED})(${pairs.join(", ")})`, name);
  const keywords = KEYWORDS.filter((keyword) => keyword.startsWith(name));
  return [[...new Set([...globals, ...declared, ...keywords])].sort(), name];
}

/** The names in a text that declares something. */
export function declarations(text: string): string[] {
  if (!/\b(?:let|const|class)\b/.test(text)) return [];
  return (text.match(new RegExp(WORD, "gu")) ?? []).filter((name) => !RESERVED.has(name));
}

/** The names that a script gives; none if it fails. */
function evaluate(session: Session, script: string, prefix: string): string[] {
  const checkpoint = session.checkpoint();
  try {
    const names = session.runSync(script);
    if (!(names instanceof Set || Array.isArray(names))) return [];
    const fits = (name: unknown) => typeof name === "string" && name.startsWith(prefix) && NAME.test(name);
    return [...names].filter(fits).slice(0, MOST_NAMES).sort();
  } catch {
    return []; // a getter threw or took too long, or there is no such name
  } finally {
    session.restore(checkpoint);
  }
}
