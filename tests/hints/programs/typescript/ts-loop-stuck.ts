import * as fs from "fs";

let rest: number = Number(fs.readFileSync(0, "utf8"));
let bits: string = "";
while (rest > 0) {
  bits = (rest % 2).toString();
}
console.log(bits);
