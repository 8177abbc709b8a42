import type { Engine } from "../engine.ts";

const decoder = new TextDecoder();

/** What the worker is: it evaluates one script beside `data`. A `data:` URL needs no permission. */
const SOURCE = `data:text/javascript,${
  encodeURIComponent(`onmessage = ({ data: { script, json, value } }) => {
    globalThis.data = json === undefined ? value : JSON.parse(json);
    postMessage((0, eval)(script));
  }`)
}`;

/** A new worker for each world: its own thread and heap, no limits. */
export const worker: Engine = {
  name: "new Worker",
  run: (script) => run({ script }),
  runJson: (script, json) => run({ script, json: decoder.decode(json) }),
  runValue: (script, value) => run({ script, value }),
};

function run(message: { script: string; json?: string; value?: unknown }): Promise<unknown> {
  const worker = new Worker(SOURCE, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
    worker.postMessage(message);
  }).finally(() => worker.terminate());
}
