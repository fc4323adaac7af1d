import * as fs from "fs";

const price: number = Number(fs.readFileSync(0, "utf8"));
const full: number = price + price * tax;
console.log(full);
