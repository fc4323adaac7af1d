const text = require("fs").readFileSync(0, "utf8").trim();
const count = 0;
for (const c of text) {
  if (c === "-") {
    count = count + 1;
  }
}
console.log(count);
