import * as fs from "fs";

function sign(x: number): number {
  console.log(x > 0 ? 1 : x < 0 ? -1 : 0);
}

sign(Number(fs.readFileSync(0, "utf8")));
