import * as fs from "fs";

const [a, b] = fs.readFileSync(0, "utf8").split(" ").map(Number);
const result = Math.sqrt(a * a + b * b);
console.log(reslut);
