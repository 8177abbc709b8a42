import assert from "assert";
import { SandboxError } from "../errors.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Fuel } from "./fuel.ts";

function begin(limits: { fuel?: number; timeMs?: number }): { fuel: Fuel; pay: (units: number) => void } {
  const counter = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
  const fuel = new Fuel(counter);
  fuel.begin({ ...DEFAULT_LIMITS, ...limits });
  // What the meter puts into a guest.
  const pay = (units: number) => {
    counter.value -= units;
    if (counter.value < 0) fuel.refill();
  };
  return { fuel, pay };
}

Deno.test("What is paid is what is used, over any number of slices", () => {
  const { fuel, pay } = begin({});
  for (const units of [0, 1, 49_999, 50_001, 3, 4_000_000, 10_000]) pay(units);
  assert.equal(fuel.used, 4_110_004);
});

Deno.test("The fuel limit is exact", () => {
  for (const limit of [1, 1000, 50_000, 50_001, 123_456]) {
    const { fuel, pay } = begin({ fuel: limit });
    for (let paid = 0; paid < limit; paid++) pay(1);
    assert.equal(fuel.used, limit);
    assert.throws(() => pay(1), { code: "fuel" });
    assert.equal(fuel.used, limit);
  }
});

Deno.test("One payment larger than all that is left ends the run", () => {
  const { fuel, pay } = begin({ fuel: 100_000 });
  assert.throws(() => pay(4_000_000), (error) => error instanceof SandboxError && error.code === "fuel");
  assert.equal(fuel.used, 100_000);
});

Deno.test("The clock is looked at with each slice", () => {
  const { pay } = begin({ timeMs: 1 });
  assert.throws(() => {
    while (true) pay(1000);
  }, { code: "time" });
});
