import { ARTICLE, articleFigures } from "./article.ts";
import { table } from "./markdown.ts";
import type { Results } from "./results.ts";

/** What the article measured, by us, as Markdown. */
export function articleSection(results: Results): string {
  return `The track's data is from [${ARTICLE.title}](${ARTICLE.url}), which
measures the same ways to bring script and data to the engine. Its figures are for scale only, as they are of another
machine: ${ARTICLE.machine}. Milliseconds of one run in a fresh world:

${articleTable(results)}

- Each run is of a text that was not run before, but for "same text": ours compiles a text once and keeps it. Where the
  data is source, its literal is a part of that text.
- Ours always has the engine's context in its image, which is made at build time: the first two rows are one job.
- "from bytes": what is snapshotted was run once, \`snapshot()\` gave its bytes, and \`new Sandbox({ snapshot })\` was made
  of them before the runs.
- quickjs-wasi restores its own snapshot into a new instance for each run, with its module compiled; in the first row it
  makes a new context. It takes JSON as text, and no MessagePack.
- The article gives one figure for JSON and MessagePack.`;
}

function articleTable(results: Results): string {
  const cell = (milliseconds?: number) =>
    milliseconds === undefined ? "–" : String(Number(milliseconds.toPrecision(3)));
  return table(
    ["way", "sandglass", "same text", "from bytes", "quickjs-wasi", "the article"],
    articleFigures(results).map(({ name, unseen, seen, snapshot, peer, published }) => [
      name,
      ...[unseen, seen, snapshot, peer, published].map(cell),
    ]),
  );
}
