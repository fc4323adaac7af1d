import * as fs from "fs";

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

const v = Number(fs.readFileSync(0, "utf8"));
console.log(clamp(v, 0));
