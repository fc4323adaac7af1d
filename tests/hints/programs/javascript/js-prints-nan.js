const parts = require("fs").readFileSync(0, "utf8").trim().split(" ");
let total = 0;
for (const p of parts) {
  total += Number(p);
}
console.log(total);
