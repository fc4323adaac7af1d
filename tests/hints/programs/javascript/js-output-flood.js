const [end, step] = require("fs").readFileSync(0, "utf8").split(" ").map(Number);
for (let i = 0; i <= end; i += step) {
  console.log(i);
}
