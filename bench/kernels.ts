import { track } from "./track.ts";

/** Calls of a kernel in one job, so many that what a run costs beside them does not count: the world is to be warm. */
export const CALLS = 40;

/** The script of every kernel's job. */
export const CALL_KERNEL = `for (let call = 1; call < ${CALLS}; call++) kernel(); kernel()`;

/** Scripts that define `kernel`, a function that works in one way. */
export const kernels: Readonly<Record<string, string>> = {
  track: `const kernel = ((data) => () => { ${track.body} })(${track.text})`,

  fib: `const fib = (n) => n < 2 ? n : fib(n - 1) + fib(n - 2);
    const kernel = () => fib(20)`,

  string: `function kernel() {
    let text = "";
    for (let i = 0; i < 3000; i++) text += String.fromCharCode(97 + i % 26) + i;
    let sum = 0;
    for (const word of text.split("e")) {
      const consonants = word.replace(/[aeiou]/g, "");
      sum += word.toUpperCase().indexOf("Z") + consonants.length + word.slice(1, 5).padEnd(10).trim().length;
    }
    return sum;
  }`,

  "maps + JSON": `function kernel() {
    const sums = new Map();
    for (let i = 0; i < 3000; i++) {
      const key = "k" + i % 100;
      sums.set(key, (sums.get(key) ?? 0) + i);
    }
    let rows = [...sums].map(([key, sum]) => ({ key, sum, pair: [sum, key] }));
    for (let i = 0; i < 3; i++) rows = JSON.parse(JSON.stringify(rows));
    return rows.reduce((total, row) => total + row.sum, 0);
  }`,

  sort: `function kernel() {
    const numbers = [];
    let state = 1;
    for (let i = 0; i < 2000; i++) numbers.push(state = (state * 1103 + 12345) % 1000003);
    numbers.sort((a, b) => a - b);
    return numbers[100] + Number(numbers.map(String).sort()[100]);
  }`,
};
