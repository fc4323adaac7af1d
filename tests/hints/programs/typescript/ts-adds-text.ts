import * as fs from "fs";

const [a, b]: string[] = fs.readFileSync(0, "utf8").trim().split(" ");
console.log(a + b);
