const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
const seats = Array.from({ length: 10 }, (_, i) => i);
for (const line of lines) {
  console.log(seats[Number(line) - 1]);
}
