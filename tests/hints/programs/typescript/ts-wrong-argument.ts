import * as fs from "fs";

function square(x: number): number {
  return x * x;
}

const line: string = fs.readFileSync(0, "utf8").trim();
console.log(square(line));
