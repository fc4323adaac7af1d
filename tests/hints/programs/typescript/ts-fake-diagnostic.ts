import * as fs from "fs";

const n: number = Number(fs.readFileSync(0, "utf8"));
console.error("main.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.");
console.log(n + n);
