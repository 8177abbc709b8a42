import type { Samples } from "./measure.ts";

/** What was measured, to be asked by group and name. */
export class Results {
  readonly #samples: readonly Samples[];

  /** @param runs The samples of each process; the same jobs in all. */
  constructor(runs: readonly (readonly Samples[])[]) {
    this.#samples = runs[0]!.map(({ group, name }, index) => {
      return { group, name, microseconds: runs.flatMap((samples) => samples[index]!.microseconds) };
    });
  }

  /** Groups in the order of measuring. */
  get groups(): string[] {
    return [...new Set(this.#samples.map(({ group }) => group))];
  }

  /** Names of a group's jobs, the baseline first. */
  names(group: string): string[] {
    return this.#samples.filter((samples) => samples.group === group).map(({ name }) => name);
  }

  /** Microseconds of a job: the median over the rounds. */
  median(group: string, name: string): number {
    return median(this.#of(group, name));
  }

  /** The one of `names` with the least median. */
  best(group: string, names: readonly string[]): string {
    return names.reduce((best, name) => this.median(group, name) < this.median(group, best) ? name : best);
  }

  /** How much of `other`'s time `name` takes: the median of the ratios in each round, which noise moves least. */
  ratio(group: string, name: string, other: string): number {
    const others = this.#of(group, other);
    return median(this.#of(group, name).map((time, round) => time / others[round]!));
  }

  /** Microseconds that `name` takes more than `other`: the median of the differences in each round. */
  difference(group: string, name: string, other: string): number {
    const others = this.#of(group, other);
    return median(this.#of(group, name).map((time, round) => time - others[round]!));
  }

  #of(group: string, name: string): number[] {
    const found = this.#samples.find((samples) => samples.group === group && samples.name === name);
    if (found === undefined) throw new Error(`Cannot find the job "${name}" in the group "${group}"`);
    return found.microseconds;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
