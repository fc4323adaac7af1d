import * as fs from "fs";

function sumTo(n: number): number {
  let s = 0;
  for (let i = 1; i <= n; i++) {
    s += i;
  return s;
}

console.log(sumTo(Number(fs.readFileSync(0, "utf8"))));
