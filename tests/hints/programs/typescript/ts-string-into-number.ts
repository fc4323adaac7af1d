import * as fs from "fs";

const n: number = fs.readFileSync(0, "utf8").trim();
console.log(n * 2);
