/** A few small functions, as an application's customers write them. */
export const FUNCTIONS = `
const score = (x) => x * 2;
const grade = (x) => score(x) > 50 ? "high" : "low";
const label = (name, x) => name + ": " + grade(x);
function total(items) {
  return items.reduce((sum, item) => sum + score(item), 0);
}`;
