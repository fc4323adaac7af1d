import * as fs from "fs";

const values: number[] = fs.readFileSync(0, "utf8").split(" ").map(Number);
const best = values[0];
for (const v of values) {
  if (v > best) {
    best = v;
  }
}
console.log(best);
