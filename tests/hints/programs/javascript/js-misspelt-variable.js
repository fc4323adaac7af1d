const fs = require("fs");
const numbers = fs.readFileSync(0, "utf8").trim().split(" ").map(Number);
let total = 0;
for (const n of numbers) {
  total += n;
}
console.log(totl);
